"""What a simulation tells: one `Lived` for each lead, with its mails, handoffs and exits in order of time."""

from dataclasses import dataclass, field
from datetime import date, datetime

from nurture.facts import Grade, LeadState, Promise, RungAction, Score
from nurture.values import quick

SLOW_DOWN = "slow-down"
"""Held back because the lead left so many mails in a row unanswered."""


@quick
@dataclass(frozen=True, slots=True)
class Delivery:
    """A mail that the mail server took `at`, on the lead's local date `local_on` in `zone`.

    `held` names the rules that moved it to a later day than the first thinkable one, in order: `SLOW_DOWN`, and those
    of `nurture.facts.HeldRule`. `state` is the lead's as the mail left.
    """

    at: datetime
    lead: str
    campaign: str
    step: str
    cycle: int
    enrollment: int
    variant: str | None
    template: str
    local_on: date
    zone: str
    state: LeadState = field(repr=False, compare=False)
    held: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Climbed:
    """A rung of a promise's ladder that was climbed; `lines` are those of `assign` that fitted the lead then."""

    at: datetime
    promise: Promise
    rung: int
    action: RungAction
    lines: tuple[int, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Handoff:
    """A lead that was offered to sales, and how that ended (None: it is open still).

    `lines` are the lines of `assign` that fit the lead; `owner` is whose it was before, if anybody's. `rungs` are those
    that were climbed because a promise was late.
    """

    at: datetime
    lead: str
    cycle: int
    grade: Grade
    score: Score
    because: str
    hand_raise: bool
    ended_as: str | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    lines: tuple[int, ...] = ()
    owner: str | None = None
    rungs: tuple[Climbed, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Exit:
    """An enrollment that ended, with its word."""

    at: datetime
    lead: str
    campaign: str
    cycle: int
    reason: str


@quick
@dataclass(frozen=True, slots=True)
class RanOut:
    """A campaign had nothing left for the lead."""

    at: datetime
    lead: str
    campaign: str


@quick
@dataclass(frozen=True, slots=True)
class Waited:
    """A refusal's `wait` kept mail back until then."""

    at: datetime
    lead: str
    reason: str
    until: datetime


@quick
@dataclass(frozen=True, slots=True)
class OwnerTold:
    """The lead's owner is told what the lead did: the first time on a day of sales, which is when a mail goes."""

    at: datetime
    lead: str
    signals: tuple[str, ...]


@dataclass(slots=True)
class Lived:
    """One lead's life from the start to the end; `state` is where it stands then.

    `failed` counts the mails that were not taken, by what the mail server said. `entered` names the campaigns that took
    the lead, in order, as often as they did. `line` is where in the file it stands; 0 for a lead that events brought.
    """

    lead: str
    line: int
    state: LeadState
    deliveries: list[Delivery] = field(default_factory=list)
    handoffs: list[Handoff] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    ran_out: list[RanOut] = field(default_factory=list)
    waited: list[Waited] = field(default_factory=list)
    told: list[OwnerTold] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
