"""Frozen values that rules take and give back: what is known of a lead, of its mails, of what just happened.

Nothing here reads a database or a clock: the store builds these from rows, a test by hand; the rules cannot tell which.
Times are aware, dates are local to the lead unless a name says otherwise, scores are integers of a millionth of a point
(`MICRO`), so that a sum does not depend on the order of its terms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from nurture.values import quick

MICRO = 1_000_000

Stage = Literal["inquiry", "nurture", "mql", "sal", "sql", "customer", "disqualified"]
STAGES: tuple[Stage, ...] = ("inquiry", "nurture", "mql", "sal", "sql", "customer", "disqualified")
WITH_SALES: frozenset[str] = frozenset({"mql", "sal", "sql"})

Grade = Literal["A", "B", "C", "D"]
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")

DeliveryState = Literal["queued", "leased", "sending", "sent", "failed", "unknown", "cancelled"]
DELIVERY_STATES: tuple[DeliveryState, ...] = ("queued", "leased", "sending", "sent", "failed", "unknown", "cancelled")
RECEIVED: frozenset[str] = frozenset({"sending", "sent", "unknown"})
"""States in which the lead has, or may have, the mail: the step counts as received."""
ON_THE_WAY: frozenset[str] = frozenset({"queued", "leased"})
TAKES_A_DAY: frozenset[str] = RECEIVED | ON_THE_WAY
"""States that use up the lead's local day and count towards the limits."""

EnrollmentStatus = Literal["active", "exhausted", "ended"]
Left = str
"""The word an enrollment ended with; `LEFT`, or the `reason` of a campaign's exit line."""
LEFT: tuple[str, ...] = (
    "qualified", "hand_raise", "replied", "unsubscribed", "topic_left", "bounced", "complained", "customer",
    "disqualified", "suppressed", "finished", "moved", "merged", "erased", "no_consent",
)  # fmt: skip

HandoffState = Literal["offered", "accepted", "contacted", "qualified", "won", "lost", "rejected", "returned", "merged"]
HANDOFF_STATES: tuple[HandoffState, ...] = (
    "offered", "accepted", "contacted", "qualified", "won", "lost", "rejected", "returned", "merged",
)  # fmt: skip
OPEN_HANDOFF: frozenset[str] = frozenset({"offered", "accepted", "contacted", "qualified"})

Promise = Literal["accept", "first_attempt", "attempts", "outcome"]
PROMISES: tuple[Promise, ...] = ("accept", "first_attempt", "attempts", "outcome")
"""What sales promises of a handoff: to answer it, to try, to try often enough, to say what became of it."""
RungAction = Literal["remind", "escalate", "reassign", "return_to_nurture", "ask"]
"""What a rung of a promise's ladder does. `ask`: the owner is asked what became of the lead."""

EventKind = Literal["page", "track", "identify", "click", "open", "reply", "answer", "look"]
"""`look`: a page of ours was opened from a mail (to leave, to answer); it tells programs from people, never counts."""
EVENT_KINDS: tuple[EventKind, ...] = ("page", "track", "identify", "click", "open", "reply", "answer", "look")
Basis = Literal["consent", "legitimate_interest", "contract", "existing_customer", "inquiry"]
"""On what ground a lead may be mailed: it agreed; our interest; a contract; it has bought; it has asked us."""
BASES: tuple[Basis, ...] = ("consent", "legitimate_interest", "contract", "existing_customer", "inquiry")

Verdict = Literal["human", "automated", "pending"]
VERDICTS: tuple[Verdict, ...] = ("human", "automated", "pending")

NOTHING: Mapping[str, object] = MappingProxyType({})


def nothing() -> Mapping[str, object]:
    """`NOTHING`. Python 3.11 takes a mapping proxy for a mutable default, so fields get it from here."""
    return NOTHING


PROFILE_FIELDS: tuple[str, ...] = (
    "first_name", "last_name", "title", "company", "country", "timezone", "locale", "industry", "employees", "source",
    "owner",
)  # fmt: skip
"""What is known of a person besides the address; any other key is one of `attributes`."""


