"""Sales answers: once, whoever clicks twice, whoever is second."""

import threading
from datetime import datetime, timedelta

import pytest

from nurture.app import App
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows import follow_up
from nurture.flows.ingest import ingest
from nurture.flows.reassign import reassign
from tests.flows.apps import add_lead, one, page, rows, track
from tests.rules.examples import NOW


@pytest.fixture
def handoff(app: App) -> int:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    return one(app, "SELECT id FROM handoff")


def state(app: App) -> str:
    return one(app, "SELECT state FROM handoff")


def log_of(app: App) -> list[str]:
    return [row.what for row in rows(app, "SELECT what FROM handoff_change ORDER BY id")]


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
    assert rows(app, "SELECT what, by, reason, note FROM handoff_change ORDER BY id DESC LIMIT 1") == [
        ("rejected", "rep", "not_ready", "call in autumn")
    ]


def test_a_closed_handoff_says_how_it_was_closed(app: App, handoff: int) -> None:
    follow_up.reject(app, handoff, reason="not_ready", note="", by="rep", now=NOW)
    with pytest.raises(Conflict, match=r"was rejected by rep \(not_ready\)"):
        follow_up.accept(app, handoff, by="other", now=NOW)


def test_attempts_are_logged_once_and_reaching_the_lead_moves_it_on(app: App, handoff: int) -> None:
    log = {"kind": "call", "note": "", "by": "rep", "now": NOW}
    follow_up.accept(app, handoff, by="rep", now=NOW)
    for _ in range(2):
        follow_up.attempt(app, handoff, outcome="not_reached", **log)
    assert one(app, "SELECT count(*) FROM attempt") == 1, "a double click is one attempt"
    assert state(app) == "accepted"
    follow_up.attempt(app, handoff, outcome="reached", **log)
    assert state(app) == "contacted"
    assert one(app, "SELECT count(*) FROM attempt") == 2


def test_of_two_clicks_within_a_minute_one_counts_whichever_was_first(app: App, handoff: int) -> None:
    call = {"kind": "call", "outcome": "not_reached", "note": "", "by": one(app, "SELECT owner FROM handoff")}
    at = NOW + timedelta(minutes=5)
    for seconds, there_are in ((0, 1), (40, 1), (-40, 1), (61, 2)):
        follow_up.attempt(app, handoff, **call, now=at + timedelta(seconds=seconds))
        assert one(app, "SELECT count(*) FROM attempt") == there_are, seconds


def test_whoever_works_a_lead_that_was_offered_to_it_has_accepted_it(app: App, handoff: int) -> None:
    owner = one(app, "SELECT owner FROM handoff")
    follow_up.attempt(app, handoff, kind="call", outcome="reached", note="", by=owner, now=NOW)
    assert rows(app, "SELECT state, owner, accepted_at FROM handoff") == [("contacted", owner, NOW)]
    assert log_of(app) == ["offered", "accepted", "attempt", "contacted"]
    assert one(app, "SELECT stage FROM lead") == "sal"


def test_somebody_elses_lead_has_to_be_accepted_before_it_is_worked(app: App, handoff: int) -> None:
    owner = one(app, "SELECT owner FROM handoff")
    with pytest.raises(Conflict, match=f"offered to {owner}; accept it first"):
        follow_up.attempt(app, handoff, kind="call", outcome="reached", note="", by="other@acme.example", now=NOW)
    with pytest.raises(Conflict, match="accept it first"):
        follow_up.outcome(
            app, handoff, state="qualified", reason=None, note="", by="other@acme.example", now=NOW
        )  # fmt: skip
    assert log_of(app) == ["offered"]


def test_a_program_that_speaks_for_a_stranger_takes_the_lead_from_nobody(app: App, handoff: int) -> None:
    owner = one(app, "SELECT owner FROM handoff")
    follow_up.accept(app, handoff, by="hubspot: Somebody Else", now=NOW)
    follow_up.accept(app, handoff, by="hubspot: Somebody Else", now=NOW)
    follow_up.accept(app, handoff, by=owner, now=NOW)
    assert rows(app, "SELECT state, owner, answered_by FROM handoff") == [("accepted", owner, "hubspot: Somebody Else")]
    follow_up.outcome(app, handoff, state="qualified", reason=None, note="", by="hubspot: Somebody Else", now=NOW)
    assert (state(app), one(app, "SELECT owner FROM handoff")) == ("qualified", owner)


def test_a_lead_that_somebody_has_is_given_up_by_nobody_else(app: App, handoff: int) -> None:
    follow_up.accept(app, handoff, by="rep@acme.example", now=NOW)
    refusal = {"reason": "not_ready", "note": "", "now": NOW + timedelta(minutes=5)}
    with pytest.raises(
        Conflict, match=r"was accepted by rep@acme\.example on .*; only rep@acme\.example or the manager"
    ):
        follow_up.reject(app, handoff, by="other@acme.example", **refusal)
    with pytest.raises(Conflict, match="or the manager can give it up"):
        follow_up.outcome(app, handoff, state="lost", by="other@acme.example", **refusal)
    follow_up.reject(app, handoff, by=app.book.agreement.sla.manager, **refusal)
    assert state(app) == "rejected"


