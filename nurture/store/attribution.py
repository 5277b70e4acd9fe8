"""Events given to the leads whose browser or user id they name, and taken from those whose they turn out not to be."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from nurture.segment.ownership import Span
from nurture.store.events import StoredEvent
from nurture.trips import Row, Rows, Statement, ask


class _Found(NamedTuple):
    """A stored event, and the lead whose it is to be."""

    id: int
    month: date
    lead_id: int | None
    lead_to_be: int


def _stored(row: Row) -> StoredEvent:
    return StoredEvent(*row)


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


def _each(asked: str, condition: str) -> Statement:
    """Look up the events of each one that is asked for: with a join, all months might be read from end to end."""
    return Statement(
        f"""
        SELECT e.id, e.month, e.lead_id, u.lead_id AS lead_to_be FROM {asked} CROSS JOIN LATERAL (
            SELECT id, month, lead_id FROM event WHERE {condition} OFFSET 0
        ) AS e
        """,  # noqa: S608 - constants of this file
        _Found._make,
    )


_NOBODYS_VISITS = _each(_SPANS, f"{_WITHIN} AND lead_id IS NULL")
_OTHERS_VISITS = _each(_SPANS, f"{_WITHIN} AND inferred AND lead_id <> u.lead_id")
_NOBODYS_ACTS = _each(_USERS, "user_id = u.user_id AND lead_id IS NULL")
_INFERRED_ACTS = _each(_USERS, "user_id = u.user_id AND inferred")
_HOLDERS = Statement(
    """
    SELECT DISTINCT e.lead_id FROM unnest(CAST(:users AS text[])) AS u(user_id) CROSS JOIN LATERAL (
        SELECT lead_id FROM event WHERE user_id = u.user_id AND inferred OFFSET 0
    ) AS e
    """
)

_CHANGE = """
    UPDATE event SET lead_id = u.lead_id, inferred = CAST(:inferred AS bool)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:lead_ids AS bigint[])) AS u(id, lead_id)
    WHERE event.month = CAST(:month AS date) AND event.id = ANY(CAST(:ids AS bigint[])) AND event.id = u.id
"""
"""A month at a time: of several together PostgreSQL would read all, where it need only look up a few events."""
_GIVE = Statement(f"{_CHANGE} AND event.lead_id IS NULL RETURNING {_COLUMNS}", _stored)
_TAKE = Statement(f"{_CHANGE} AND event.inferred")

_MONTH, _MONTH_AND_ID = itemgetter(1), itemgetter(1, 0)

Spans = Sequence[tuple[str, Span[int]]]
"""Browsers, each with a time in which it belongs to another lead than its events do."""


def holders(db: Connection, users: Collection[str]) -> set[int]:
    """The leads that were given events of these user ids for the browser's sake."""
    return {lead_id for (lead_id,) in ask(db, _HOLDERS, {"users": list(users)})} if users else set()


def take(db: Connection, spans: Spans, users: Mapping[str, int]) -> set[int]:
    """Take events from leads whose they are not; gives those leads, whose counts are wrong now.

    Only events that name nobody themselves move. All the leads concerned must be locked.
    """
    found: list[_Found] = []
    if spans:
        found += ask(db, _OTHERS_VISITS, _columns(spans))
        _write(db, _TAKE, [(row.id, row.month, None) for row in found], inferred=False)
    if users:
        acts: list[_Found] = ask(db, _INFERRED_ACTS, _users(users))
        kept = [(row.id, row.month, row.lead_id) for row in acts if row.lead_id == row.lead_to_be]
        others = [row for row in acts if row.lead_id != row.lead_to_be]
        _write(db, _TAKE, [*kept, *((row.id, row.month, None) for row in others)], inferred=False)
        found += others
    return {row.lead_id for row in found if row.lead_id is not None}


def give(db: Connection, spans: Spans, users: Mapping[str, int]) -> list[StoredEvent]:
    """Give events that are nobody's to the leads whose they are; gives those. A user id goes before a browser."""
    given: list[StoredEvent] = []
    if users:
        given += _given(db, ask(db, _NOBODYS_ACTS, _users(users)), inferred=False)
    if spans:
        given += _given(db, ask(db, _NOBODYS_VISITS, _columns(spans)), inferred=True)
    return given


def _given(db: Connection, found: Sequence[_Found], *, inferred: bool) -> list[StoredEvent]:
    return _write(db, _GIVE, [(row.id, row.month, row.lead_to_be) for row in found], inferred=inferred)


def _write(
    db: Connection, statement: Statement, changes: Sequence[tuple[int, date, int | None]], *, inferred: bool
) -> Rows:
    """Change whose events are; gives what the statement returns."""
    written: Rows = []
    for month, those in groupby(sorted(changes, key=_MONTH_AND_ID), key=_MONTH):
        ids, _, lead_ids = map(list, zip(*those, strict=True))
        values = {"ids": ids, "month": month, "lead_ids": lead_ids, "inferred": inferred}
        written += ask(db, statement, values)
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