@quick
@dataclass(frozen=True, slots=True)
class Profile:
    """Who a lead is. `key` never changes once the lead is known and is what hashes are taken of."""

    key: str
    email: str
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    company: str | None = None
    country: str | None = None
    timezone: str | None = None
    locale: str | None = None
    industry: str | None = None
    employees: int | None = None
    source: str | None = None
    owner: str | None = None
    attributes: Mapping[str, object] = field(default_factory=nothing)


@quick
@dataclass(frozen=True, slots=True)
class EventFact:
    """One thing that a lead did. `name` is a track's event name or an answer's question; `path` a page's path."""

    kind: EventKind
    occurred_at: datetime
    name: str | None = None
    path: str | None = None
    properties: Mapping[str, object] = field(default_factory=nothing)
    verdict: Verdict = "human"
    campaign: str | None = None
    step: str | None = None
    id: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class SignalCount:
    """How often, on one UTC day of the current cycle, a lead did what a matcher asks for; human events only."""

    matcher: str
    day: date
    count: int


@quick
@dataclass(frozen=True, slots=True)
class DeliveryFact:
    """One mail of one step in one cycle. `enrollment` is the ordinal of the lead's enrollment it belongs to.

    `at` is when it left, or when it is to leave while it is queued. `for_good`: it failed and will not be tried again.
    """

    campaign: str
    step: str
    cycle: int
    enrollment: int
    state: DeliveryState
    local_on: date
    at: datetime
    for_good: bool = False


@quick
@dataclass(frozen=True, slots=True)
class EnrollmentFact:
    """A live enrollment. `n` counts the lead's enrollments from 1. `due_at`: when to decide again; None: when woken."""

    n: int
    campaign: str
    cycle: int
    started_at: datetime
    status: EnrollmentStatus = "active"
    due_at: datetime | None = None
    due_until: datetime | None = None
    slow: bool = False


@quick
@dataclass(frozen=True, slots=True)
class PastEnrollment:
    """An enrollment that ended, for `again`."""

    n: int
    campaign: str
    cycle: int
    ended_at: datetime
    left_as: Left


@quick
@dataclass(frozen=True, slots=True)
class BreachFact:
    """A rung of a promise's ladder that was climbed. From 1; rung 0 of `attempts` breaks none (`rules.promises`)."""

    promise: Promise
    rung: int
    action: RungAction
    at: datetime


@quick
@dataclass(frozen=True, slots=True)
class HandoffFact:
    """The handoff that is open for a lead.

    `owner` has it since `given_at` (None: since it was offered). `attempts` are the instants at which somebody tried to
    reach the lead, in order. `breaches` are in the order in which they happened. `imported`: it was opened elsewhere.
    """

    state: HandoffState
    cycle: int
    offered_at: datetime
    owner: str | None = None
    was_customer: bool = False
    hand_raise: bool = False
    accepted_at: datetime | None = None
    given_at: datetime | None = None
    attempts: tuple[datetime, ...] = ()
    breaches: tuple[BreachFact, ...] = ()
    imported: bool = False


class PastNotRead(Exception):
    """A decision needs a part of the lead's past that was not read: read it, and decide again."""


class NotRead(tuple[Any, ...]):
    """Stands for mails or events that have not been read. Whoever looks at one raises `PastNotRead`.

    They can be many, and most decisions look at none of them. Rules stay as they are: they cannot decide anything else
    by what was left out, for they do not decide at all.
    """

    __slots__ = ()

    def _refuse(self, *_: object) -> Any:
        raise PastNotRead

    __iter__ = __len__ = __bool__ = __getitem__ = __contains__ = __add__ = __radd__ = __mul__ = __reversed__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = count = index = _refuse


NOT_READ: Final = NotRead()


