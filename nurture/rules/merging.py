"""What becomes of two leads that turn out to be one person: which lives on, and what it is then. Pure.

Nothing that either did, got or was told is lost; where they contradict each other, the stricter or the later one holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nurture.facts import PROFILE_FIELDS
from nurture.rules.profiles import Changes, fitting
from nurture.rules.suppressing import WISHES

_HANDOFFS = ("offered", "accepted", "contacted", "qualified")
"""Open handoffs, the furthest last."""
_STAGES = ("inquiry", "nurture", "disqualified", "customer", "mql", "sal", "sql")
"""Of two stages the later one here holds: sales has the last word, and what is known goes before what is not."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the leads, as far as it matters for which one lives on."""

    id: int
    stage: str
    created_at: datetime
    handoff: str | None = None
    mailed: bool = False


def kept(sides: Sequence[Side]) -> int:
    """The lead that lives on where nobody says which.

    The one that is furthest with sales; else one that has got mail, so that no event sends a person's mail elsewhere;
    else the older one.
    """
    return max(sides, key=lambda side: (*_with_sales(side), side.mailed, -side.created_at.timestamp(), -side.id)).id


def how_far(handoff: str | None) -> int:
    """How far sales is with a lead in an open handoff of this state; -1 without one."""
    return -1 if handoff is None else _HANDOFFS.index(handoff)


def _with_sales(side: Side) -> tuple[int, int]:
    return how_far(side.handoff), max(_STAGES.index(side.stage), _STAGES.index("disqualified"))


def goes_on(mine: tuple[str, datetime], others: tuple[str, datetime]) -> bool:
    """Whether the kept lead's open handoff, as (state, offered_at), goes on rather than the other's."""
    ahead, behind = how_far(mine[0]), how_far(others[0])
    return ahead > behind or (ahead == behind and mine[1] <= others[1])


def stage(one: str, other: str, *, handoff: str | None) -> str:
    """Where the person stands: where an open handoff is, else the further of the two stages."""
    if handoff is not None:
        return {"offered": "mql", "accepted": "sal", "contacted": "sal", "qualified": "sql"}[handoff]
    return max(one, other, key=_STAGES.index)


def wish(reasons: Sequence[str]) -> str | None:
    """The strictest wish among reasons not to be mailed; None where none is a person's wish."""
    return max((reason for reason in reasons if reason in WISHES), key=list(WISHES).index, default=None)


def postponed(keep: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """What mail is postponed for, by reason, as ISO times: the later of the two."""
    times = [*keep.items(), *other.items()]
    return dict(sorted(times, key=lambda one: datetime.fromisoformat(one[1])))


def profile(keep: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[dict[str, Any], Changes]:
    """The profile's fields and `attributes` afterwards, and what changed: the other fills what is empty."""
    values: dict[str, Any] = {}
    changes: Changes = {}
    for field in PROFILE_FIELDS:
        empty = keep[field] in (None, "")
        values[field] = other[field] if empty else keep[field]
        if empty and values[field] not in (None, ""):
            changes[field] = [keep[field], values[field]]
    mine = keep["attributes"]
    empty_here = {name: value for name, value in other["attributes"].items() if mine.get(name) in (None, "")}
    filled = fitting(mine, empty_here)
    values["attributes"] = {**mine, **filled}
    changes |= {name: [mine.get(name), value] for name, value in filled.items() if value not in (None, "")}
    return values, changes


@dataclass(frozen=True, slots=True)
class Round:
    """A cycle: when it began, and the refusal that began it."""

    n: int
    started_at: datetime
    reason: str | None = None
    note: str | None = None
    refused_by: str | None = None


@dataclass(frozen=True, slots=True)
class Rounds:
    """The cycles of the one person, and the new number of each old one."""

    cycles: tuple[Round, ...]
    of_kept: Mapping[int, int]
    of_other: Mapping[int, int]


def rounds(keep: Sequence[Round], other: Sequence[Round]) -> Rounds:
    """Every refusal of either began a cycle, in the order of time; before them all is one beginning.

    So what sales refused once, whoever of the two it was, does not bounce straight back.
    """
    both = [(one, True) for one in keep] + [(one, False) for one in other]
    beginnings = [(one[0], mine) for one, mine in ((keep, True), (other, False)) if one[0].reason is None]
    later = sorted(
        (pair for pair in both if pair not in beginnings),
        key=lambda pair: (pair[0].started_at, pair[0].n, not pair[1]),
    )
    number = min(one.n for one, _ in both)
    maps: dict[bool, dict[int, int]] = {mine: {one.n: number} for one, mine in beginnings}
    cycles = [Round(number, min(one.started_at for one, _ in both))] if beginnings else []
    for one, mine in later:
        number = cycles[-1].n + 1 if cycles else number
        cycles.append(Round(number, one.started_at, one.reason, one.note, one.refused_by))
        maps.setdefault(mine, {})[one.n] = number
    return Rounds(tuple(cycles), maps.get(True, {}), maps.get(False, {}))
