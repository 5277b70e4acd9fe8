"""Whom a handoff goes to, and that turns are fair, whatever happens in between."""

from collections import Counter
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.agreement import Agreement
from nurture.rules.assignment import Assigned, Candidates, Desk, company_domain, fitting, is_in, whom, working_day
from tests.rules.examples import known_of, make_agreement, make_hours

ANN, BEN, CAT, DAN = (f"{name}@acme.example" for name in ("ann", "ben", "cat", "dan"))
MANAGER = "sales-manager@acme.example"
MONDAY = date(2026, 3, 2)
NOBODY = Candidates()


def agreement_of(*lines: dict[str, Any], **reps: dict[str, Any]) -> Agreement:
    return make_agreement(assign=list(lines), reps={f"{name}@acme.example": said for name, said in reps.items()})


def desk_of(*lines: dict[str, Any], reps: dict[str, dict[str, Any]] | None = None, **more: Any) -> Desk:
    return Desk(agreement_of(*lines, **(reps or {})), **({"day": MONDAY} | more))


def given_to(desk: Desk, who: Candidates = NOBODY, **lead: Any) -> str:
    return desk.give(fitting(desk.agreement, known_of(**lead)), who).rep


# --- the lines ---


def test_the_first_line_that_fits_and_names_somebody_decides() -> None:
    lines = [{"to": "previous"}, {"to": "owner"}, {"to": "colleague"}, {"when": "lead.country == 'GB'", "to": BEN}]
    desk = desk_of(*lines, {"to": [CAT]})
    everyone = Candidates(ANN, BEN, (CAT,))
    assert given_to(desk, everyone) == ANN
    assert given_to(desk, Candidates(None, BEN, (CAT,))) == BEN
    assert given_to(desk, Candidates(colleagues=(DAN, CAT))) == DAN
    assert given_to(desk, country="GB") == BEN
    assert given_to(desk, country="US") == CAT
    assert given_to(desk) == CAT


def test_nobody_free_is_the_managers() -> None:
    desk = desk_of({"to": [ANN]}, away=frozenset({ANN}))
    assert desk.give([0], NOBODY) == Assigned(MANAGER, None)
    assert given_to(desk_of()) == MANAGER


def test_the_manager_gets_it_even_who_is_to_be_passed_over() -> None:
    assert given_to(desk_of({"to": [ANN]}), Candidates(skip=frozenset({ANN, MANAGER}))) == MANAGER


def test_who_let_the_lead_lie_is_passed_over_by_every_line() -> None:
    lines = [{"to": "previous"}, {"to": "owner"}, {"to": "colleague"}, {"to": [ANN, BEN]}]
    let_lie = Candidates(ANN, ANN, (ANN,), skip=frozenset({ANN}))
    assert given_to(desk_of(*lines), let_lie) == BEN
    assert given_to(desk_of(*lines), Candidates(ANN, skip=frozenset({ANN, BEN}))) == MANAGER


@pytest.mark.parametrize("to", ["previous", "owner", "colleague"])
def test_who_is_away_gets_nothing_by_a_word_either(to: str) -> None:
    who = Candidates(ANN, ANN, (ANN,))
    assert given_to(desk_of({"to": to}, {"to": [BEN]}), who) == ANN
    assert given_to(desk_of({"to": to}, {"to": [BEN]}, away=frozenset({ANN})), who) == BEN


def test_of_several_colleagues_the_latest_who_is_free_gets_it() -> None:
    desk = desk_of({"to": "colleague"}, away=frozenset({ANN}))
    assert given_to(desk, Candidates(colleagues=(ANN, BEN, CAT))) == BEN


# --- capacity ---


def test_a_line_gives_to_nobody_who_has_so_many_already() -> None:
    desk = desk_of({"to": [ANN, BEN], "at_most": "3 open"}, {"to": [CAT]}, held={ANN: 2, BEN: 3})
    assert [given_to(desk), given_to(desk)] == [ANN, CAT]


def test_a_reps_own_number_holds_for_every_line_and_beside_the_lines() -> None:
    reps = {"ann": {"at_most": "2 open"}, "ben": {"at_most": "9 open"}}
    desk = desk_of({"to": "previous"}, {"to": [ANN, BEN], "at_most": "3 open"}, reps=reps, held={ANN: 2, BEN: 2})
    assert given_to(desk, Candidates(previous=ANN)) == BEN
    assert given_to(desk, Candidates(previous=ANN)) == MANAGER
    assert given_to(desk, Candidates(previous=BEN)) == BEN


# --- who is in ---


@pytest.mark.parametrize(
    ("said", "in_on"),
    [
        ({}, [2, 3, 4, 5, 6]),
        ({"days": "mon-thu"}, [2, 3, 4, 5]),
        ({"away": ["2026-03-03 to 2026-03-04"]}, [2, 5, 6]),
        ({"away": "2026-03-06"}, [2, 3, 4, 5]),
        ({"away": ["2026-03-02", "from 2026-03-05"]}, [3, 4]),
        ({"holidays": "GB"}, [2, 3, 4, 5, 6]),
    ],
)
def test_who_is_in_on_which_day(said: dict[str, Any], in_on: list[int]) -> None:
    agreement = agreement_of(ann=said)
    assert [day for day in range(2, 7) if is_in(agreement, ANN, date(2026, 3, day))] == in_on


