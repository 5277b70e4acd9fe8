"""Rulebooks, people and behaviours for tests of the simulation, small enough to be worked out by hand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from nurture.facts import LeadState
from nurture.lab.acts import Act
from nurture.lab.behaviour import Outcome
from nurture.lab.records import Delivery, Handoff, Lived
from nurture.lab.simulation import simulate
from nurture.rules.book import Rulebook
from nurture.segment.event import IncomingEvent
from nurture.sheets.people import Person
from tests.rules.examples import utc
from tests.rules.lives import book_of, campaign_of

START = utc(2026, 3, 2, 14)
"""A Monday, eight in the morning in Chicago."""
EVERY_DAY = {"every": "1 day", "days": "mon-sun", "hours": "09:00-10:00"}


def person(email: str = "jo@buyer.example", **said: Any) -> Person:
    """Somebody of grade A in Chicago; fields of a person or of its profile may be given."""
    own = {name: said.pop(name) for name in ("stage", "reject_reason", "rejected_at", "do_not_email") if name in said}
    profile = {"title": "VP Operations", "country": "US", "employees": 900, "timezone": "America/Chicago"} | said
    return Person(email, {name: value for name, value in profile.items() if value is not None}, **own)


def tuesdays(**changes: Any) -> Rulebook:
    """One campaign, three steps, a mail every Tuesday between nine and ten."""
    cadence = {"every": "1 week", "days": ["tue"], "hours": "09:00-10:00"}
    return book_of(campaign_of(cadence=cadence, **changes))


def lived(book: Rulebook, *people: Person, weeks: int = 6, **more: Any) -> list[Lived]:
    """Everybody's life from `START` on."""
    more = {"start": START, "end": START + timedelta(weeks=weeks)} | more
    return list(simulate(book, people or (person(),), **more))


def mails(life: Lived) -> list[tuple[str, str]]:
    """Each mail's step and local date."""
    return [(mail.step, mail.local_on.isoformat()) for mail in life.deliveries]


def event(kind: str, at: datetime, **more: Any) -> IncomingEvent:
    """A decoded message of somebody at the usual address."""
    said: dict[str, Any] = {"message_id": f"{kind} {at} {sorted(map(str, more.items()))}", "source": "segment"}
    said |= {"occurred_at": at, "received_at": at, "client_at": at, "email": "jo@buyer.example"}
    return IncomingEvent(kind=kind, **(said | more))  # type: ignore[arg-type]


@dataclass
class Scripted:
    """People who do what is written down: by step for mails, in order for handoffs."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    sales: list[Any] = field(default_factory=list)

    def outcome(self, lead: LeadState, mail: Delivery) -> Outcome:
        said = self.outcomes.get(mail.step)
        return said.pop(0) if said else "sent"

    def on_mail(self, lead: LeadState, mail: Delivery) -> Iterable[Act]:
        return self.after[mail.step](mail) if mail.step in self.after else ()

    def on_handoff(self, lead: LeadState, handoff: Handoff) -> Iterable[Act]:
        return self.sales.pop(0)(handoff) if self.sales else ()
