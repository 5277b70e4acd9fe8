"""Reports over made-up histories: against brute force, against their own rows, against each other."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.app import App
from nurture.db import transaction
from nurture.reports.catalogue import REPORTS
from nurture.reports.report import Report
from tests.databases import empty
from tests.reports.histories import FIRST, NOW, write_history
from tests.reports.oracle import ORACLES, Counts, Tables, percentile

SPANS = (
    (None, None),
    (FIRST + timedelta(days=4), FIRST + timedelta(days=16)),
    (FIRST + timedelta(days=9, hours=1), None),
    (None, FIRST + timedelta(days=9, hours=1)),
)
BY: dict[str, Sequence[tuple[str, ...] | None]] = {
    "funnel": (None, ("source",), ("campaign",), ("grade", "month"), ("rep",), ("rep", "week")),
    "rejects": (None, ("source",), ("campaign",), ("rep", "month")),
    "sla": (None, ("rep",), ("week",), ("campaign", "cycle")),
    "recycled": (None, ("source",), ("rep",)),
    "interest": (None, ("month",)),
    "grades": (None, ("campaign",), ("rep", "week")),
    "campaigns": (None, ("cycle",), ("source", "month")),
    "delivery": (None, ("domain",), ("provider", "state"), ("campaign", "week")),
}
A_HISTORY = given(seed=st.integers(0, 10**6), span=st.sampled_from(SPANS))
FEW = settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(FEW, max_examples=40)


def history(app: App, seed: int) -> Tables:
    empty(app.engine)
    with transaction(app.engine) as db:
        write_history(db, seed)
        return Tables(db, app.agreement, NOW)


def made(app: App, name: str, span: tuple[datetime | None, datetime | None], by: Sequence[str] | None) -> Report:
    return REPORTS[name](app, since=span[0], until=span[1], now=NOW, by=by)


def near(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(one == pytest.approx(other))


@FEW
@A_HISTORY
def test_every_number_is_what_brute_force_finds(app: App, seed: int, span: tuple[datetime | None, ...]) -> None:
    hold_against_brute_force(app, seed, span, {name: (None, by[seed % len(by)]) for name, by in BY.items()})


@pytest.mark.soak
@pytest.mark.timeout(1800)
@MANY
@A_HISTORY
def test_every_number_is_what_brute_force_finds_in_many(app: App, seed: int, span: tuple[datetime | None, ...]) -> None:
    hold_against_brute_force(app, seed, span, BY)


def hold_against_brute_force(
    app: App, seed: int, span: tuple[datetime | None, ...], asked: Mapping[str, Sequence[tuple[str, ...] | None]]
) -> None:
    tables = history(app, seed)
    since, until = span

    def inside(at: datetime) -> bool:
        return (since is None or at >= since) and (until is None or at < until)

    for name, oracle in ORACLES.items():
        for by in dict.fromkeys(asked[name]):
            report = made(app, name, (since, until), by)
            expected = Counts(report.keys, inside)
            oracle(tables, expected)
            found = {tuple(row[key] for key in report.keys): row for row in report.rows}
            assert len(found) == len(report.rows)
            assert set(found) == {key for key, row in expected.rows.items() if any(row.values())} | set(found)
            for key, row in found.items():
                for column, value in row.items():
                    if key in expected.rows and column in expected.rows[key]:
                        assert near(value, expected.rows[key][column]), (name, by, key, column)
                    elif column not in report.keys and column in {c for r in expected.rows.values() for c in r}:
                        assert not value, (name, by, key, column)


@FEW
@A_HISTORY
def test_every_number_can_be_followed_to_its_rows(app: App, seed: int, span: tuple[datetime | None, ...]) -> None:
    follow_numbers(app, seed, span, most=12)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@MANY
@A_HISTORY
def test_every_number_can_be_followed_to_its_rows_in_many(
    app: App, seed: int, span: tuple[datetime | None, ...]
) -> None:
    follow_numbers(app, seed, span, most=100)


def follow_numbers(app: App, seed: int, span: tuple[datetime | None, ...], *, most: int) -> None:
    history(app, seed)
    chance = Random(seed)
    for name in REPORTS:
        report = made(app, name, (span[0], span[1]), BY[name][seed % len(BY[name])])
        there = list(numbers(report))
        for row, (column, value) in chance.sample(there, min(most, len(there))):
            where = {key: "" if row[key] is None else str(row[key]) for key in report.keys if key in row}
            rows = report.rows_of(column, where).rows
            assert near(value, recomputed(report, column, rows)), (name, where, column)


def numbers(report: Report) -> Iterator[tuple[dict[str, Any], tuple[str, Any]]]:
    """Every number of every row, and of the total."""
    for row, column in product((*report.rows, report.total), report.columns):
        if column not in report.keys and not column.endswith(("_low", "_high")) and column in row:
            yield dict(row), (column, row[column])


def recomputed(report: Report, column: str, rows: Sequence[dict[str, Any]]) -> float | None:
    figure = next(one for one in report.figures if column in one.columns)
    if figure.kind == "count":
        return len(rows) or (None if column == "delivered" and report.name == "campaigns" else 0)
    if column != figure.name:
        return len(rows)
    if figure.kind in ("share", "mix"):
        return sum(row["holds"] for row in rows) / len(rows) if rows else None
    values = [row["value"] for row in rows]
    if figure.kind == "mean":
        return sum(values) / len(values) if values else None
    return percentile(values, 0.5 if figure.kind == "median" else 0.9)


@FEW
@A_HISTORY
def test_reports_agree_with_each_other(app: App, seed: int, span: tuple[datetime | None, ...]) -> None:
    history(app, seed)
    by_name = {name: made(app, name, (span[0], span[1]), None) for name in REPORTS}
    total = {name: report.total for name, report in by_name.items()}
    handed = {total["sla"]["volume"], total["grades"]["handed_over"], total["recycled"]["handed_over"]}
    by_rep = made(app, "funnel", (span[0], span[1]), ("rep",))
    assert handed == {total["funnel"]["mql"]} == {by_rep.total["handed_over"]}
    for state in ("won", "lost"):
        assert total["funnel"][state] == total["grades"][state] == total["recycled"][state]
    assert total["interest"]["leads"] == total["funnel"]["inquiry"]
    assert total["campaigns"]["sent"] == total["delivery"]["sent"]
    assert total["sla"]["volume"] == sum(total["sla"][word] for word in ("met", "breached", "pending"))
    closed = ("won", "lost", "rejected", "returned", "open")
    assert total["funnel"]["mql"] == sum(total["funnel"][word] for word in closed)
    for report in by_name.values():
        for figure in report.figures:
            if figure.kind == "count":
                assert sum(row[figure.name] or 0 for row in report.rows) == (report.total[figure.name] or 0)
            if figure.kind == "mix" and report.rows and report.total[figure.part_of]:
                assert sum(row[figure.name] for row in report.rows) == pytest.approx(1)
