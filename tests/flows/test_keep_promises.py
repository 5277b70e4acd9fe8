"""Promises that are late, in the database: each rung once, whoever looks, and whoever dies while looking."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows import decide as decide_module
from nurture.flows import follow_up
from nurture.flows.adopt import adopt
from nurture.flows.deadlines import set_all_deadlines
from nurture.flows.ingest import ingest
from nurture.flows.keep_promises import keep_promises
from nurture.store import promises
from tests.flows.apps import add_lead, one, page, rows, track
from tests.rules.examples import AGREEMENT, NOW, make_agreement, utc
from tests.rules.lives import campaign_of
from tests.workers.processes import ROOT, wait_for, write_workspace

ONE, TWO, BOSS = "one@acme.example", "two@acme.example", "sales-manager@acme.example"
LADDER = ["remind", "escalate", "reassign", "return_to_nurture"]
RUNGS = (utc(2026, 3, 2, 19), utc(2026, 3, 2, 23), utc(2026, 3, 3, 19), utc(2026, 3, 3, 23))
"""When the rungs of `accept` are due for what was offered at `NOW`, three hours before work begins."""


def sla(**changes: Any) -> dict[str, Any]:
    return {**AGREEMENT["sla"], "on_breach": LADDER, "hand_raise": {"accept_within": "15 minutes"}, **changes}


@pytest.fixture
def app(app_with: Callable[..., App]) -> App:
    reasons = ["not_ready", "no_follow_up", "unreachable", "no_outcome"]
    takes = campaign_of(enroll={"reasons": reasons, "unready": True})
    return app_with(takes, sla=sla(), assign=[{"to": [ONE, TWO]}])


def offer(app: App, email: str = "jo@buyer.example", at: datetime = NOW) -> int:
    """A lead that its behaviour made ready; gives its handoff."""
    add_lead(app, email, at)
    ingest(app, [track("Webinar Attended", at, email=email, properties={"minutes": 45})], at)
    ingest(app, [page("/pricing", at, email=email)], at)
    return one(app, "SELECT h.id FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE l.email = :email", email=email)


def raise_hand(app: App) -> int:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    return one(app, "SELECT id FROM handoff")


def climbed(app: App) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows(app, "SELECT promise, rung, action, at FROM breach ORDER BY id")]


def told(app: App) -> list[tuple[str, str, str]]:
    query = """SELECT about, kind, recipient FROM notice WHERE channel = 'email' AND kind <> 'lead.requalified'
               ORDER BY id"""
    return [tuple(row) for row in rows(app, query)]


def live(app: App, until: datetime) -> None:
    """Look whenever it is time to, as the clock does."""
    while True:
        look_at = one(app, "SELECT min(look_at) FROM handoff WHERE state IN ('offered', 'accepted', 'contacted')")
        if look_at is None or look_at > until:
            return
        keep_promises(app, look_at)


def test_deadlines_stand_with_the_handoff_from_the_offer_on(app: App) -> None:
    offer(app)
    query = "SELECT accept_due_at, attempt_due_at, attempts_due_at, outcome_due_at, look_at FROM handoff"
    assert rows(app, query) == [(RUNGS[0], RUNGS[1], None, None, RUNGS[0])]


def test_acceptance_starts_the_other_two_promises(app: App) -> None:
    handoff = offer(app)
    taken = utc(2026, 3, 2, 16)
    follow_up.accept(app, handoff, by=ONE, now=taken)
    query = "SELECT attempt_due_at, attempts_due_at, outcome_due_at, look_at FROM handoff"
    due = (RUNGS[1], utc(2026, 3, 16, 15), utc(2026, 5, 31, 15), RUNGS[1])
    assert rows(app, query) == [due]
    follow_up.attempt(app, handoff, kind="call", outcome="not_reached", note="", by=ONE, now=taken)
    assert one(app, "SELECT look_at FROM handoff") == due[1]
    follow_up.outcome(app, handoff, state="won", reason=None, note="", by=ONE, now=taken)
    assert one(app, "SELECT look_at FROM handoff") is None


def test_a_forgotten_handoff_goes_up_the_ladder_and_round_again(app: App) -> None:
    handoff = offer(app)
    live(app, RUNGS[3] - timedelta(seconds=1))
    assert climbed(app) == [
        ("accept", 1, "remind", RUNGS[0]),
        ("accept", 2, "escalate", RUNGS[1]),
        ("first_attempt", 1, "remind", RUNGS[1]),
        ("accept", 3, "reassign", RUNGS[2]),
    ]
    assert rows(app, "SELECT owner, given_at FROM handoff") == [(TWO, RUNGS[2])]
    assert keep_promises(app, RUNGS[3]).returned == 1
    assert rows(app, "SELECT state, reason FROM handoff") == [("returned", "no_follow_up")]
    assert rows(app, "SELECT stage, cycle, reason FROM lead") == [("nurture", 2, "no_follow_up")]
    assert one(app, "SELECT campaign FROM enrollment WHERE status = 'active'") == "not-ready"
    query = "SELECT what, owner FROM handoff_change WHERE handoff_id = :id ORDER BY id"
    assert [tuple(row) for row in rows(app, query, id=handoff)] == [
        ("offered", ONE), ("reminded", ONE), ("escalated", ONE), ("reminded", ONE), ("reassigned", TWO),
        ("returned", TWO),
    ]  # fmt: skip


def test_each_hears_what_concerns_them_once(app: App) -> None:
    handoff = offer(app)
    live(app, RUNGS[3])
    heard = [entry for entry in told(app) if entry[1] != "handoff.reassigned"]
    assert heard == [
        (f"handoff:{handoff}/accept/1", "handoff.reminded", ONE),
        (f"handoff:{handoff}/first_attempt/1", "handoff.reminded", ONE),
        (f"handoff:{handoff}/accept/2", "handoff.escalated", BOSS),
        (f"handoff:{handoff}/returned", "handoff.returned", TWO),
        (f"handoff:{handoff}/returned", "handoff.returned", BOSS),
    ]
    assert {entry[2] for entry in told(app) if entry[1] == "handoff.reassigned"} == {ONE, TWO}
    assert "notices" in app.nudged  # type: ignore[attr-defined]


def test_a_look_too_early_changes_nothing(app: App) -> None:
    offer(app)
    assert keep_promises(app, RUNGS[0] - timedelta(microseconds=1)).looked_at == 0
    with transaction(app.engine) as db:
        db.execute(text("UPDATE handoff SET look_at = :now"), {"now": NOW})
    done = keep_promises(app, NOW)
    assert (done.looked_at, done.climbed) == (1, 0)
    assert one(app, "SELECT look_at FROM handoff") == RUNGS[0]


def test_accepting_late_ends_the_ladder_and_the_breach_stays(app: App) -> None:
    handoff = offer(app)
    live(app, RUNGS[0])
    follow_up.accept(app, handoff, by=ONE, now=RUNGS[0] + timedelta(minutes=5))
    follow_up.attempt(app, handoff, kind="call", outcome="reached", note="", by=ONE, now=RUNGS[0] + timedelta(hours=1))
    live(app, RUNGS[3] + timedelta(days=30))
    assert climbed(app) == [("accept", 1, "remind", RUNGS[0])]


def test_a_hand_raise_is_escalated_and_never_returned(app: App) -> None:
    raise_hand(app)
    live(app, NOW + timedelta(days=400))
    assert one(app, "SELECT state FROM handoff") == "offered"
    actions = [(promise, rung, action) for promise, rung, action, _ in climbed(app)]
    assert [entry for entry in actions if entry[0] == "accept"] == [
        ("accept", 1, "remind"), ("accept", 2, "escalate"), ("accept", 3, "reassign"), ("accept", 4, "escalate"),
    ]  # fmt: skip
    assert ("first_attempt", 4, "escalate") in actions


def test_six_attempts_without_an_answer_return_the_lead_as_unreachable(app: App) -> None:
    handoff = offer(app)
    taken = utc(2026, 3, 2, 16)
    follow_up.accept(app, handoff, by=ONE, now=taken)
    for day in (0, 1, 2):
        for hour in (0, 2, 4):
            at = taken + timedelta(days=day, hours=hour)
            follow_up.attempt(app, handoff, kind="call", outcome="not_reached", note=f"{at}", by=ONE, now=at)
    live(app, utc(2026, 3, 16, 14, 59))
    assert one(app, "SELECT state FROM handoff") == "accepted"
    live(app, utc(2026, 3, 16, 15))
    assert rows(app, "SELECT state, reason FROM handoff") == [("returned", "unreachable")]
    assert climbed(app) == [], "no promise was broken"


def test_no_outcome_is_asked_for_then_told_then_the_lead_goes_back(app: App) -> None:
    handoff = offer(app)
    taken = utc(2026, 3, 2, 16)
    follow_up.attempt(app, handoff, kind="call", outcome="reached", note="", by=ONE, now=taken)
    live(app, taken + timedelta(days=400))
    assert [entry[:3] for entry in climbed(app)] == [
        ("outcome", 1, "ask"), ("outcome", 2, "escalate"), ("outcome", 3, "return_to_nurture"),
    ]  # fmt: skip
    assert rows(app, "SELECT state, reason FROM handoff") == [("returned", "no_outcome")]
    assert [(kind, to) for _, kind, to in told(app)] == [
        ("handoff.outcome_asked", ONE), ("handoff.escalated", BOSS),
        ("handoff.returned", ONE), ("handoff.returned", BOSS),
    ]  # fmt: skip


def test_with_nobody_else_the_manager_gets_the_lead(app_with: Callable[..., App]) -> None:
    app = app_with(sla=sla(), assign=[{"to": [ONE]}])
    offer(app)
    live(app, RUNGS[2])
    assert one(app, "SELECT owner FROM handoff") == BOSS


def test_two_promises_that_ask_for_somebody_else_at_once_get_one(app_with: Callable[..., App]) -> None:
    three = "three@acme.example"
    app = app_with(sla=sla(first_attempt_within="4 hours"), assign=[{"to": [ONE, TWO, three]}])
    offer(app)
    live(app, RUNGS[2])
    assert [entry[:3] for entry in climbed(app) if entry[2] == "reassign"] == [
        ("accept", 3, "reassign"),
        ("first_attempt", 3, "reassign"),
    ]
    assert one(app, "SELECT count(*) FROM handoff_change WHERE what = 'reassigned'") == 1


def test_eight_workers_at_once_climb_each_rung_once(app: App) -> None:
    for n in range(20):
        offer(app, f"lead{n}@buyer{n}.example")
    for now in RUNGS:
        threads = [threading.Thread(target=keep_promises, args=(app, now), kwargs={"most": 5}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while keep_promises(app, now).looked_at:
            pass
    assert rows(app, "SELECT promise, rung, count(*) FROM breach GROUP BY 1, 2 ORDER BY 1, 2") == [
        ("accept", 1, 20), ("accept", 2, 20), ("accept", 3, 20), ("accept", 4, 20), ("first_attempt", 1, 20),
    ]  # fmt: skip
    assert one(app, "SELECT count(*) FROM handoff WHERE state = 'returned'") == 20
    assert one(app, "SELECT count(*) FROM notice WHERE kind = 'handoff.reminded' AND channel = 'email'") == 40


def test_a_lead_that_somebody_holds_is_left_for_the_next_look_and_holds_up_no_other(app: App) -> None:
    offer(app)
    offer(app, "kim@buyer.example")
    with ThreadPoolExecutor(1) as pool, transaction(app.engine) as db:
        db.execute(text("SELECT FROM lead WHERE email = 'jo@buyer.example' FOR NO KEY UPDATE"))
        done = pool.submit(keep_promises, app, RUNGS[0]).result(timeout=20)
    assert (done.looked_at, done.climbed) == (1, 1)
    assert keep_promises(app, RUNGS[0]).climbed == 1
    assert len(climbed(app)) == 2


def test_an_answer_and_a_return_at_once_are_one_or_the_other(app: App) -> None:
    handoff = offer(app)
    live(app, RUNGS[3] - timedelta(seconds=1))
    said: list[str] = []

    def accept() -> None:
        try:
            follow_up.accept(app, handoff, by=TWO, now=RUNGS[3])
            said.append("accepted")
        except Exception:
            said.append("refused")

    threads = [threading.Thread(target=accept), threading.Thread(target=keep_promises, args=(app, RUNGS[3]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state = one(app, "SELECT state FROM handoff")
    assert (state, said) in [("accepted", ["accepted"]), ("returned", ["refused"])]


WORKER = """
import sys
from datetime import datetime
from nurture.app import open_app
from nurture.flows.keep_promises import keep_promises
from nurture.settings import read_settings
import os
with open_app(read_settings(os.environ)) as app:
    print("ready", flush=True)
    keep_promises(app, datetime.fromisoformat(sys.argv[1]))
    print("done", flush=True)