def test_a_rep_keeps_the_holidays_of_a_country_of_the_reps_own() -> None:
    agreement = agreement_of(ann={"holidays": "GB-ENG"})
    assert not is_in(agreement, ANN, date(2026, 8, 31))
    assert is_in(agreement, BEN, date(2026, 8, 31))


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-03-02T15:00:00+00:00", "2026-03-02"),  # Monday, nine in Chicago
        ("2026-03-02T12:00:00+00:00", "2026-03-02"),  # before work
        ("2026-03-02T22:59:00+00:00", "2026-03-02"),  # the last minute of work
        ("2026-03-02T23:00:00+00:00", "2026-03-03"),  # after work
        ("2026-03-07T15:00:00+00:00", "2026-03-09"),  # Saturday
        ("2026-07-03T15:00:00+00:00", "2026-07-06"),  # Independence Day, kept on the Friday
    ],
)
def test_a_lead_is_worked_on_when_the_promises_clock_runs_on(now: str, day: str) -> None:
    assert working_day(make_hours(), datetime.fromisoformat(now)) == date.fromisoformat(day)


# --- names and companies ---


def test_a_rep_is_known_by_address_and_by_name() -> None:
    agreement = agreement_of(ann={"name": "Ann Reyes"})
    assert whom(agreement, "ANN@acme.example ") == ANN
    assert whom(agreement, " ann  reyes") == ANN
    assert whom(agreement, "somebody@else.example") == "somebody@else.example"
    assert [whom(agreement, said) for said in ("Ben", "@", "two words@x", "", None)] == [None] * 5


def test_free_mail_makes_nobody_colleagues() -> None:
    assert company_domain("jo@buyer.example") == "buyer.example"
    assert company_domain("jo@gmail.com") is None
    assert company_domain("jo@yahoo.co.uk") is None


# --- turns ---


REPS = (ANN, BEN, CAT, DAN)


@given(reps=st.integers(1, 4), offers=st.integers(0, 60), order=st.randoms(use_true_random=False))
def test_while_all_are_free_counts_differ_by_at_most_one(reps: int, offers: int, order: Any) -> None:
    names = list(REPS[:reps])
    order.shuffle(names)
    desk = desk_of({"to": names})
    count = Counter(dict.fromkeys(names, 0))
    for _ in range(offers):
        count[given_to(desk)] += 1
        assert max(count.values()) - min(count.values()) <= 1


SITUATIONS = st.lists(
    st.tuples(st.frozensets(st.sampled_from(REPS)), st.sampled_from([0, 1, 2]), st.booleans()), max_size=60
)


@settings(max_examples=100)
@given(situations=SITUATIONS)
def test_no_free_rep_is_passed_over_whoever_is_away_or_full(situations: list[Any]) -> None:
    """Each line gives to the free rep to whom a lead was given longest ago, by whatever line; leads end in between."""
    lines = [{"to": [ANN, BEN], "at_most": "3 open"}, {"to": [BEN, CAT, DAN], "at_most": "3 open"}, {"to": list(REPS)}]
    desk = desk_of(*lines)
    last_given = dict.fromkeys(REPS, 0)
    for turn, (away, line, ends) in enumerate(situations, start=1):
        desk.away = away
        free = [rep for rep in lines[line]["to"] if rep not in away]
        if line < 2:
            free = [rep for rep in free if desk.held.get(rep, 0) < 3]
        assigned = desk.give([line], NOBODY)
        assert assigned.rep == (min(free, key=lambda rep: (last_given[rep], rep)) if free else MANAGER)
        assert assigned.by_turns is bool(free)
        last_given[assigned.rep] = turn
        if ends:
            desk.held = dict.fromkeys(REPS, 0)


@settings(max_examples=100)
@given(situations=SITUATIONS)
def test_the_same_offers_are_given_to_the_same_reps(situations: list[Any]) -> None:
    def told() -> list[Assigned]:
        desk = desk_of({"to": [ANN, BEN], "at_most": "9 open"}, {"to": list(REPS)}, {"to": [DAN]})
        return [_given(desk, away, line) for away, line, _ in situations]

    assert told() == told()


def _given(desk: Desk, away: frozenset[str], line: int) -> Assigned:
    desk.away = away
    return desk.give([line], NOBODY)


@given(missed=st.integers(0, 40), after=st.integers(0, 40))
def test_who_comes_back_or_is_new_gets_one_and_then_every_turn_but_no_flood(missed: int, after: int) -> None:
    desk = desk_of({"to": [ANN, BEN, CAT]}, away=frozenset({CAT}))
    for _ in range(missed):
        given_to(desk)
    desk.away = frozenset()
    count = Counter(dict.fromkeys((ANN, BEN, CAT), 0))
    for _ in range(after):
        count[given_to(desk)] += 1
        assert max(count.values()) - min(count.values()) <= 1


def test_the_lowest_number_is_next_and_goes_to_the_end_of_the_line() -> None:
    desk = desk_of({"to": [BEN, ANN, CAT]}, turns={ANN: 7, BEN: 5, CAT: 6})
    assert [given_to(desk) for _ in range(4)] == [BEN, CAT, ANN, BEN]
    assert desk.turns == {BEN: 11, CAT: 9, ANN: 10}
