"""One run of sending: what waits, what is under way, what came back and is not recorded yet."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from nurture.app import App, Clock
from nurture.flows.pacing import Pace
from nurture.messages import Mail, Receipt
from nurture.rules.happenings import SendFailed
from nurture.store.deliveries import Answer, Gate, LeasedRow
from nurture.values import quick


@dataclass(slots=True)
class Delivered:
    """What one call did. `more` tells that mails may be waiting still; `held` went back to the queue untried."""

    sent: int = 0
    failed: int = 0
    put_off: int = 0
    held: int = 0
    unknown: int = 0
    cancelled: int = 0
    more: bool = False


@quick
@dataclass(frozen=True, slots=True, eq=False)
class Leased:
    """A mail on its way, and what is needed to tell the rules of its failure. Each is equal to itself alone."""

    mail: Mail
    lead_id: int
    failure: SendFailed
    tries: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails that were leased together.

    Attributes:
        rows: The deliveries, each with its lead's columns.
        now: When.
        leased_at: When, by the machine's monotonic clock.
        trying: Whether these few mails find out if the mailer can be used again.
        day: The day of the warm-up that they are counted on.
    """

    rows: Sequence[LeasedRow]
    now: datetime
    leased_at: float
    trying: bool = False
    day: date | None = None


NONE = Batch((), datetime.min.replace(tzinfo=UTC), 0.0)
"""What there is before anything is leased."""


@dataclass(slots=True)
class Run:
    """One call's work.

    Attributes:
        stop: Whether to begin nothing more.
        batch: What was leased last and is being sent.
        unwritten: Leased, no mail made of it yet.
        waiting: Leased and rendered, not begun.
        under_way: With a connection, by delivery.
        answers: What came back and is not in the database yet.
        failures: What the rules must hear of.
        broken_off: How often the server took leave amid a mail, by delivery.
        marks: What came back, as the breaker wants to hear it; `why` has the words of the last bad one.
        halted: Nothing more is begun: the mailer rests, or what was leased has waited too long.
        left: How many of the batch have left.
    """

    app: App
    mailer: str
    now: Clock
    stop: Callable[[], bool]
    token: UUID
    gate: Gate
    pace: Pace
    done: Delivered = field(default_factory=Delivered)
    batch: Batch = NONE
    unwritten: deque[LeasedRow] = field(default_factory=deque)
    waiting: deque[Leased] = field(default_factory=deque)
    under_way: dict[int, Leased] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    failures: list[tuple[Leased, Receipt]] = field(default_factory=list)
    broken_off: Counter[int] = field(default_factory=Counter)
    marks: str = ""
    why: str = ""
    halted: bool = False
    left: int = 0

    def begin(self, batch: Batch) -> None:
        """Go on with these mails; those before have all been begun, answered or given back."""
        self.batch = batch
        self.unwritten.extend(batch.rows)
        self.halted = False
        self.left = 0

    @property
    def trying(self) -> bool:
        """Whether these few mails find out if the mailer can be used again."""
        return self.batch.trying

    @property
    def any_left(self) -> bool:
        """Whether mails are leased and not begun."""
        return bool(self.waiting or self.unwritten)
