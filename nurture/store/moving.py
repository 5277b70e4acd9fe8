"""Two leads made one, in the database: every row of the one is moved to the other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

from nurture.facts import PROFILE_FIELDS
from nurture.rules.merging import Round, Rounds
from nurture.store.handoff_changes import note_change
from nurture.store.merging import Two

_SEIZE = text("SELECT FROM lead WHERE id = :lost FOR UPDATE")
_BURY = (
    text("UPDATE merged_lead SET kept_id = :kept WHERE kept_id = :lost"),
    text(
        """
        INSERT INTO merged_lead (lost_id, kept_id, at, by, lost)
        SELECT id, :kept, :now, :by, to_jsonb(lead) FROM lead WHERE id = :lost
        """
    ),
    text("DELETE FROM lead WHERE id = :lost"),
)
_IDS = (
    text(
        """
        INSERT INTO identity (kind, value, lead_id, since)
        SELECT 'email', email, :kept, :now FROM lead WHERE id = :lost
        ON CONFLICT (kind, value) DO UPDATE SET lead_id = excluded.lead_id
        """
    ),
    text("UPDATE identity SET lead_id = :kept WHERE lead_id = :lost"),
    text(
        """
        UPDATE browser_claim mine SET moves = true FROM browser_claim other
        WHERE mine.lead_id = :kept AND other.lead_id = :lost AND other.anonymous_id = mine.anonymous_id
          AND other.at = mine.at AND other.moves AND NOT mine.moves
        """
    ),
    text(
        """
        DELETE FROM browser_claim other USING browser_claim mine
        WHERE mine.lead_id = :kept AND other.lead_id = :lost AND other.anonymous_id = mine.anonymous_id
          AND other.at = mine.at
        """
    ),
    text("UPDATE browser_claim SET lead_id = :kept WHERE lead_id = :lost"),
    text(
        """
        INSERT INTO identity_conflict (lead_id, other_id, at, source, because)
        SELECT least(:kept, u.other), greatest(:kept, u.other), u.at, u.source, u.because
        FROM (SELECT CASE WHEN lead_id = :lost THEN other_id ELSE lead_id END AS other, at, source, because
              FROM identity_conflict WHERE lead_id = :lost OR other_id = :lost) AS u
        WHERE u.other <> :kept ON CONFLICT (lead_id, other_id) DO NOTHING
        """
    ),
)
_HISTORY = (
    text("UPDATE consent SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE confirmation SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE event SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE lead_change SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE address_change SET lead_id = :kept WHERE lead_id = :lost"),
    text(
        """
        UPDATE delivery SET state = 'cancelled', reason = 'merged', lease_token = NULL, leased_until = NULL
        WHERE lead_id IN (:kept, :lost) AND state IN ('queued', 'leased')
        """
    ),
    text(
        """
        UPDATE enrollment SET status = 'ended', ended_at = :now, left_as = 'merged', due_at = NULL, due_until = NULL
        WHERE lead_id = :lost AND status <> 'ended'
          AND EXISTS (SELECT FROM enrollment mine WHERE mine.lead_id = :kept AND mine.status <> 'ended')
        """
    ),
    text(
        """
        UPDATE enrollment SET lead_id = :kept,
            n = n + (SELECT coalesce(max(mine.n), 0) FROM enrollment mine WHERE mine.lead_id = :kept)
        WHERE lead_id = :lost
        """
    ),
)
_RENUMBER = tuple(
    text(statement)
    for table in ("delivery", "enrollment", "handoff", "stage_change")
    for statement in (
        f"""
        UPDATE {table} AS t SET cycle = -1 - c.new FROM unnest(CAST(:old AS int[]), CAST(:new AS int[])) AS c(old, new)
        WHERE t.lead_id = :id AND t.cycle = c.old
        """,  # noqa: S608 - our own tables
        f"UPDATE {table} SET cycle = -1 - cycle WHERE lead_id = :id AND cycle < 0",  # noqa: S608 - our own tables
    )
)
"""In two steps, so that no two rows of a lead have one number in between."""
_MOVE_REST = (
    text("UPDATE delivery SET lead_id = :kept, merged_from = :lost WHERE lead_id = :lost"),
    text("UPDATE handoff SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE mail_report SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE inbound_mail SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE notice SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE stage_change SET lead_id = :kept WHERE lead_id = :lost"),
    text("UPDATE crm_answer SET lead_id = :kept WHERE lead_id = :lost"),
    text(
        """
        UPDATE crm_link AS t SET lead_id = :kept, digest = NULL WHERE lead_id = :lost
          AND NOT EXISTS (SELECT FROM crm_link k WHERE k.lead_id = :kept AND k.channel = t.channel)
        """
    ),
)
_MOVE_COUNTS = text(
    """
    WITH gone AS (DELETE FROM signal_day WHERE lead_id IN (:kept, :lost) RETURNING lead_id, cycle, matcher, day, count)
    INSERT INTO signal_day (lead_id, cycle, matcher, day, count)
    SELECT :kept, coalesce(c.new, g.cycle), g.matcher, g.day, sum(g.count)
    FROM gone g LEFT JOIN unnest(CAST(:ids AS bigint[]), CAST(:old AS int[]), CAST(:new AS int[])) AS c(id, old, new)
        ON c.id = g.lead_id AND c.old = g.cycle
    GROUP BY 2, 3, 4
    """
)
_FORGET_CYCLES = text("DELETE FROM cycle WHERE lead_id IN (:kept, :lost)")
_NEW_CYCLES = text(
    """
    INSERT INTO cycle (lead_id, n, started_at, reason, note, refused_by)
    SELECT :kept, u.* FROM unnest(CAST(:n AS int[]), CAST(:started_at AS timestamptz[]), CAST(:reason AS text[]),
                                  CAST(:note AS text[]), CAST(:refused_by AS text[]))
        AS u(n, started_at, reason, note, refused_by)
    """
)
_CLOSE = (
    text("UPDATE handoff SET state = 'merged', closed_at = :now, note = :note WHERE id = :id"),
    text(
        """
        UPDATE notice SET state = 'cancelled', last_error = 'the handoff was closed: its lead is another one'
        WHERE handoff_id = :id AND state = 'queued'
        """
    ),
)
_SUPPRESS = text(
    """
    WITH asked AS (
        SELECT * FROM unnest(CAST(:hashes AS bytea[]), CAST(:topics AS text[]), CAST(:reasons AS text[]),
                             CAST(:how AS text[]), CAST(:at AS timestamptz[]))
            AS u(address_hash, topic, reason, how, at)
    ), noted AS (
        INSERT INTO suppression_change (address_hash, topic, what, reason, by, why, at)
        SELECT a.address_hash, a.topic, 'suppressed', a.reason, 'merge', a.how, :now FROM asked a
        WHERE NOT EXISTS (SELECT FROM suppression s WHERE s.address_hash = a.address_hash AND s.topic = a.topic
                          AND s.reason = a.reason)
    )
    INSERT INTO suppression (address_hash, topic, reason, how, at)
    SELECT address_hash, topic, reason, how, at FROM asked
    ON CONFLICT (address_hash, topic) DO UPDATE SET reason = excluded.reason, how = excluded.how, at = excluded.at
    """
)
_FIELDS = ", ".join(f"{field} = :{field}" for field in PROFILE_FIELDS)
_BECOME = text(
    f"""
    UPDATE lead SET {_FIELDS}, attributes = CAST(:attributes AS jsonb), stage = :stage, cycle = :cycle,
        cycle_started_at = :cycle_started_at, handed_over = :handed_over, refused = :refused, reason = :reason,
        mail_from = :mail_from, ask_at = :ask_at, engaged_at = :engaged_at,
        postponed = CAST(:postponed AS jsonb), created_at = :created_at, updated_at = :now
    WHERE id = :id
    """  # noqa: S608 - names of our own columns
)
_CHANGED = text(
    """
    INSERT INTO lead_change (lead_id, at, source, changes) VALUES (:id, :now, 'merge', CAST(:changes AS jsonb))
    """
)
_STAGE = text(
    """
    INSERT INTO stage_change (lead_id, at, cycle, before, after, because)
    VALUES (:id, :now, :cycle, :before, :after, :because)
    """
)
_LIVE_CYCLE = text("UPDATE enrollment SET cycle = :cycle WHERE lead_id = :id AND status <> 'ended'")


def move(db: Connection, two: Two, found: Rounds, *, by: str, now: datetime) -> None:
    """Give all that the lost lead has to the kept one, and remember who it was.

    Both must be locked; the lost one is locked once more, so that nobody adds to it what would go with it. What would
    stand in each other's way is let be: mails waiting are cancelled, the lost lead's enrollment ends if the kept one is
    in a campaign. One of two open handoffs must have been closed.
    """
    values = {**two.ids, "by": by, "now": now}
    db.execute(_SEIZE, two.ids)
    for statement in (*_IDS, *_HISTORY):
        db.execute(statement, values)
    maps = ((two.kept, found.of_kept), (two.lost, found.of_other))
    _renumber(db, two, maps)
    for statement in _MOVE_REST:
        db.execute(statement, values)
    _new_cycles(db, two, found.cycles)
    for statement in _BURY:
        db.execute(statement, values)


def _renumber(db: Connection, two: Two, maps: Sequence[tuple[int, Mapping[int, int]]]) -> None:
    """Number the cycles anew wherever they stand."""
    for lead_id, numbers in maps:
        changed = {old: new for old, new in numbers.items() if old != new}
        if changed:
            for statement in _RENUMBER:
                db.execute(statement, {"id": lead_id, "old": list(changed), "new": list(changed.values())})
    rows = [(lead_id, old, new) for lead_id, numbers in maps for old, new in numbers.items()]
    columns = dict(zip(("ids", "old", "new"), map(list, zip(*rows, strict=True)), strict=True))
    db.execute(_MOVE_COUNTS, {**two.ids, **columns})


def _new_cycles(db: Connection, two: Two, cycles: Sequence[Round]) -> None:
    db.execute(_FORGET_CYCLES, two.ids)
    names = ("n", "started_at", "reason", "note", "refused_by")
    db.execute(_NEW_CYCLES, {"kept": two.kept, **{name: [getattr(one, name) for one in cycles] for name in names}})


def become(
    db: Connection, lead: Row[Any], values: Mapping[str, Any], changes: Mapping[str, Any], because: str, now: datetime
) -> None:
    """Write what the kept lead is from now on, and what of that is new."""
    attributes = orjson.dumps(dict(values["attributes"])).decode()
    postponed = orjson.dumps(values["postponed"]).decode()
    db.execute(_BECOME, {**values, "attributes": attributes, "postponed": postponed, "id": lead.id, "now": now})
    db.execute(_LIVE_CYCLE, {"id": lead.id, "cycle": values["cycle"]})
    if changes:
        db.execute(_CHANGED, {"id": lead.id, "changes": orjson.dumps(dict(changes), default=str).decode(), "now": now})
    if values["stage"] != lead.stage:
        moved = {"before": lead.stage, "after": values["stage"], "cycle": values["cycle"], "because": because}
        db.execute(_STAGE, {**moved, "id": lead.id, "now": now})


def close(db: Connection, handoff_id: int, note: str, *, by: str, now: datetime) -> None:
    """End a handoff whose lead sales has in another one; nobody is told of it any more."""
    for statement in _CLOSE:
        db.execute(statement, {"id": handoff_id, "note": note, "now": now})
    note_change(db, handoff_id, "merged", at=now, by=by, note=note)


def of_customer(db: Connection, handoff_id: int) -> None:
    """Note that a handoff is about a customer: refused, the lead is one again."""
    db.execute(text("UPDATE handoff SET was_customer = true WHERE id = :id"), {"id": handoff_id})


def suppress(db: Connection, rows: Sequence[tuple[bytes, str, str, str, datetime]], now: datetime) -> None:
    """Write suppressions (hash, topic, reason, how, at), in the place of those that there are."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        values = dict(zip(("hashes", "topics", "reasons", "how", "at"), columns, strict=True))
        db.execute(_SUPPRESS, {**values, "now": now})