"""


def test_a_worker_that_is_killed_amid_a_look_has_done_nothing(app: App, db_url: str, tmp_path: Path) -> None:
    offer(app)
    live(app, RUNGS[1])
    before = climbed(app)
    workspace = write_workspace(tmp_path / "workspace")
    agreement = (workspace / "campaigns/agreement.yaml").read_text()
    hours = agreement.replace("timezone: UTC}", "timezone: America/Chicago}")
    lines = f"  on_breach: [{', '.join(LADDER)}]\nassign:\n  - {{to: [{ONE}, {TWO}]}}\n"
    (workspace / "campaigns/agreement.yaml").write_text(hours + lines)
    environment = {
        **os.environ, "DATABASE_URL": db_url, "REDIS_URL": "redis://127.0.0.1:1/0", "MAIL_URL": "smtp://127.0.0.1:1",
        "NURTURE_WORKSPACE": str(workspace), "SECRET_KEY": "a secret for tests that is long enough",
    }  # fmt: skip
    command = [sys.executable, "-c", WORKER, RUNGS[2].isoformat()]
    with transaction(app.engine) as db:
        db.execute(text("SELECT FROM rota FOR UPDATE"))  # so that it waits, with all but the new owner written
        worker = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE)
        try:
            wait_for(lambda: _waiting(app.engine), of="the worker to be amid its look")
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
    wait_for(lambda: not _waiting(app.engine), of="the server to notice")
    assert climbed(app) == before
    assert one(app, "SELECT owner FROM handoff") == ONE
    subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
    assert climbed(app) == [*before, ("accept", 3, "reassign", RUNGS[2])]
    assert one(app, "SELECT owner FROM handoff") == TWO


def _waiting(engine: Engine) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%rota%')")
    with transaction(engine) as db:
        return bool(db.execute(query).scalar())


def test_a_handoff_that_cannot_be_looked_at_is_set_aside_and_the_others_are_not(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, _ = offer(app), offer(app, "bo@mill.example")
    lead_id = one(app, "SELECT lead_id FROM handoff WHERE id = :id", id=bad)
    decide = decide_module.decide

    def fail(db: Any, app: App, happenings: dict[int, Any], now: datetime) -> Any:
        if lead_id in happenings:
            raise RuntimeError("no rule for this")
        return decide(db, app, happenings, now)

    monkeypatch.setattr("nurture.flows.keep_promises.decide", fail)
    done = keep_promises(app, RUNGS[0])
    assert (done.climbed, done.set_aside) == (1, 1)
    assert one(app, "SELECT look_at FROM handoff WHERE id = :id", id=bad) == RUNGS[0] + timedelta(hours=1)


def test_a_changed_agreement_moves_the_deadlines_of_what_is_open(app: App) -> None:
    offer(app)
    agreement = make_agreement(sla=sla(accept_within="2 hours"))
    other = replace(app, workspace=replace(app.workspace, agreement=agreement))
    assert set_all_deadlines(other, NOW) == 1
    assert rows(app, "SELECT accept_due_at, look_at FROM handoff") == [(utc(2026, 3, 2, 17), utc(2026, 3, 2, 17))]


def test_what_a_release_without_promises_left_open_gets_its_deadlines(app: App) -> None:
    offer(app)
    with transaction(app.engine) as db:
        db.execute(text("UPDATE handoff SET look_at = NULL"))
    adopt(app, NOW)
    assert one(app, "SELECT look_at FROM handoff") == RUNGS[0]


def test_who_is_late_and_with_what_is_told(app: App) -> None:
    handoff = offer(app)
    terms = app.book.agreement.sla
    with transaction(app.engine) as db:
        assert promises.late(db, terms, RUNGS[0]) == {}
        late = promises.late(db, terms, RUNGS[1] + timedelta(seconds=1))
    assert {found: [pledge.promise for pledge in pledges] for found, pledges in late.items()} == {
        handoff: ["accept", "first_attempt"]
    }


def test_an_imported_handoff_is_let_be(app: App) -> None:
    handoff = offer(app)
    with transaction(app.engine) as db:
        db.execute(text("UPDATE handoff SET origin = 'imported'"))
    set_all_deadlines(app, NOW)
    live(app, RUNGS[3] + timedelta(days=400))
    assert one(app, "SELECT state FROM handoff WHERE id = :id", id=handoff) == "offered"
    assert climbed(app) == []


def test_of_a_hand_that_nobody_reached_the_manager_hears_once_and_no_promise_is_named(app: App) -> None:
    handoff = raise_hand(app)
    for day in range(3):
        for hour in (15, 17):
            at = utc(2026, 3, 2 + day, hour)
            follow_up.attempt(app, handoff, kind="call", outcome="not_reached", note=f"{at}", by=ONE, now=at)
    live(app, NOW + timedelta(days=30))
    assert climbed(app) == [("attempts", 0, "escalate", utc(2026, 3, 16, 14))]
    assert [(kind, to) for _, kind, to in told(app)] == [("handoff.escalated", BOSS)]
    assert one(
        app, "SELECT data ->> 'reason' FROM notice WHERE channel = 'webhook' AND kind = 'handoff.escalated'"
    ) == ("unreachable")
