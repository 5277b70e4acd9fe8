"""Whether one variant of a step does better than another: said only where the counts say so."""

from collections.abc import Mapping, Sequence
from typing import Any

from nurture.reports.report import Report
from nurture.rules.proportions import difference

COMPARED = ("clicked", "requalified")
"""What variants are compared by."""

NO_DIFFERENCE = "no difference yet"


def comparisons(report: Report, order: Mapping[tuple[str, str], Sequence[str]]) -> list[dict[str, Any]]:
    """Every variant of a step against the first one, of those that were sent.

    With k variants there are k - 1 questions of the same counts, so each is answered at a level that much stricter.

    Args:
        report: of campaigns, by variant.
        order: the variants of each step as its file has them; others follow by name.
    """
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    rest = [key for key in report.keys if key != "variant"]
    for row in report.rows:
        if row["variant"] is not None and row["sent"]:
            groups.setdefault(tuple(row[key] for key in rest), []).append(row)
    found = []
    for group, rows in groups.items():
        named = list(order.get((group[rest.index("campaign")], group[rest.index("step")]), ()))
        rows.sort(key=lambda row: named.index(row["variant"]) if row["variant"] in named else len(named))
        for other in rows[1:]:
            where = dict(zip(rest, group, strict=True))
            found += [_compared(where, rows[0], other, what, len(rows) - 1) for what in COMPARED]
    return found


def _compared(
    where: Mapping[str, Any], first: Mapping[str, Any], other: Mapping[str, Any], what: str, comparisons: int
) -> dict[str, Any]:
    has = difference(other[what], other["sent"], first[what], first["sent"], comparisons=comparisons)
    if has is None:
        raise AssertionError("only variants that were sent are compared")
    return {
        **where,
        "variant": other["variant"],
        "against": first["variant"],
        "on": what,
        "difference": has.by,
        "low": has.low,
        "high": has.high,
        "p": has.p,
        "says": NO_DIFFERENCE if not has.differs else "more" if has.by > 0 else "fewer",
    }


def in_words(one: Mapping[str, Any]) -> str:
    """A comparison in one line: percentage points, and between what they may lie."""
    points = f"{one['difference'] * 100:+.1f} points ({one['low'] * 100:+.1f} to {one['high'] * 100:+.1f})"
    says = one["says"] if one["says"] == NO_DIFFERENCE else f"{one['says']} than {one['against']}"
    return f"{one['campaign']}/{one['step']}: {one['variant']} against {one['against']}, {one['on']} {points}: {says}"
