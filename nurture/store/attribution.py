"""Events given to the leads whose browser or user id they name, and taken from those whose they turn out not to be."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

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
    event.anonymous_id = u.visitor AND event.occurred_at >= coalesce(u.since, '-infinity')
    AND event.occurred_at < coalesce(u.until, 'infinity')
"""
_GIVE_VISITS = text(
    f"""
    UPDATE event SET lead_id = u.lead_id, inferred = true FROM {_SPANS}
    WHERE {_WITHIN} AND event.lead_id IS NULL RETURNING {_COLUMNS}
    """  # noqa: S608 - constants of this file
)
_TAKE_VISITS = text(
    f"""
    WITH found AS (
        SELECT event.id, event.month, event.lead_id FROM event JOIN {_SPANS}
        ON {_WITHIN} AND event.inferred AND event.lead_id <> u.lead_id
    ), taken AS (
        UPDATE event SET lead_id = NULL, inferred = false FROM found
        WHERE event.id = found.id AND event.month = found.month RETURNING event.id
    )
    SELECT DISTINCT lead_id FROM found
    """  # noqa: S608 - constants of this file
)
_USERS = "unnest(CAST(:users AS text[]), CAST(:lead_ids AS bigint[])) AS u(user_id, lead_id)"
_GIVE_ACTS = text(
    f"""
    UPDATE event SET lead_id = u.lead_id FROM {_USERS}
    WHERE event.user_id = u.user_id AND event.lead_id IS NULL RETURNING {_COLUMNS}
    """  # noqa: S608 - constants of this file
)
_TAKE_ACTS = text(
    f"""
    WITH found AS (
        SELECT event.id, event.month, event.lead_id, event.lead_id = u.lead_id AS right FROM event JOIN {_USERS}
        ON event.user_id = u.user_id AND event.inferred
    ), taken AS (
        UPDATE event SET lead_id = CASE WHEN found.right THEN event.lead_id END, inferred = false FROM found
        WHERE event.id = found.id AND event.month = found.month RETURNING event.id
    )
    SELECT DISTINCT lead_id FROM found WHERE NOT found.right
    """  # noqa: S608 - constants of this file
)
_HOLDERS = text("SELECT DISTINCT lead_id FROM event WHERE user_id = ANY(:users) AND inferred")

Spans = Sequence[tuple[str, Span[int]]]
"""Browsers, each with a time in which it belongs to another lead than its events do."""


def holders(db: Connection, users: Collection[str]) -> set[int]:
    """The leads that were given events of these user ids for the browser's sake."""
    return set(db.execute(_HOLDERS, {"users": list(users)}).scalars()) if users else set()


def take(db: Connection, spans: Spans, users: Mapping[str, int]) -> set[int]:
    """Take events from leads whose they are not; gives those leads, whose counts are wrong now.

    Only events that name nobody themselves move. All the leads concerned must be locked.
    """
    lost: set[int] = set()
    if spans:
        lost |= set(db.execute(_TAKE_VISITS, _columns(spans)).scalars())
    if users:
        lost |= set(db.execute(_TAKE_ACTS, {"users": list(users), "lead_ids": list(users.values())}).scalars())
    return lost


def give(db: Connection, spans: Spans, users: Mapping[str, int]) -> list[Row[Any]]:
    """Give events that are nobody's to the leads whose they are; gives those. A user id goes before a browser."""
    given: list[Row[Any]] = []
    if users:
        given += db.execute(_GIVE_ACTS, {"users": list(users), "lead_ids": list(users.values())}).all()
    if spans:
        given += db.execute(_GIVE_VISITS, _columns(spans)).all()
    return given


def _columns(spans: Spans) -> dict[str, Any]:
    return {
        "visitors": [visitor for visitor, _ in spans],
        "lead_ids": [span.lead for _, span in spans],
        "since": [span.since for _, span in spans],
        "until": [span.until for _, span in spans],
    }
