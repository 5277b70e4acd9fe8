"""Sales answers: once, whoever clicks twice, whoever is second."""

import threading

import pytest

from nurture.app import App
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows import follow_up
from nurture.flows.ingest import ingest
from tests.flows.apps import add_lead, one, rows, track
from tests.rules.examples import NOW


@pytest.fixture
def handoff(app: App) -> int:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    return one(app, "SELECT id FROM handoff")


def state(app: App) -> str:
    return one(app, "SELECT state FROM handoff")


def test_who_accepts_owns_the_lead(app: App, handoff: int) -> None:
    follow_up.accept(app, handoff, by="rep@acme.example", now=NOW)
    assert rows(app, "SELECT state, owner, accepted_at FROM handoff") == [("accepted", "rep@acme.example", NOW)]
    assert one(app, "SELECT stage FROM lead") == "sal"


def test_accepting_twice_is_fine_for_the_same_rep_and_said_to_another(app: App, handoff: int) -> None:
    follow_up.accept(app, handoff, by="rep@acme.example", now=NOW)
    follow_up.accept(app, handoff, by="rep@acme.example", now=NOW)
    with pytest.raises(Conflict, match=r"was accepted by rep@acme\.example"):
        follow_up.accept(app, handoff, by="other@acme.example", now=NOW)


def test_two_reps_at_once_one_wins_the_other_hears_who(app: App, handoff: int) -> None:
    said: list[str] = []

    def accept(by: str) -> None:
        try:
            follow_up.accept(app, handoff, by=by, now=NOW)
            said.append("mine")
        except Conflict as error:
            said.append(str(error))

    threads = [threading.Thread(target=accept, args=(f"rep{n}@acme.example",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("mine") == 1
    assert sum("was accepted by" in words for words in said) == 7


def test_rejecting_needs_a_reason_of_the_agreement(app: App, handoff: int) -> None:
    with pytest.raises(UsageError, match="not_ready"):
        follow_up.reject(app, handoff, reason="not_redy", note="", by="rep", now=NOW)


def test_a_rejection_is_kept_with_reason_and_note_and_starts_the_next_cycle(app: App, handoff: int) -> None:
    follow_up.reject(app, handoff, reason="not_ready", note="call in autumn", by="rep", now=NOW)
    follow_up.reject(app, handoff, reason="not_ready", note="call in autumn", by="rep", now=NOW)
    assert rows(app, "SELECT state, reason, note, answered_by FROM handoff") == [
        ("rejected", "not_ready", "call in autumn", "rep")
    ]
    assert rows(app, "SELECT n, reason, note, refused_by FROM cycle ORDER BY n")[-1] == (
        2,
        "not_ready",
        "call in autumn",
        "rep",
    )
    assert rows(app, "SELECT stage, cycle FROM lead") == [("nurture", 2)]
    assert one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'") == 1


def test_a_closed_handoff_says_how_it_was_closed(app: App, handoff: int) -> None:
    follow_up.reject(app, handoff, reason="not_ready", note="", by="rep", now=NOW)
    with pytest.raises(Conflict, match=r"was rejected by rep \(not_ready\)"):
        follow_up.accept(app, handoff, by="other", now=NOW)


def test_attempts_are_logged_once_accepted_and_reaching_the_lead_moves_it_on(app: App, handoff: int) -> None:
    log = {"kind": "call", "note": "", "by": "rep", "now": NOW}
    with pytest.raises(Conflict, match="accept it first"):
        follow_up.attempt(app, handoff, outcome="reached", **log)
    follow_up.accept(app, handoff, by="rep", now=NOW)
    for _ in range(2):
        follow_up.attempt(app, handoff, outcome="not_reached", **log)
    assert one(app, "SELECT count(*) FROM attempt") == 1, "a double click is one attempt"
    assert state(app) == "accepted"
    follow_up.attempt(app, handoff, outcome="reached", **log)
    assert state(app) == "contacted"
    assert one(app, "SELECT count(*) FROM attempt") == 2


def test_qualified_then_won_makes_a_customer(app: App, handoff: int) -> None:
    follow_up.accept(app, handoff, by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="qualified", reason=None, note="", by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="won", reason=None, note="", by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="won", reason=None, note="", by="rep", now=NOW)
    assert (state(app), one(app, "SELECT stage FROM lead")) == ("won", "customer")


def test_lost_needs_a_reason_and_goes_back_to_nurture(app: App, handoff: int) -> None:
    follow_up.accept(app, handoff, by="rep", now=NOW)
    with pytest.raises(UsageError, match="needs a reason"):
        follow_up.outcome(app, handoff, state="lost", reason=None, note="", by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="lost", reason="not_ready", note="", by="rep", now=NOW)
    assert (state(app), one(app, "SELECT stage FROM lead")) == ("lost", "nurture")


def test_no_such_handoff(app: App) -> None:
    with pytest.raises(NotFound):
        follow_up.accept(app, 4711, by="rep", now=NOW)


def test_nobody_answers_anonymously(app: App, handoff: int) -> None:
    with pytest.raises(UsageError, match="who you are"):
        follow_up.accept(app, handoff, by="  ", now=NOW)
