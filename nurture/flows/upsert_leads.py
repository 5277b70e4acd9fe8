"""Take in leads that another program knows, such as a CRM, as if they stood in a file; say what became of each."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.exc import DBAPIError

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization
from nurture.flows.take_in import TakenIn, take_in
from nurture.sheets.people import Person

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of one of them. `email` is that of its lead, which may be another one than was said."""

    email: str
    status: Literal["created", "updated", "rejected"]
    because: str | None = None


def upsert_leads(app: App, people: Sequence[Person], *, by: str, now: datetime) -> tuple[list[Upserted], int]:
    """Store these people and let the rules decide what follows, as `take_in` says; gives what became of each, in order.

    Who is said twice is one person, of whom the later word knows better. One that cannot be stored spoils no other. The
    second value is how many leads were handed to sales.

    Args:
        app: where leads live.
        people: whom.
        by: who says so.
        now: business time.
    """
    merged: dict[str, Person] = {}
    for person in people:
        before = merged.get(person.email)
        merged[person.email] = person if before is None else before.updated_by(person)
    try:
        taken = take_in(app, merged, now, by=by)
        became = {email: _became(email, taken) for email in merged}
        offered = taken.offered
    except Exception as error:
        _raise_if_nobody_is_to_blame(error)
        became, offered = _one_by_one(app, merged, by, now)
    if offered:
        app.nudge("notices")
    return [became[person.email] for person in people], offered


def _one_by_one(app: App, people: dict[str, Person], by: str, now: datetime) -> tuple[dict[str, Upserted], int]:
    became, offered = {}, 0
    for email, person in people.items():
        try:
            taken = take_in(app, {email: person}, now, by=by)
            became[email] = _became(email, taken)
            offered += taken.offered
        except Exception as error:
            _raise_if_nobody_is_to_blame(error)
            log.warning("a lead could not be stored", extra={"error": type(error).__name__})
            became[email] = Upserted(email, "rejected", "the database refuses a value of it")
    return became, offered


def _became(email: str, taken: TakenIn) -> Upserted:
    if (at := taken.erased.get(email)) is not None:
        return Upserted(
            email, "rejected", f"whoever has this address asked to be erased, which was done on {at:%Y-%m-%d}"
        )
    return Upserted(taken.living.get(email, email), "created" if email in taken.new else "updated")


def _raise_if_nobody_is_to_blame(error: Exception) -> None:
    if not isinstance(error, DBAPIError) or is_away(error) or is_deadlock_or_serialization(error):
        raise error
