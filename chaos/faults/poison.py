"""Leads of whom no mail can be made, and a release whose template fails for some: all others' mails go.

A lead is poisoned behind everybody's back, as by a script of somebody's. It is mended when the fault is healed.
"""

from random import Random

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from chaos.faults.fault import Fault
from chaos.faults.release import release
from chaos.workspace import STEPS
from chaos.world import World
from nurture.db import transaction

LIST = "poisoned.jsonl"
"""In the world's folder: whom no mail could be made of, for the audit."""
POISONS = {
    "a line break in a name": r"first_name = E'Jo\x07\r\nBcc: everybody@buyer.example'",
    "attributes that are no object": "attributes = '[1, 2]'",
    "a number beyond all numbers": """attributes = '{"seats": 1e400}'""",
    "a nest that nobody climbs": "attributes = (repeat('[', 2000) || repeat(']', 2000))::jsonb",
    "an attribute as large as a book": "attributes = jsonb_build_object('x', repeat('x', 3000000))",
    "a zone that does not exist": "timezone = 'Middle/Earth'",
}
"""What a statement does to them. The last two are odd, and no reason not to write."""
MOST = 5
FAILING = "{{ 100 // (lead.first_name | default('You') | length % 3) }}"
"""Divides by zero for each lead whose name has a length that can be divided by three."""

_CHOSEN = text("""
    SELECT l.id FROM lead l JOIN enrollment e ON e.lead_id = l.id AND e.status = 'active'
    WHERE l.email LIKE 'lead%' ORDER BY md5(l.id::text || :salt) LIMIT :most
""")
_KEPT = (
    "CREATE TABLE IF NOT EXISTS chaos_sound (id bigint PRIMARY KEY, first_name text, attributes jsonb, timezone text)"
)
_KEEP = text("""
    INSERT INTO chaos_sound SELECT id, first_name, attributes, timezone FROM lead WHERE id = ANY(:ids)
    ON CONFLICT DO NOTHING
""")
_MEND = text("""
    WITH sound AS (DELETE FROM chaos_sound RETURNING *)
    UPDATE lead l SET first_name = s.first_name, attributes = s.attributes, timezone = s.timezone
    FROM sound s WHERE s.id = l.id RETURNING l.id
""")


class Leads:
    """A few leads with something in them that nobody thought of."""

    name, unknown, patient = "poison-leads", 0, False

    def strike(self, world: World, dice: Random) -> str:
        words = dice.choice(sorted(POISONS))
        try:
            with transaction(world.engine) as db:
                ids = _poison(db, words, dice)
        except DBAPIError:  # another fault has it
            return "the database is away already"
        note(world, ids)
        return f"{words}: {len(ids)} leads"

    def heal(self, world: World) -> None:
        mend(world)


class Template:
    """A release with a template that divides by zero for some, and the release that mends it."""

    name, unknown, patient = "poison-template", 0, False
    lasts = 4.0

    def strike(self, world: World, dice: Random) -> str:
        step = f"s{dice.randint(1, STEPS)}"
        self._path = world.workspace / f"templates/daily/{step}.html"
        self._sound = self._path.read_text()
        self._path.write_text(self._sound.replace("</body>", f"<p>{FAILING}</p></body>"))
        release(world)
        note_step(world, step)
        return f"{step} divides by zero for some"

    def heal(self, world: World) -> None:
        self._path.write_text(self._sound)
        release(world)


def mend(world: World) -> None:
    """Give poisoned leads back what they had; while the database is away, at the next occasion."""
    try:
        with transaction(world.engine) as db:
            db.execute(text(_KEPT))
            db.execute(_MEND)
    except DBAPIError:
        return


def note(world: World, ids: list[int]) -> None:
    """Put leads on the list of those whose mails may be set aside."""
    with (world.folder / LIST).open("ab") as file:
        file.write(orjson.dumps({"leads": ids}) + b"\n")


def note_step(world: World, step: str) -> None:
    """Put a step there: anybody's mail of it may be set aside."""
    with (world.folder / LIST).open("ab") as file:
        file.write(orjson.dumps({"step": step}) + b"\n")


def noted(world: World) -> tuple[set[int], set[str]]:
    """Leads and steps that were poisoned in this world so far."""
    path = world.folder / LIST
    said = [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return {lead for one in said for lead in one.get("leads", ())}, {one["step"] for one in said if "step" in one}


def _poison(db: Connection, words: str, dice: Random) -> list[int]:
    db.execute(text(_KEPT))
    ids = list(db.execute(_CHOSEN, {"salt": str(dice.random()), "most": dice.randint(1, MOST)}).scalars())
    db.execute(_KEEP, {"ids": ids})
    db.exec_driver_sql(f"UPDATE lead SET {POISONS[words]} WHERE id = ANY(%s)", (ids,))
    return ids


FAULTS: tuple[Fault, ...] = (Leads(), Template())
