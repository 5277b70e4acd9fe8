"""Events given to the leads whose browser or user id they name, and taken from those whose they turn out not to be."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, TextClause, text

from nurture.segment.ownership import Span

_COLUMNS = (
    "event.id, event.lead_id, event.kind, event.occurred_at, event.name, event.path, event.properties, "
    "event.campaign, event.step, event.verdict"
)
_SPANS = """
    unnest(CAST(:visitors AS text[]), CAST(:lead_ids AS bigint[]), CAST(:since AS timestamptz[]),
           CAST(:until AS timestamptz[])) AS u(visitor, lead_id, since, until)
"""
_WITHIN = """
    anonymous_id = u.visitor AND occurred_at >= coalesce(u.since, '-infinity')
    AND occurred_at < coalesce(u.until, 'infinity')
"""
_USERS = "unnest(CAST(:users AS text[]), CAST(:lead_ids AS bigint[])) AS u(user_id, lead_id)"


def _each(asked: str, condition: str) -> TextClause:
    """Look up the events of each one that is asked for: with a join, all months might be read from end to end."""
    return text(
        f"""
        SELECT e.id, e.month, e.lead_id, u.lead_id AS lead_to_be FROM {asked} CROSS JOIN LATERAL (
            SELECT id, month, lead_id FROM event WHERE {condition} OFFSET 0
        ) AS e
        """  # noqa: S608 - constants of this file
    )


_NOBODYS_VISITS = _each(_SPANS, f"{_WITHIN} AND lead_id IS NULL")
_OTHERS_VISITS = _each(_SPANS, f"{_WITHIN} AND inferred AND lead_id <> u.lead_id")
_NOBODYS_ACTS = _each(_USERS, "user_id = u.user_id AND lead_id IS NULL")
_INFERRED_ACTS = _each(_USERS, "user_id = u.user_id AND inferred")
_HOLDERS = text(
    """
    SELECT DISTINCT e.lead_id FROM unnest(CAST(:users AS text[])) AS u(user_id) CROSS JOIN LATERAL (
        SELECT lead_id FROM event WHERE user_id = u.user_id AND inferred OFFSET 0
    ) AS e
    """
)

_CHANGE = """
    UPDATE event SET lead_id = u.lead_id, inferred = :inferred
    FROM unnest(CAST(:ids AS bigint[]), CAST(:lead_ids AS bigint[])) AS u(id, lead_id)
    WHERE event.month = :month AND event.id = ANY(:ids) AND event.id = u.id
"""
"""A month at a time: of several together PostgreSQL would read all, where it need only look up a few events."""
_GIVE = text(f"{_CHANGE} AND event.lead_id IS NULL RETURNING {_COLUMNS}")
_TAKE = text(f"{_CHANGE} AND event.inferred")

_MONTH, _MONTH_AND_ID = itemgetter(1), itemgetter(1, 0)

Spans = Sequence[tuple[str, Span[int]]]
"""Browsers, each with a time in which it belongs to another lead than its events do."""


def holders(db: Connection, users: Collection[str]) -> set[int]:
    """The leads that were given events of these user ids for the browser's sake."""
    return set(db.execute(_HOLDERS, {"users": list(users)}).scalars()) if users else set()


def take(db: Connection, spans: Spans, users: Mapping[str, int]) -> set[int]:
    """Take events from leads whose they are not; gives those leads, whose counts are wrong now.

    Only events that name nobody themselves move. All the leads concerned must be locked.
    """
    found: list[Row[Any]] = []
    if spans:
        found += db.execute(_OTHERS_VISITS, _columns(spans)).all()
        _write(db, _TAKE, [(row.id, row.month, None) for row in found], inferred=False)
    if users:
        acts = db.execute(_INFERRED_ACTS, _users(users)).all()
        kept = [(row.id, row.month, row.lead_id) for row in acts if row.lead_id == row.lead_to_be]
        others = [row for row in acts if row.lead_id != row.lead_to_be]
        _write(db, _TAKE, [*kept, *((row.id, row.month, None) for row in others)], inferred=False)
        found += others
    return {row.lead_id for row in found}


def give(db: Connection, spans: Spans, users: Mapping[str, int]) -> list[Row[Any]]:
    """Give events that are nobody's to the leads whose they are; gives those. A user id goes before a browser."""
    given: list[Row[Any]] = []
    if users:
        given += _given(db, db.execute(_NOBODYS_ACTS, _users(users)).all(), inferred=False)
    if spans:
        given += _given(db, db.execute(_NOBODYS_VISITS, _columns(spans)).all(), inferred=True)
    return given


def _given(db: Connection, found: Sequence[Row[Any]], *, inferred: bool) -> Sequence[Row[Any]]:
    return _write(db, _GIVE, [(row.id, row.month, row.lead_to_be) for row in found], inferred=inferred)


def _write(
    db: Connection, statement: TextClause, changes: Sequence[tuple[int, date, int | None]], *, inferred: bool
) -> Sequence[Row[Any]]:
    """Change whose events are; gives what the statement returns."""
    written: list[Row[Any]] = []
    for month, those in groupby(sorted(changes, key=_MONTH_AND_ID), key=_MONTH):
        ids, _, lead_ids = map(list, zip(*those, strict=True))
        values = {"ids": ids, "month": month, "lead_ids": lead_ids, "inferred": inferred}
        result = db.execute(statement, values)
        written += result.all() if result.returns_rows else ()
    return written


def _users(users: Mapping[str, int]) -> dict[str, Any]:
    return {"users": list(users), "lead_ids": list(users.values())}


def _columns(spans: Spans) -> dict[str, Any]:
    return {
        "visitors": [visitor for visitor, _ in spans],
        "lead_ids": [span.lead for _, span in spans],
        "since": [span.since for _, span in spans],
        "until": [span.until for _, span in spans],
    }
