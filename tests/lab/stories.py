"""What happened in a scenario, and how two stories of it differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Sent:
    """A mail that the server took: `at` is when."""

    lead: str
    at: datetime
    campaign: str
    step: str
    cycle: int
    variant: str
    local_on: str


@dataclass(frozen=True, slots=True, order=True)
class Offered:
    """A lead that was handed to sales; `rep` is whom it was offered to."""

    lead: str
    at: datetime
    cycle: int
    grade: str
    score_micro: int
    hand_raise: bool
    because: str
    rep: str


@dataclass(frozen=True, slots=True, order=True)
class Left:
    """An enrollment that ended, with its word."""

    lead: str
    at: datetime
    campaign: str
    cycle: int
    word: str


@dataclass(frozen=True, slots=True, order=True)
class Stands:
    """Where a lead stands at the end, and what would be next. `failed`: how often a mail to it was not taken."""

    lead: str
    stage: str
    cycle: int
    grade: str
    campaign: str
    status: str
    due_at: str
    slow: bool
    suppressed: str
    failed: int


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, in the order of leads and time, and where everybody ended."""

    sent: tuple[Sent, ...]
    offered: tuple[Offered, ...]
    left: tuple[Left, ...]
    stands: tuple[Stands, ...]

    @classmethod
    def of(
        cls, sent: Sequence[Sent], offered: Sequence[Offered], left: Sequence[Left], stands: Sequence[Stands]
    ) -> "Story":
        """A story told in any order."""
        return cls(tuple(sorted(sent)), tuple(sorted(offered)), tuple(sorted(left)), tuple(sorted(stands)))


def differences(one: Story, other: Story, names: tuple[str, str] = ("production", "simulation")) -> list[str]:
    """What only one of two stories tells, a line each; none where they are the same."""
    lines = []
    for kind in ("sent", "offered", "left", "stands"):
        told: tuple[Sequence[object], Sequence[object]] = (getattr(one, kind), getattr(other, kind))
        for name, mine, its in ((names[0], *told), (names[1], *reversed(told))):
            rest = list(its)
            for entry in mine:
                if entry in rest:
                    rest.remove(entry)
                else:
                    lines.append(f"only in {name}: {entry}")
    return lines
