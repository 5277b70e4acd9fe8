"""What sales owes on a handoff, which rungs are climbed when, and that it does not matter who looks how often."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nurture.agreement import Sla
from nurture.facts import BreachFact, HandoffFact
from nurture.rules import promises
from nurture.rules.ladder import Rung, due_now, next_look
from tests.rules.examples import AGREEMENT, utc

LADDER = ["remind", "escalate", "reassign", "return_to_nurture"]
FRIDAY = utc(2026, 2, 27, 22)
"""16:00 in Chicago, an hour before work is over."""


def terms(**changes: Any) -> Sla:
    return Sla.model_validate({**AGREEMENT["sla"], "on_breach": LADDER, **changes})


TERMS = terms()


def offered(at: datetime = FRIDAY, **more: Any) -> HandoffFact:
    return HandoffFact("offered", 1, at, "one@acme.example", **more)


def accepted(at: datetime = FRIDAY, *attempts: datetime, **more: Any) -> HandoffFact:
    return HandoffFact("accepted", 1, at, "one@acme.example", accepted_at=at, attempts=attempts, **more)


def climb(handoff: HandoffFact, rungs: tuple[Rung, ...], at: datetime) -> HandoffFact:
    climbed = tuple(BreachFact(rung.promise, rung.n, rung.action, at) for rung in rungs)
    return replace(handoff, breaches=(*handoff.breaches, *climbed))


def walk(terms: Sla, handoff: HandoffFact, until: datetime) -> list[tuple[datetime, Rung]]:
    """Every rung that is climbed by somebody who looks whenever it is time to."""
    told: list[tuple[datetime, Rung]] = []
    now = handoff.offered_at
    while True:
        look_at = next_look(terms, handoff, now)
        if look_at is None or look_at > until:
            return told
        now = max(now, look_at)
        rungs = due_now(terms, handoff, now)
        assert rungs, "a look for nothing"
        told += [(now, rung) for rung in rungs]
        if rungs[-1].returns:
            return told
        handoff = climb(handoff, rungs, now)


def said(told: list[tuple[datetime, Rung]]) -> list[tuple[str, int, str, datetime]]:
    return [(rung.promise, rung.n, rung.action, at) for at, rung in told]


def test_a_forgotten_handoff_climbs_both_ladders_and_goes_back() -> None:
    assert said(walk(TERMS, offered(), FRIDAY + timedelta(days=30))) == [
        ("accept", 1, "remind", utc(2026, 3, 2, 18)),
        ("accept", 2, "escalate", utc(2026, 3, 2, 22)),
        ("first_attempt", 1, "remind", utc(2026, 3, 2, 22)),
        ("accept", 3, "reassign", utc(2026, 3, 3, 18)),
        ("accept", 4, "return_to_nurture", utc(2026, 3, 3, 22)),
    ]


def test_it_goes_back_as_no_follow_up() -> None:
    assert walk(TERMS, offered(), FRIDAY + timedelta(days=30))[-1][1].reason == "no_follow_up"


def test_accepted_and_never_tried_the_other_ladder_takes_it_back() -> None:
    handoff = accepted()
    told = [entry for entry in said(walk(TERMS, handoff, FRIDAY + timedelta(days=30))) if entry[0] == "first_attempt"]
    assert told == [
        ("first_attempt", 1, "remind", utc(2026, 3, 2, 22)),
        ("first_attempt", 2, "escalate", utc(2026, 3, 3, 22)),
        ("first_attempt", 3, "reassign", utc(2026, 3, 4, 22)),
        ("first_attempt", 4, "return_to_nurture", utc(2026, 3, 5, 22)),
    ]


def test_answering_late_ends_the_ladder_and_the_breach_stays() -> None:
    late = replace(offered(breaches=(BreachFact("accept", 1, "remind", utc(2026, 3, 2, 18)),)), state="accepted")
    late = replace(late, accepted_at=utc(2026, 3, 2, 19), attempts=(utc(2026, 3, 2, 20),))
    assert due_now(TERMS, late, utc(2026, 3, 3, 22)) == ()
    assert len(late.breaches) == 1


def test_a_hand_raise_has_its_own_deadlines_and_is_never_returned() -> None:
    quick = terms(hand_raise={"accept_within": "15 minutes", "first_attempt_within": "1 hour"})
    told = said(walk(quick, offered(utc(2026, 3, 2, 16), hand_raise=True), utc(2026, 12, 31)))
    assert told == [
        ("accept", 1, "remind", utc(2026, 3, 2, 16, 15)),
        ("accept", 2, "escalate", utc(2026, 3, 2, 16, 30)),
        ("accept", 3, "reassign", utc(2026, 3, 2, 16, 45)),
        ("accept", 4, "escalate", utc(2026, 3, 2, 17)),
        ("first_attempt", 1, "remind", utc(2026, 3, 2, 17, 15)),  # half an hour after somebody else got it
        ("first_attempt", 2, "escalate", utc(2026, 3, 2, 18)),
        ("first_attempt", 3, "reassign", utc(2026, 3, 2, 19)),
        ("first_attempt", 4, "escalate", utc(2026, 3, 2, 20)),
    ]


def test_without_its_own_first_attempt_a_hand_raise_has_that_of_all() -> None:
    quick = terms(hand_raise={"accept_within": "15 minutes"})
    first = promises.pledges(quick, offered(hand_raise=True))[1]
    assert (first.promise, str(first.length)) == ("first_attempt", "8 hours")


def test_at_most_two_attempts_of_a_day_count_by_the_calendar_of_sales() -> None:
    monday = utc(2026, 3, 2, 15)
    of_a_day = [monday + timedelta(hours=n) for n in range(5)]
    assert promises.counted(TERMS, of_a_day) == 2
    assert promises.counted(TERMS, [*of_a_day, utc(2026, 3, 3, 5)]) == 2, "23:00 in Chicago is still Monday"
    assert promises.counted(TERMS, [*of_a_day, utc(2026, 3, 3, 7)]) == 3


def test_attempts_and_outcome_run_from_acceptance_however_long_that_took() -> None:
    """Offered on Friday, taken on Tuesday at 10:00; the clocks change in between."""
    taken = replace(accepted(FRIDAY), accepted_at=utc(2026, 3, 3, 16))
    due = {pledge.promise: pledge.due_at(TERMS) for pledge in promises.pledges(TERMS, taken)}
    assert due == {
        "accept": utc(2026, 3, 2, 18),
        "first_attempt": utc(2026, 3, 2, 22),
        "attempts": utc(2026, 3, 17, 15),
        "outcome": utc(2026, 6, 1, 15),
    }


SIX = tuple(utc(2026, 3, day, hour) for day in (2, 3, 4) for hour in (16, 18))


def test_all_attempts_made_and_nobody_reached_it_goes_back_when_the_time_is_over() -> None:
    tried = accepted(FRIDAY, *SIX)
    ((at, rung),) = walk(TERMS, tried, FRIDAY + timedelta(days=60))
    assert (at, rung.reason, rung.returns) == (utc(2026, 3, 13, 21), "unreachable", True)  # clocks have changed


def test_too_few_attempts_are_a_breach_with_a_ladder_of_its_own() -> None:
    tried = accepted(FRIDAY, *SIX[:5])
    told = said(walk(TERMS, tried, FRIDAY + timedelta(days=70)))
    assert told == [
        ("attempts", 1, "remind", utc(2026, 3, 13, 21)),
        ("attempts", 2, "escalate", utc(2026, 3, 27, 21)),
        ("attempts", 3, "reassign", utc(2026, 4, 10, 21)),
        ("attempts", 4, "return_to_nurture", utc(2026, 4, 24, 21)),
    ]


def test_the_last_attempt_made_late_still_makes_the_lead_unreachable() -> None:
    tried = accepted(FRIDAY, *SIX[:5], utc(2026, 3, 16, 15), breaches=(
        BreachFact("attempts", 1, "remind", utc(2026, 3, 13, 21)),))  # fmt: skip
    (rung,) = due_now(TERMS, tried, utc(2026, 3, 16, 15))
    assert (rung.n, rung.reason, rung.returns) == (0, "unreachable", True)


def test_of_a_hand_raise_that_cannot_be_reached_the_manager_hears_once() -> None:
    tried = accepted(FRIDAY, *SIX, hand_raise=True)
    told = said(walk(TERMS, tried, FRIDAY + timedelta(days=80)))
    assert told == [("attempts", 0, "escalate", utc(2026, 3, 13, 21))]


@pytest.mark.parametrize("state", ["contacted", "qualified"])
def test_who_was_reached_need_not_be_tried_any_more(state: Any) -> None:
    reached = replace(accepted(FRIDAY), state=state)
    assert {rung.promise for _, rung in walk(TERMS, reached, FRIDAY + timedelta(days=400))} == {"outcome"}


def test_no_outcome_the_owner_is_asked_then_the_manager_then_it_goes_back() -> None:
    reached = replace(accepted(FRIDAY), state="qualified")
    told = walk(TERMS, reached, FRIDAY + timedelta(days=400))
    assert said(told) == [
        ("outcome", 1, "ask", utc(2026, 5, 28, 21)),
        ("outcome", 2, "escalate", utc(2026, 8, 26, 21)),
        ("outcome", 3, "return_to_nurture", utc(2026, 11, 24, 22)),
    ]
    assert told[-1][1].reason == "no_outcome"


def test_an_imported_handoff_was_promised_nothing() -> None:
    assert next_look(TERMS, offered(imported=True), FRIDAY) is None


def test_without_a_ladder_nothing_is_done_about_a_late_answer() -> None:
    assert walk(terms(on_breach=[]), offered(), FRIDAY + timedelta(days=300)) == []


# --- late looks ---


def looks(handoff: HandoffFact, times: list[datetime], terms: Sla = TERMS) -> list[tuple[str, int, datetime]]:
    told = []
    for now in times:
        rungs = due_now(terms, handoff, now)
        told += [(rung.promise, rung.n, now) for rung in rungs]
        handoff = climb(handoff, rungs, now)
        if rungs and rungs[-1].returns:
            break
    return told


def every(minutes: int, start: datetime, days: int) -> list[datetime]:
    return [start + timedelta(minutes=minutes * n) for n in range(days * 24 * 60 // minutes)]


def test_after_a_downtime_nobody_is_reminded_reported_replaced_and_given_up_at_once() -> None:
    told = [entry for entry in looks(offered(), every(1, utc(2026, 3, 4, 15), 5)) if entry[0] == "accept"]
    assert told == [
        ("accept", 1, utc(2026, 3, 4, 15)),
        ("accept", 2, utc(2026, 3, 4, 17)),
        ("accept", 3, utc(2026, 3, 4, 19)),
        ("accept", 4, utc(2026, 3, 4, 21)),
    ]


def test_after_a_short_downtime_the_ladder_catches_up() -> None:
    told = [entry for entry in looks(offered(), every(1, utc(2026, 3, 2, 21), 3)) if entry[0] == "accept"]
    assert told == [
        ("accept", 1, utc(2026, 3, 2, 21)),  # three hours late
        ("accept", 2, utc(2026, 3, 2, 23)),  # one hour late
        ("accept", 3, utc(2026, 3, 3, 18)),
        ("accept", 4, utc(2026, 3, 3, 22)),
    ]


def test_nothing_late_is_done_at_night() -> None:
    told = looks(offered(), every(7, utc(2026, 3, 3, 3), 1))
    assert told[0] == ("accept", 1, utc(2026, 3, 3, 15, 1))
    assert next_look(TERMS, offered(), utc(2026, 3, 3, 3)) == utc(2026, 3, 3, 15)


def test_what_came_due_as_work_ended_is_done_by_a_worker_that_is_a_little_late() -> None:
    early = offered(utc(2026, 3, 2, 19))
    assert next_look(TERMS, early, utc(2026, 3, 2, 20)) == utc(2026, 3, 2, 23), "17:00, the end of the day"
    assert due_now(TERMS, early, utc(2026, 3, 2, 23, 14))
    assert not due_now(TERMS, early, utc(2026, 3, 2, 23, 16))


def test_what_is_counted_in_days_reaches_reps_when_they_are_at_work() -> None:
    slow = terms(accept_within="1 day")
    (first, *_) = walk(slow, offered(), FRIDAY + timedelta(days=30))
    assert first[1].due_at == utc(2026, 2, 28, 22), "a Saturday"
    assert first[0] == utc(2026, 3, 2, 15)


def test_who_was_just_given_a_lead_by_hand_is_let_be_for_half_its_length() -> None:
    given = offered(given_at=utc(2026, 3, 2, 17, 59))
    assert next_look(TERMS, given, utc(2026, 3, 2, 17, 59)) == utc(2026, 3, 2, 19, 59)


def test_who_is_given_a_lead_by_one_promise_has_half_the_length_of_each_other_one() -> None:
    """Offered on Monday at 9:00: given away after 12 hours of work, where 14 were due for the other ladder's rung."""
    monday = utc(2026, 3, 2, 15)
    told = said(walk(terms(first_attempt_within="7 hours"), offered(monday), monday + timedelta(days=9)))
    assert [(rung, at) for promise, rung, _, at in told if promise == "first_attempt"] == [
        (1, utc(2026, 3, 2, 22)),
        (2, utc(2026, 3, 3, 22, 30)),
    ]
    assert told[-1] == ("accept", 4, "return_to_nurture", utc(2026, 3, 3, 23))


