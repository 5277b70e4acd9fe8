"""What a measure is, and what it hands in: figures of ours and of a floor, taken by turns in one run.

A measure is a module with `measure(options) -> Iterable[Measured]`. Machines differ, and one machine differs from hour
to hour, so what counts is the ratio of two things done by turns; the figures beside it only say of what it is one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

RUNS = 5
"""Rounds at least, of which the median counts."""
QUICK_RUNS = 1


class Skipped(Exception):
    """Cannot be measured here; the message says why."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure. `quick` shrinks everything: it proves that the measure runs, and its figures mean nothing."""

    quick: bool = False
    runs: int = RUNS
    asked: Mapping[str, str] = field(default_factory=dict)
    """What only some measures know, by name (`--set leads=100000`), as it was said."""

    def number(self, name: str, usual: int, quick: int) -> int:
        """A size by which a measure can be made longer or shorter: as asked, else the usual or the quick one."""
        said = self.asked.get(name)
        return int(said.replace("_", "").replace(",", "")) if said else quick if self.quick else usual


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached: so much at least, or at most, of the ratio or (`of="ours"`) of our own figure."""

    least: float | None = None
    most: float | None = None
    of: str = "ratio"

    def __str__(self) -> str:
        sign, number = ("≥", self.least) if self.least is not None else ("≤", self.most)
        return f"{self.of} {sign} {_short(number)}"

    def is_reached(self, value: float | None) -> bool:
        """Whether this value is good enough; one that is not there is not."""
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure: ours, the floor's (None where there is none), and how the first is to the second.

    `runs` rounds were measured, `ours` and `floor` are medians of them, in `unit`. What else is worth knowing stands in
    `more`, which goes to the JSON as it is; `note` is a sentence for the table.
    """

    name: str
    ours: float
    floor: float | None
    ratio: float | None
    unit: str
    runs: int
    note: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    target: Target | None = None

    @property
    def is_reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.target.is_reached(self.ours if self.target.of == "ours" else self.ratio)

    def as_json(self) -> dict[str, Any]:
        """What stands in the JSON under its name."""
        said: dict[str, Any] = {
            "ours": self.ours, "floor": self.floor, "ratio": self.ratio, "unit": self.unit, "runs": self.runs,
        }  # fmt: skip
        if self.target is not None:
            said |= {"target": str(self.target), "reached": self.is_reached}
        return {**said, **({"note": self.note} if self.note else {}), **self.more}

    @classmethod
    def from_json(cls, name: str, said: Mapping[str, Any]) -> "Measured":
        """Give back what `as_json` said, for the table; the target is read from its words."""
        known = {key: said[key] for key in ("ours", "floor", "ratio", "unit", "runs")}
        return cls(name, **known, note=said.get("note", ""), target=_target(said.get("target")))


def by_turns(sides: Mapping[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """Measure each side once a round, every other round in the other order, so that none has the better half."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(runs):
        for name in list(sides) if turn % 2 == 0 else reversed(list(sides)):
            found[name].append(sides[name]())
    return found


def against(
    name: str,
    ours: Sequence[float],
    floor: Sequence[float],
    unit: str,
    *,
    target: Target | None = None,
    note: str = "",
    more: Mapping[str, Any] | None = None,
) -> Measured:
    """Two rows of figures that were taken by turns: their medians, the ratio of these, and how far rounds differed."""
    ratios = [one / other for one, other in zip(ours, floor, strict=True)]
    mine, its = median(ours), median(floor)
    beside = {
        "rounds": {"ours": _rounded(ours), "floor": _rounded(floor)},
        "ratios": _rounded([min(ratios), max(ratios)]),
        **(more or {}),
    }
    ratio = float(f"{mine / its:.4g}")
    return Measured(name, _figure(mine), _figure(its), ratio, unit, len(ours), note, beside, target)


def alone(
    name: str,
    ours: Sequence[float],
    unit: str,
    *,
    target: Target | None = None,
    note: str = "",
    more: Mapping[str, Any] | None = None,
) -> Measured:
    """A row of figures with nothing to hold it against: the median, and the least and the most."""
    beside = {"rounds": {"ours": _rounded(ours)}, **(more or {})}
    return Measured(name, _figure(median(ours)), None, None, unit, len(ours), note, beside, target)


def table(measured: Iterable[Measured]) -> str:
    """Everything in rows, what was to be reached beside what was."""
    head = ("measure", "ours", "floor", "unit", "ratio", "target", "", "runs", "")
    rows = [
        (one.name, _short(one.ours), _short(one.floor), one.unit, _short(one.ratio), str(one.target or ""),
         {True: "reached", False: "MISSED", None: ""}[one.is_reached], str(one.runs), one.note)
        for one in measured
    ]  # fmt: skip
    sides = ("<", ">", ">", "<", ">", "<", "<", ">", "<")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    forms = [f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True)]
    return "\n".join("  ".join(map(str.format, forms, row)).rstrip() for row in [head, *rows])


def _target(said: str | None) -> Target | None:
    if not said:
        return None
    of, sign, number = said.split(" ")
    value = float(number.replace(",", ""))
    return Target(least=value, of=of) if sign == "≥" else Target(most=value, of=of)


def _figure(value: float) -> float:
    return float(f"{value:.4g}") if abs(value) < 1000 else round(value)


def _rounded(values: Sequence[float]) -> list[float]:
    return [_figure(value) for value in values]


def _short(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"
