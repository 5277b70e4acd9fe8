"""Who was seen at a browser: as much of it is kept as tells whose it was, and no more than a screenful of people."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from nurture.db import transaction
from nurture.segment.ownership import Claim, stretches
from nurture.store import identities, leads
from nurture.store.identities import MOST_CLAIMS, NewClaim
from nurture.trips import Trip

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SWEPT_EVERY = 64
"""Claims may go over by so many, and by what comes in at once."""


@pytest.fixture
def people(clean_db: Engine) -> list[int]:
    """Two leads."""
    with transaction(clean_db) as db:
        made = leads.insert(db, [{"email": f"{name}@buyer.example"} for name in "ab"], START)
    return [made["a@buyer.example"], made["b@buyer.example"]]


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def seen(db: Connection, *who: tuple[int, int | str]) -> None:
    """Somebody (a lead, or a user id that is nobody's yet) was seen in these minutes, 20 at a time."""
    for begin in range(0, len(who), 20):
        new = [
            NewClaim(
                "v", at(minute), one if isinstance(one, int) else None, one if isinstance(one, str) else None, True
            )
            for minute, one in who[begin : begin + 20]
        ]
        identities.sweep(db, identities.claim(Trip(db), new), at(minute=0))


def kept(db: Connection) -> list[tuple[int, int]]:
    return [((one.at - START) // timedelta(minutes=1), one.lead) for one in identities.claims(Trip(db), ["v"])["v"]]


def test_people_who_take_turns_at_a_browser_do_not_fill_the_table(engine: Engine, people: list[int]) -> None:
    with transaction(engine) as db:
        seen(db, *((minute, people[minute % 2]) for minute in range(1000)))
        found = kept(db)
    assert len(found) <= MOST_CLAIMS + SWEPT_EVERY + 20
    half = MOST_CLAIMS // 2
    assert found[:half] == [(minute, people[minute % 2]) for minute in range(half)], "the earliest"
    assert found[-half:] == [(minute, people[minute % 2]) for minute in range(1000 - half, 1000)], "the latest"


def test_the_same_one_again_and_again_goes_before_anybody_who_came_between(engine: Engine, people: list[int]) -> None:
    ann, ben = people
    with transaction(engine) as db:
        told = [(minute, ben if minute == 300 else ann) for minute in range(600)]
        before = stretches(Claim(at(minute), one, True) for minute, one in told)
        seen(db, *told)
        after = stretches(identities.claims(Trip(db), ["v"])["v"])
        assert len(kept(db)) <= MOST_CLAIMS + SWEPT_EVERY + 20
    assert [(one.since, one.lead) for one in after[:2]] == [(one.since, one.lead) for one in before[:2]]
    assert [one.lead for one in after] == [ann, ben, ann]


def test_those_who_wait_for_a_user_id_to_be_somebodys_are_no_more_than_that(engine: Engine, people: list[int]) -> None:
    with transaction(engine) as db:
        seen(db, *((minute, f"u{minute}") for minute in range(600)))
        waiting = identities.waiting(db, [f"u{minute}" for minute in range(600)])
    assert len(waiting) <= MOST_CLAIMS + SWEPT_EVERY + 20
    assert {row.user_id for row in waiting} >= {"u0", "u599"}


def test_as_many_as_may_be_are_all_kept(engine: Engine, people: list[int]) -> None:
    with transaction(engine) as db:
        seen(db, *((minute, people[minute % 2]) for minute in range(MOST_CLAIMS)))
        assert len(kept(db)) == MOST_CLAIMS
