"""What can be lived through twice: the rules, the people, what they do, what becomes of their mails.

All of it is data, so that hypothesis can draw and shrink it. How a lead answers a mail and how sales answers a handoff
are functions of that mail and that handoff alone: whoever lives through it asks when they please, and hears the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from nurture.rules.book import Rulebook
from nurture.rules.hashing import pick
from nurture.segment.event import IncomingEvent
from nurture.sheets.people import Person

Outcome = Literal["sent", "refused", "dead", "put_off"]
"""What the mail server says: it took the mail, it never will, there is no such mailbox, not now."""
Reacts = Literal["click", "open", "scan", "unsubscribe", "complain", "answer"]
"""What follows a mail; `scan` is a program that follows a link."""
Verb = Literal["accept", "tried", "reached", "qualified", "won", "lost", "reject"]

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
SCANNER = "Barracuda Sentinel (EE)"
QUESTION = "timing"
"""What every survey asks."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """Something that somebody does so long after a mail; `detail` is the answer to a survey."""

    after: timedelta
    what: Reacts
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rep does with a handoff so long after it was offered; `reason` where the verb needs one."""

    after: timedelta
    verb: Verb
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Habits:
    """What happens to mails and handoffs; each picks one of the lines by a hash. No lines: nothing."""

    outcomes: tuple[Outcome, ...] = ("sent",)
    reactions: tuple[tuple[Reaction, ...], ...] = ((),)
    answers: tuple[tuple[Answer, ...], ...] = ((),)

    def outcome(self, key: str, campaign: str, step: str, cycle: int) -> Outcome:
        """What the mail server says to this mail, as often as it is tried."""
        return self.outcomes[pick(len(self.outcomes), "outcome", key, campaign, step, str(cycle))]

    def reaction(self, key: str, campaign: str, step: str, cycle: int) -> tuple[Reaction, ...]:
        """What follows this mail once it was taken."""
        return self.reactions[pick(len(self.reactions), "reaction", key, campaign, step, str(cycle))]

    def answer(self, key: str, cycle: int) -> tuple[Answer, ...]:
        """What sales does with this handoff, in order."""
        return self.answers[pick(len(self.answers), "answer", key, str(cycle))]


@dataclass(frozen=True)
class Scenario:
    """Everything that is given; what follows is to be the same, whoever lives it.

    `events` are in order of time. `by_hand`: the campaign into which an operator puts, at the start, whoever may go
    there and is in none.
    """

    book: Rulebook
    people: tuple[Person, ...]
    start: datetime
    weeks: int
    events: tuple[IncomingEvent, ...] = ()
    habits: Habits = Habits()
    by_hand: str | None = None

    @property
    def history(self) -> tuple[IncomingEvent, ...]:
        """What is known when it starts; one request brings it in."""
        return tuple(event for event in self.events if event.occurred_at <= self.start)

    @property
    def later(self) -> tuple[IncomingEvent, ...]:
        """What comes in afterwards, each in a request of its own."""
        return tuple(event for event in self.events if event.occurred_at > self.start)

    @property
    def end(self) -> datetime:
        """Nothing at or after this instant counts."""
        return self.start + timedelta(weeks=self.weeks)
