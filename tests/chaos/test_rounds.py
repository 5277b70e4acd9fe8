"""The short form of `make chaos`: a few rounds with fixed seeds in one world, and audits that find planted damage."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psutil
import pytest
from sqlalchemy import CursorResult, text

from chaos import rounds
from chaos.audit import Broken
from chaos.audits import audit
from chaos.audits.mails import to_leads
from chaos.faults import FAULTS
from chaos.live import Round
from chaos.plan import plan_round
from chaos.receivers.mailbox import Mailbox, Reader, read_mailbox
from chaos.rounds import first_day, live_and_audit
from chaos.world import World, open_world, wait_for
from nurture.db import transaction

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]
MAILS = EVENTS = 150
SEED = 7
STRUCK = ("kill-worker", "kill-web", "redis-flush", "postgres-cut")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, list[Broken], list[str]]]:
    """A world in which a day was lived through with some faults, what its audit found, and what was struck."""
    folder = tmp_path_factory.mktemp("chaos")
    for above in (folder, *folder.parents[:2]):
        above.chmod(0o755)
    with open_world(folder / "world", first_day(SEED)) as world:
        world.add_leads(MAILS)
        plan = plan_round(SEED, {name: FAULTS[name] for name in STRUCK}, long=False)
        strikes = [replace(plan.strikes[0], fault=FAULTS[name], at=n / 4) for n, name in enumerate(STRUCK)]
        day = Round(world, replace(plan, strikes=strikes), EVENTS)
        broken = live_and_audit(day)
        yield world, broken, day.told


def test_a_day_of_trouble_breaks_no_promise(lived: tuple[World, list[Broken], list[str]]) -> None:
    world, broken, told = lived
    assert broken == []
    assert len(told) == len(STRUCK)
    assert len(to_leads(world)) > MAILS // 4
    assert len({event.id for event in world.traffic.answered()}) > EVENTS // 2


def _change(world: World, sql: str) -> int:
    """Returns how many rows that has changed."""
    with transaction(world.engine) as db:
        return cast("CursorResult[object]", db.execute(text(sql))).rowcount


@contextmanager
def in_database(world: World, harm: str, mend: str) -> Iterator[None]:
    """Damage a row, and make it whole."""
    assert _change(world, harm) == 1, "what this would damage has not come about"
    try:
        yield
    finally:
        assert _change(world, mend) == 1


@contextmanager
def on_list(world: World, file: str, change: Callable[[list[bytes]], list[bytes]]) -> Iterator[None]:
    """Change a list that somebody outside has kept, and put it back."""
    path = world.folder / file
    before = path.read_bytes()
    path.write_bytes(b"".join(change(before.splitlines(keepends=True))))
    try:
        yield
    finally:
        path.write_bytes(before)


def _renamed(lines: list[bytes], key: str) -> list[bytes]:
    """The first such line once more, under another id."""
    first = next(line for line in lines if key.encode() in line)
    return [*lines, json.dumps(json.loads(first) | {"message_id": "<d.another@news.acme.example>"}).encode() + b"\n"]


SENT = "(SELECT min(id) FROM delivery WHERE state = 'sent')"
TOLD = "(SELECT max(id) FROM notice WHERE channel = 'webhook' AND state = 'sent')"
ONE_EVENT = "(SELECT min(id) FROM event WHERE kind = 'page')"
SAID = "(SELECT min(id) FROM handoff_change WHERE what IN ('accepted', 'rejected'))"
NOTHING_QUEUED = "NOT EXISTS (SELECT FROM delivery d WHERE d.enrollment_id = e.id AND d.state = 'queued')"
IN_CAMPAIGN = "SELECT lead_id FROM enrollment WHERE status = 'active' ORDER BY lead_id"
STUCK = f"(SELECT min(e.id) FROM enrollment e WHERE e.status = 'active' AND {NOTHING_QUEUED})"

IN_DATABASE = {
    "a mail that was not taken": (
        f"UPDATE delivery SET message_id = 'x' || message_id WHERE id = {SENT}",
        f"UPDATE delivery SET message_id = substr(message_id, 2) WHERE id = {SENT}",
        "losses: sent, but no mail server has it",
    ),
    "a mail that will be sent again": (
        f"UPDATE delivery SET state = 'failed', reason = 'planted' WHERE id = {SENT}",
        "UPDATE delivery SET state = 'sent', reason = NULL WHERE reason = 'planted'",
        "wrong: taken, but the delivery does not say so",
    ),
    "an event that is lost": (
        f"UPDATE event SET message_id = 'x' || message_id WHERE id = {ONE_EVENT}",
        f"UPDATE event SET message_id = substr(message_id, 2) WHERE id = {ONE_EVENT}",
        "losses: answered 200, and not stored",
    ),
    "an event that is stored twice": (
        """INSERT INTO event (id, month, source, message_id, message_md5, lead_id, kind, occurred_at, received_at)
           SELECT -1, month, 'other', message_id, message_md5, lead_id, 'track', occurred_at, received_at
           FROM event WHERE kind = 'page' LIMIT 1""",
        "DELETE FROM event WHERE id = -1",
        "doubles: stored twice",
    ),
    "a count that is too high": (
        "UPDATE signal_day SET count = count + 1 WHERE lead_id = (SELECT min(lead_id) FROM signal_day)",
        "UPDATE signal_day SET count = count - 1 WHERE lead_id = (SELECT min(lead_id) FROM signal_day)",
        "wrong: counted otherwise than stored",
    ),
    "a lead for whom nothing will ever happen": (
        f"UPDATE enrollment SET due_at = NULL, due_until = 'infinity' WHERE id = {STUCK}",
        "UPDATE enrollment SET due_at = now() + interval '100 years', due_until = NULL WHERE due_until = 'infinity'",
        "stuck: in a campaign, and nothing will ever happen",
    ),
    "news that nobody heard": (
        f"UPDATE notice SET id = -id WHERE id = {TOLD}",
        "UPDATE notice SET id = -id WHERE id < 0",
        "losses: told, by our rows, and nobody heard it",
    ),
    "a click that was kept and is lost": (
        "UPDATE event SET agent = 'x' || agent WHERE id = (SELECT min(id) FROM event WHERE kind = 'click')",
        "UPDATE event SET agent = substr(agent, 2) WHERE agent LIKE 'x%'",
        "losses: clicked and kept, and not stored",
    ),
    "an answer of sales that is lost": (
        f"UPDATE handoff_change SET what = 'contacted', by = by || ' ' || what WHERE id = {SAID}",
        "UPDATE handoff_change SET what = split_part(by, ' ', 2), by = split_part(by, ' ', 1) WHERE by LIKE '% %ed'",
        "losses: answered by a rep who was told so, and not in the log",
    ),
    "an answer of sales that nobody gave": (
        f"UPDATE handoff_change SET by = 'x' || by WHERE id = {SAID}",
        "UPDATE handoff_change SET by = substr(by, 2) WHERE by LIKE 'x%'",
        "wrong: in the log, and nobody said it",
    ),
    "a lead with sales that nobody there knows of": (
        f"UPDATE lead SET stage = 'mql' WHERE id = ({IN_CAMPAIGN} LIMIT 1)",
        f"UPDATE lead SET stage = 'nurture' WHERE stage = 'mql' AND id IN ({IN_CAMPAIGN})",
        "wrong: with sales by stage or by handoff, but not both",
    ),
}  # fmt: skip
ON_LISTS = {
    "a mail that was taken twice": (
        "smtp/mails.jsonl", lambda lines: [*lines, next(line for line in lines if b'"step":"daily' in line)],
        "doubles: taken twice under one Message-ID",
    ),
    "a step that a lead got in two mails": (
        "smtp/mails.jsonl", lambda lines: _renamed(lines, '"step":"daily'), "doubles: a lead has one step twice",
    ),
    "a mail that the server has not": (
        "smtp/mails.jsonl", lambda lines: [line for line in lines if b"<notice" in line],
        "losses: sent, but no mail server has it",
    ),
    "a handoff told under two ids": (
        "news/mails.jsonl", lambda lines: _renamed(lines, "lead.requalified"),
        "doubles: one handoff told under two ids",
    ),
}  # fmt: skip


def _found(world: World) -> str:
    return "\n".join(map(str, audit(world)))


@pytest.mark.parametrize(("harm", "mend", "said"), IN_DATABASE.values(), ids=IN_DATABASE.keys())
def test_damage_in_the_database_is_found(
    lived: tuple[World, list[Broken], list[str]], harm: str, mend: str, said: str
) -> None:
    world = lived[0]
    with in_database(world, harm, mend):
        assert said in _found(world)
    assert _found(world) == ""


@pytest.mark.parametrize(("file", "change", "said"), ON_LISTS.values(), ids=ON_LISTS.keys())
def test_damage_outside_is_found(
    lived: tuple[World, list[Broken], list[str]], file: str, change: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    world = lived[0]
    with on_list(world, file, change):
        assert said in _found(world)
    assert _found(world) == ""


def test_more_unknown_mails_than_may_be_are_found(lived: tuple[World, list[Broken], list[str]]) -> None:
    world = lived[0]
    bound = world.may_be_unknown
    world.may_be_unknown = -1
    try:
        assert "unknown, where -1 may be" in _found(world)
    finally:
        world.may_be_unknown = bound


def test_a_round_in_which_too_little_went_through_is_repeated_and_then_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    went_through = iter((119, 120, 0, 0))
    monkeypatch.setattr(rounds, "in_campaign", lambda _: 600)
    monkeypatch.setattr(rounds, "Round", lambda *_: SimpleNamespace(told=[], plan=SimpleNamespace(strikes=[])))
    monkeypatch.setattr(rounds, "live_and_audit", lambda _: [])
    monkeypatch.setattr(rounds, "keep_evidence", lambda *_: "")
    monkeypatch.setattr(rounds.Runs, "_count", lambda *_: rounds.Known(mails=next(went_through), events=600))
    said: list[str] = []
    asked = rounds.Asked(2, 1, {}, 600, 600, Path())
    runs = rounds.Runs(asked, said.append)
    world = SimpleNamespace(engine=None, add_leads=lambda _: [])
    assert runs._round(world, 1)  # type: ignore[arg-type]
    assert not runs._round(world, 2)  # type: ignore[arg-type]
    assert (runs.tally.rounds, runs.tally.repeated, runs.tally.failed, runs.tally.wrong) == (2, [1, 2], [2], 1)
    assert "REPEATED, 119 mails of at least 120" in said[0]
    assert "proves nothing" in "\n".join(said)


def test_a_mailbox_is_read_on_and_read_anew_where_it_is_another(tmp_path: Path) -> None:
    box, reader = Mailbox(tmp_path / "mails"), Reader(tmp_path / "mails")
    for name in ("a", "b"):
        box.keep("smtp", name, f"<{name}>")
        assert reader.mails() == read_mailbox(tmp_path / "mails")
    whole = (tmp_path / "mails").read_bytes()
    for changed in (whole.splitlines(keepends=True)[1], whole, whole + whole[:10], whole[::-1].replace(b"\n", b"")):
        (tmp_path / "mails").write_bytes(changed)
        assert [mail.recipient for mail in reader.mails()] == [mail.recipient for mail in read_mailbox(reader.path)]
    box.close()


def test_a_seed_tells_the_same_story_again() -> None:
    assert plan_round(37, FAULTS, long=False) == plan_round(37, FAULTS, long=False)
    assert plan_round(37, FAULTS, long=False) != plan_round(38, FAULTS, long=False)
    assert first_day(37) - first_day(1) == timedelta(days=36)


def test_short_rounds_have_no_fault_that_needs_time() -> None:
    struck = {strike.fault for seed in range(200) for strike in plan_round(seed, FAULTS, long=False).strikes}
    assert struck == {fault for fault in FAULTS.values() if not fault.patient}


def test_every_fault_goes_by_its_name() -> None:
    assert all(name == fault.name for name, fault in FAULTS.items())
    assert all(fault.unknown >= 0 for fault in FAULTS.values())


def test_killing_the_harness_leaves_no_process(tmp_path: Path) -> None:
    """Neither the servers, nor the product's processes, nor those outside."""
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)
    harness = subprocess.Popen(
        (sys.executable, "-m", "chaos", "--rounds", "1", "--out", tmp_path / "out.json", "--evidence", tmp_path / "e"),
        cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(lambda: any(tmp_path.glob("e/*/log/clock1.log")), 60, "the crew to start")
        ours = psutil.Process(harness.pid).children(recursive=True)
        assert len(ours) > 10
    finally:
        harness.kill()
        harness.wait()
    wait_for(lambda: not any(map(_is_alive, ours)), 30, "all of them to end")


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