@quick
@dataclass(frozen=True)
class LeadState:
    """All that rules know of one lead at one moment. `rules.life.apply` takes one and gives the next.

    `cycles` are (n, started_at) of every cycle, oldest first: an event belongs to the cycle in which it happened, not
    to the one in which it arrived. `reason` is why sales refused last. `mail_from` is the instant before which no
    nurture mail may go (a refusal's `wait`, or the latest time that it is `postponed` to, each for a reason). `ask_at`
    is when to ask again which campaign takes the lead. `engaged_at` is the last human event other than an open.
    `events` is filled only where a condition looks at the past. What could be long and has not been read, `deliveries`
    and `events`, is `NOT_READ`. `tracked`: what it does may be observed. `unconfirmed`: nobody knows yet whether the
    form that it came by was its own. `basis`: on what ground it may be mailed, since `basis_at`; None: on none.
    `won_at`: when sales won it in this cycle, if it is a customer by that; what it did until then sells nothing more.
    """

    profile: Profile
    stage: Stage
    cycle: int
    cycles: tuple[tuple[int, datetime], ...]
    created_at: datetime
    handed_over: bool = False
    refused: bool = False
    reason: str | None = None
    grade: Grade | None = None
    counts: tuple[SignalCount, ...] = ()
    enrollment: EnrollmentFact | None = None
    past: tuple[PastEnrollment, ...] = ()
    deliveries: tuple[DeliveryFact, ...] = ()
    handoff: HandoffFact | None = None
    suppressed: str | None = None
    left_topics: frozenset[str] = frozenset()
    mail_from: datetime | None = None
    ask_at: datetime | None = None
    engaged_at: datetime | None = None
    tracked: bool = True
    unconfirmed: bool = False
    basis: Basis | None = None
    basis_at: datetime | None = None
    postponed: tuple[tuple[str, datetime], ...] = ()
    won_at: datetime | None = None
    events: tuple[EventFact, ...] = ()
    id: int | None = field(default=None, compare=False)


class LeadNames(dict[str, object]):
    """The names under `lead.` of one lead at one moment, never changed.

    `answers` are those of conditions that look at nothing else, by the id of the condition, which is kept with its
    answer so that no other object gets that id: one decision asks the same conditions many times.
    """

    __slots__ = ("answers",)

    def __init__(self, *args: Mapping[str, object]) -> None:
        """Nothing has been asked."""
        super().__init__(*args)
        self.answers: dict[int, tuple[object, bool | None]] = {}


@quick
@dataclass(frozen=True, slots=True)
class Known:
    """What a condition may look at: names in its scope, and what the lead did and received up to `now`.

    `lead` holds every profile field (None where empty), then the attributes, then `email`, `stage`, `cycle`, `grade`,
    `score` (whole points, may be fractional). `event` is the properties of the event that a signal's `if` asks about.
    `events` are human events only. `received` are step ids received in the campaign `campaign["id"]`.
    """

    now: datetime
    lead: Mapping[str, object]
    company: Mapping[str, object] = field(default_factory=nothing)
    campaign: Mapping[str, object] = field(default_factory=nothing)
    step: Mapping[str, object] = field(default_factory=nothing)
    event: Mapping[str, object] | None = None
    events: tuple[EventFact, ...] = ()
    received: frozenset[str] = frozenset()


HeldRule = Literal[
    "not before", "weekday", "holiday", "skipped", "taken", "per_7_days", "per_30_days", "over",
]  # fmt: skip
"""What can move a mail to a later day: a wait, the campaign's weekdays, a holiday, hours that the clocks skip, another
mail on that day, a limit, hours that are over."""


@quick
@dataclass(frozen=True, slots=True)
class Held:
    """One rule that moved a mail to a later day, and in plain words why. Those are found when asked for: few are."""

    rule: HeldRule
    say: Callable[[], str] = field(repr=False, compare=False)


@quick
@dataclass(frozen=True, slots=True)
class Slot:
    """When one mail may go: from `at` until `until`, on the lead's local date `local_on` in `zone`.

    `held` has, in order, each rule that moved the day away from the first one thinkable.
    """

    at: datetime
    until: datetime
    local_on: date
    zone: str
    held: tuple[Held, ...] = ()

    @property
    def held_by(self) -> tuple[str, ...]:
        """The same in plain words."""
        return tuple(held.say() for held in self.held)


@quick
@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One term of a score. `worth` is in micro-points: points · counted · 2^(−age/half-life), by an integer table."""

    signal: str
    day: date
    count: int
    counted: int
    points: int
    age_days: int
    worth: int


@quick
@dataclass(frozen=True, slots=True)
class Score:
    """A score on a UTC day: the sum of its rows, in micro-points. `signals` counts the different ones of some worth."""

    day: date
    micro: int
    rows: tuple[ScoreRow, ...]
    signals: int
