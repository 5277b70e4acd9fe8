"""`/api/reports/{name}`: what `nurture report` prints, number for number."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from nurture.app import App
from nurture.errors import UsageError
from nurture.grammar.mistakes import Mistake
from nurture.reports.catalogue import REPORTS, report_named
from nurture.sheets import cells
from nurture.web.api import examples, shapes
from nurture.web.api.answers import answers, answers_problem
from nurture.web.api.asking import TheApp, as_json
from nurture.web.api.problems import INVALID, NOT_FOUND, Fault, Problem

router = APIRouter(tags=["reports"])

MOST_ROWS = 10_000
"""Rows of one listing: all of it is put together in memory."""

_WHEN = "A date, which begins where the company is, or a time."
Name = Annotated[str, Path(description=", ".join(REPORTS), examples=["rejects"], max_length=40)]


class ReportFilter(BaseModel):
    """What a report is asked for."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        str | None, Field(max_length=40, description=f"From then on. {_WHEN}", examples=["2026-01-01"])
    ] = None
    until: Annotated[str | None, Field(max_length=40, description=f"Until then, not included. {_WHEN}")] = None
    by: Annotated[
        str | None, Field(max_length=200, description="Group by this; several with commas.", examples=["source"])
    ] = None
    rows: Annotated[
        str | None,
        Field(
            max_length=60, description="Instead of numbers: the rows that this column's were made of, 10,000 at most."
        ),
    ] = None
    where: Annotated[
        list[str], Field(max_length=10, description="With `rows`: only of the row with `KEY=VALUE`; may come again.")
    ] = []


@router.get("/reports/{name}", responses=answers(shapes.Report, examples.REPORT) | answers_problem(NOT_FOUND),
            summary="Make a report")  # fmt: skip
def make_report(app: TheApp, name: Name, asked: Annotated[ReportFilter, Query()]) -> Response:
    """What marketing and sales learn. `docs/reports.md` defines every number."""
    make = report_named(name)
    since, until = (_instant(app, key, getattr(asked, key)) for key in ("since", "until"))
    if since and until and until <= since:
        raise _wrong("until", "it is not after `since`")
    by = None if asked.by is None else tuple(key.strip() for key in asked.by.split(",") if key.strip())
    try:
        report = make(app, since=since, until=until, now=app.now(), by=by)
    except UsageError as mistake:
        raise _wrong("by", str(mistake).removeprefix("--by: ")) from None
    if asked.rows is None:
        return as_json(report.document())
    try:
        listing = report.rows_of(asked.rows, _where(asked.where), most=MOST_ROWS + 1)
    except UsageError as mistake:
        raise _wrong("rows", str(mistake)) from None
    if len(listing.rows) > MOST_ROWS:
        raise _wrong("rows", f"there are more than {MOST_ROWS:,}; ask for fewer by `since`, `until` or `where`")
    shown: dict[str, Any] = {"report": report.name, "since": report.since, "until": report.until}
    return as_json({**shown, "rows": list(listing.rows), "column": listing.column, "where": dict(listing.where)})


def _instant(app: App, name: str, said: str | None) -> datetime | None:
    try:
        return None if said is None else cells.instant(said, app.agreement.company.timezone)
    except Mistake as mistake:
        raise _wrong(name, str(mistake)) from None


def _where(said: list[str]) -> dict[str, str]:
    asked = {}
    for one in said:
        key, sign, text = one.partition("=")
        if not sign:
            raise _wrong("where", f"say KEY=VALUE, such as source=website; {one[:40]!r} is none")
        asked[key.strip()] = text
    return asked


def _wrong(parameter: str, detail: str) -> Problem:
    return Problem(INVALID, f"`{parameter}`: {detail}", [Fault(detail, parameter=parameter)])
