"""One run of sending: what waits, what is under way, what came back and is not recorded yet."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from nurture.app import App, Clock
from nurture.flows.pacing import Pace
from nurture.messages import Mail, Receipt
from nurture.rules.happenings import SendFailed
from nurture.store.deliveries import Answer, Gate


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


@dataclass(frozen=True, slots=True)
class Leased:
    """A mail on its way, and what is needed to tell the rules of its failure."""

    mail: Mail
    lead_id: int
    failure: SendFailed
    tries: int


@dataclass(slots=True)
class Run:
    """One call's work.

    Attributes:
        stop: Whether to begin nothing more.
        waiting: Leased and rendered, not begun.
        under_way: With a connection, by delivery.
        answers: What came back and is not in the database yet.
        failures: What the rules must hear of.
        marks: What came back, as the breaker wants to hear it; `why` has the words of the last bad one.
        trying: Whether these few mails find out if the mailer can be used again.
        halted: Nothing more is begun: the mailer rests, or what was leased has waited too long.
        day: The day of the warm-up that the leased mails are counted on; `counted` of them, of which `left` have left.
        leased_at: When they were leased, by the machine's monotonic clock.
    """

    app: App
    mailer: str
    now: Clock
    stop: Callable[[], bool]
    token: UUID
    gate: Gate
    pace: Pace
    done: Delivered = field(default_factory=Delivered)
    waiting: deque[Leased] = field(default_factory=deque)
    under_way: dict[int, Leased] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    failures: list[tuple[Leased, Receipt]] = field(default_factory=list)
    marks: str = ""
    why: str = ""
    trying: bool = False
    halted: bool = False
    day: date | None = None
    counted: int = 0
    left: int = 0
    leased_at: float = 0.0