def test_who_had_a_lead_before_it_was_given_to_somebody_else_does_not_give_it_up(app: App, handoff: int) -> None:
    follow_up.accept(app, handoff, by="rep@acme.example", now=NOW)
    reassign(app, handoff, to="other@acme.example", by="ann", now=NOW)
    with pytest.raises(Conflict, match=r"only other@acme\.example or the manager"):
        follow_up.reject(app, handoff, reason="not_ready", note="", by="rep@acme.example", now=NOW)
    with pytest.raises(Conflict, match="was accepted by"):
        follow_up.accept(app, handoff, by="rep@acme.example", now=NOW)
    follow_up.reject(app, handoff, reason="not_ready", note="", by="Other@acme.example", now=NOW)
    assert rows(app, "SELECT state, answered_by FROM handoff") == [("rejected", "other@acme.example")]


def test_an_attempt_may_be_told_later_and_the_same_one_twice_is_one(app: App, handoff: int) -> None:
    owner, later = one(app, "SELECT owner FROM handoff"), NOW + timedelta(days=2)
    call = {"kind": "call", "outcome": "not_reached", "note": "", "by": owner}
    for _ in range(2):
        follow_up.attempt(app, handoff, **call, at=NOW + timedelta(hours=1), now=later)
        later += timedelta(hours=3)
    follow_up.attempt(app, handoff, **call, at=NOW + timedelta(hours=1, seconds=1), now=later)
    made = [row.at for row in rows(app, "SELECT at FROM attempt ORDER BY at")]
    assert made == [NOW + timedelta(hours=1), NOW + timedelta(hours=1, seconds=1)]
    told = rows(app, "SELECT at FROM handoff_change WHERE what = 'attempt' ORDER BY id")
    assert told[0].at == (NOW + timedelta(days=2)), "the log says when it was told"


@pytest.mark.parametrize(
    ("at", "because"),
    [
        (NOW - timedelta(seconds=1), "was offered on"),
        (NOW + timedelta(seconds=1), "is yet to come"),
        (NOW.replace(tzinfo=None), "needs its offset"),
    ],
)
def test_nobody_tried_before_the_offer_or_will_have(app: App, handoff: int, at: datetime, because: str) -> None:
    with pytest.raises(UsageError, match=because):
        follow_up.attempt(app, handoff, kind="call", outcome="reached", note="", by="rep", now=NOW, at=at)


def test_a_lead_can_have_been_spoken_to_without_an_attempt(app: App, handoff: int) -> None:
    follow_up.accept(app, handoff, by="rep", now=NOW)
    for _ in range(2):
        follow_up.outcome(app, handoff, state="contacted", reason=None, note="met at the fair", by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="qualified", reason=None, note="", by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="contacted", reason=None, note="", by="rep", now=NOW)
    assert rows(app, "SELECT state, contacted_at, note FROM handoff") == [("qualified", NOW, None)]
    assert log_of(app) == ["offered", "accepted", "contacted", "qualified"]
    assert one(app, "SELECT note FROM handoff_change WHERE what = 'contacted'") == "met at the fair"


def test_what_a_note_cannot_hold_is_left_out_and_a_book_is_refused(app: App, handoff: int) -> None:
    with pytest.raises(UsageError, match="at most 10,000 characters"):
        follow_up.reject(app, handoff, reason="not_ready", note="x" * 10_001, by="rep", now=NOW)
    follow_up.reject(app, handoff, reason="not_ready", note="in\x00 autumn \ud800", by="re\x00p\ud83d", now=NOW)
    assert rows(app, "SELECT note, answered_by FROM handoff") == [("in autumn ?", "re p")]


def test_qualified_then_won_makes_a_customer(app: App, handoff: int) -> None:
    follow_up.accept(app, handoff, by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="qualified", reason=None, note="", by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="won", reason=None, note="", by="rep", now=NOW)
    follow_up.outcome(app, handoff, state="won", reason=None, note="", by="rep", now=NOW)
    assert (state(app), one(app, "SELECT stage FROM lead")) == ("won", "customer")


def test_what_a_customer_did_before_it_was_won_hands_it_over_no_more(app: App) -> None:
    add_lead(app)
    ingest(app, [track("Webinar Attended", properties={"minutes": 45}), page("/pricing"), page("/pricing")], NOW)
    won = one(app, "SELECT id FROM handoff")
    follow_up.outcome(app, won, state="won", reason=None, note="", by=one(app, "SELECT owner FROM handoff"), now=NOW)
    ingest(app, [page("/about", NOW + timedelta(hours=1))], NOW + timedelta(hours=1))
    assert (one(app, "SELECT count(*) FROM handoff"), one(app, "SELECT stage FROM lead")) == (1, "customer")
    later = NOW + timedelta(days=2)
    again = [track("Webinar Attended", later, properties={"minutes": 45}), page("/pricing", later)]
    ingest(app, [*again, page("/pricing", later)], later)
    assert rows(app, "SELECT state, was_customer, cycle FROM handoff ORDER BY id DESC LIMIT 1") == [
        ("offered", True, 1)
    ]


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
