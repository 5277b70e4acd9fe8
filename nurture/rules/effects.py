"""What follows from a happening, each one fact, in order. The store writes these; `lab` only counts them."""

from dataclasses import dataclass, field
from datetime import date, datetime

from nurture.facts import EnrollmentFact, EnrollmentStatus, Grade, Left, Promise, RungAction, Score, Slot, Stage
from nurture.values import quick


@quick
@dataclass(frozen=True, slots=True)
class StageChanged:
    """The lead stands elsewhere now."""

    before: Stage
    after: Stage
    because: str


@quick
@dataclass(frozen=True, slots=True)
class GradeChanged:
    """How well the lead fits has changed."""

    grade: Grade


@quick
@dataclass(frozen=True, slots=True)
class ScoreChanged:
    """The score as decided on now."""

    score: Score


@quick
@dataclass(frozen=True, slots=True)
class Counted:
    """A day's count of a matcher went up in the cycle in which it happened."""

    cycle: int
    matcher: str
    day: date
    by: int


@quick
@dataclass(frozen=True, slots=True)
class Engaged:
    """The lead's last human event other than an open."""

    at: datetime


@quick
@dataclass(frozen=True, slots=True)
class Answered:
    """A survey's answer became an attribute of the lead."""

    question: str
    answer: str


@quick
@dataclass(frozen=True, slots=True)
class CycleBegan:
    """A new round. `rewound`: the first refusal of a lead never handed over: what came before is cycle 0."""

    n: int
    at: datetime
    reason: str
    note: str
    by: str
    rewound: bool


@quick
@dataclass(frozen=True, slots=True)
class Enrolled:
    """A campaign took the lead; `slot` is when its first mail may go, and what moved that."""

    enrollment: EnrollmentFact
    slot: Slot | None = field(default=None, compare=False)


@quick
@dataclass(frozen=True, slots=True)
class Planned:
    """The live enrollment's next decision was set; `slot` is when its next mail may go, and what moved that."""

    n: int
    status: EnrollmentStatus
    due_at: datetime | None
    due_until: datetime | None
    slow: bool
    slot: Slot | None = field(default=None, compare=False)


@quick
@dataclass(frozen=True, slots=True)
class LeftCampaign:
    """The live enrollment ended, with its word."""

    n: int
    campaign: str
    word: Left


@quick
@dataclass(frozen=True, slots=True)
class Queued:
    """A mail is to be sent in this slot. The same step of the same cycle always is the same delivery."""

    campaign: str
    step: str
    cycle: int
    enrollment: int
    variant: str | None
    template: str
    slot: Slot


@quick
@dataclass(frozen=True, slots=True)
class Cancelled:
    """Mails on their way do not go; the rule says why."""

    rule: str


@quick
@dataclass(frozen=True, slots=True)
class HandedOver:
    """The lead is offered to sales. `because` is the rule that offers it, in words.

    `raised_by`: the signal by which it raised its hand, or `replied`; then `said` is what it wrote.
    """

    cycle: int
    grade: Grade
    score: Score
    hand_raise: bool
    because: str
    was_customer: bool
    raised_by: str | None = None
    said: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class HandoffMoved:
    """The open handoff changed its state; a refusal carries its reason. `owner`: who has it now, where that is new."""

    state: str
    by: str
    reason: str | None = None
    note: str = ""
    owner: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Breached:
    """A rung of a promise's ladder is climbed, while the handoff is `owner`'s; a return is told by `HandoffMoved` too.

    The rung was due at `due_at`; the promise is late since `owed_at`.
    Rung 0 of `attempts` breaks no promise: all were made, and nobody was reached who had raised a hand.
    """

    promise: Promise
    rung: int
    action: RungAction
    owed_at: datetime
    due_at: datetime
    owner: str | None


@quick
@dataclass(frozen=True, slots=True)
class OwnerTold:
    """The lead did what its owner is to be told: how often what each of these signals asks for, the last time `at`.

    `owner` None: whoever sales kept the lead with when its last handoff ended, if anybody.
    """

    did: tuple[tuple[str, int], ...]
    at: datetime
    owner: str | None


@quick
@dataclass(frozen=True, slots=True)
class Suppressed:
    """The address is not to be mailed from now on."""

    reason: str


@quick
@dataclass(frozen=True, slots=True)
class WaitsUntil:
    """No nurture mail before `mail_from`; who takes the lead is asked again at `ask_at`."""

    mail_from: datetime | None
    ask_at: datetime | None


@quick
@dataclass(frozen=True, slots=True)
class PutOff:
    """The lead's mail is postponed for this reason until then; a time that has come takes the reason back."""

    because: str
    until: datetime


Effect = (
    StageChanged
    | GradeChanged
    | ScoreChanged
    | Counted
    | Engaged
    | Answered
    | CycleBegan
    | Enrolled
    | Planned
    | LeftCampaign
    | Queued
    | Cancelled
    | HandedOver
    | HandoffMoved
    | Breached
    | OwnerTold
    | Suppressed
    | WaitsUntil
    | PutOff
)