def test_whoever_accepts_was_not_given_the_lead() -> None:
    taken = utc(2026, 3, 2, 22, 30)
    handoff = replace(accepted(taken), offered_at=FRIDAY, given_at=taken)
    assert [rung.promise for rung in due_now(TERMS, handoff, taken)] == ["first_attempt"]


# --- the guide ---

GUIDE = Path(__file__).parents[2] / "docs/sla.md"
EXAMPLES = {
    "and forgotten.** One hour": offered(),
    "by a hand-raise": offered(hand_raise=True),
    "called on Friday and not again": accepted(FRIDAY, FRIDAY),
    "never heard of again": replace(accepted(FRIDAY, FRIDAY), state="contacted"),
}


@pytest.mark.parametrize("words", EXAMPLES)
def test_the_guide_tells_what_happens(words: str) -> None:
    table = GUIDE.read_text().partition(words)[2].partition("|---|---|---|---|\n")[2].partition("\n\n")[0]
    written = [tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in table.splitlines()]
    promised = {entry[1] for entry in written}
    terms_ = terms(hand_raise={"accept_within": "15 minutes"})
    lived = [
        (f"{at.astimezone(ZoneInfo('America/Chicago')):%a %-d %b %H:%M}", rung.promise, str(rung.n), rung.action)
        for at, rung in walk(terms_, EXAMPLES[words], FRIDAY + timedelta(days=400))
        if rung.promise in promised
    ]
    assert len(written) >= 3
    assert written == lived
