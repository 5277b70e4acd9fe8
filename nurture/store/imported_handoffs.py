"""Handoffs that another CRM had: found by its ids, written and rewritten in sets."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

_COLUMNS = (
    "lead_id", "cycle", "state", "grade", "because", "evidence", "owner", "offered_at", "accepted_at", "contacted_at",
    "qualified_at", "closed_at", "reason", "note", "external_id", "value",
)  # fmt: skip
_ROWS = """
    unnest(CAST(:lead_id AS bigint[]), CAST(:cycle AS int[]), CAST(:state AS text[]), CAST(:grade AS text[]),
           CAST(:because AS text[]), CAST(:evidence AS text[]), CAST(:owner AS text[]),
           CAST(:offered_at AS timestamptz[]), CAST(:accepted_at AS timestamptz[]),
           CAST(:contacted_at AS timestamptz[]), CAST(:qualified_at AS timestamptz[]),
           CAST(:closed_at AS timestamptz[]), CAST(:reason AS text[]), CAST(:note AS text[]),
           CAST(:external_id AS text[]), CAST(:value AS numeric[]))
"""
_INSERT = text(
    f"""
    INSERT INTO handoff (lead_id, cycle, state, grade, score_micro, because, evidence, owner, given_at, offered_at,
                         accepted_at, contacted_at, qualified_at, closed_at, reason, note, external_id, value, origin)
    SELECT u.lead_id, u.cycle, u.state, u.grade, 0, u.because, CAST(u.evidence AS jsonb), u.owner, u.offered_at,
           u.offered_at, u.accepted_at, u.contacted_at, u.qualified_at, u.closed_at, u.reason, u.note, u.external_id,
           u.value, 'imported'
    FROM {_ROWS} AS u({", ".join(_COLUMNS)}) ORDER BY u.offered_at, u.external_id
    RETURNING id, external_id
    """  # noqa: S608 - names of our own columns
)
_UPDATE = text(
    f"""
    UPDATE handoff h SET state = u.state, owner = u.owner, offered_at = u.offered_at, accepted_at = u.accepted_at,
        contacted_at = u.contacted_at, qualified_at = u.qualified_at, closed_at = u.closed_at, reason = u.reason,
        note = u.note, value = u.value, evidence = CAST(u.evidence AS jsonb)
    FROM {_ROWS} AS u({", ".join(_COLUMNS)}) WHERE h.external_id = u.external_id
    RETURNING h.id, h.external_id
    """  # noqa: S608 - names of our own columns
)
_KNOWN = text("SELECT * FROM handoff WHERE external_id = ANY(:ids)")
_OPEN = text(
    """
    SELECT lead_id, id, external_id FROM handoff
    WHERE lead_id = ANY(:ids) AND state IN ('offered', 'accepted', 'contacted', 'qualified')
    """
)
_BEGAN = text(
    """
    WITH begun AS (
        UPDATE lead SET created_at = u.at, cycle_started_at = u.at
        FROM unnest(CAST(:ids AS bigint[]), CAST(:at AS timestamptz[])) AS u(id, at)
        WHERE lead.id = u.id AND u.at < lead.created_at RETURNING lead.id, u.at
    )
    UPDATE cycle SET started_at = begun.at FROM begun WHERE cycle.lead_id = begun.id AND cycle.n = 1
    """
)


def known(db: Connection, external_ids: Collection[str]) -> dict[str, Row[Any]]:
    """The handoffs that are there already, by the other CRM's ids."""
    return {row.external_id: row for row in db.execute(_KNOWN, {"ids": list(external_ids)})}


def open_of(db: Connection, lead_ids: Collection[int]) -> dict[int, Row[Any]]:
    """The open handoff of each of these leads that has one: `id`, `external_id`."""
    return {row.lead_id: row for row in db.execute(_OPEN, {"ids": list(lead_ids)})}


def insert(db: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Insert imported handoffs, the oldest first; gives their ids by the other CRM's."""
    return _write(db, _INSERT, rows)


def update(db: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Write anew what has changed of imported handoffs; gives their ids by the other CRM's."""
    return _write(db, _UPDATE, rows)


def began(db: Connection, since: Mapping[int, datetime]) -> None:
    """These leads were not known to us, but are as old as their first handoff."""
    db.execute(_BEGAN, {"ids": list(since), "at": list(since.values())})


def columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """A list for each column, the evidence as JSON."""
    listed = list(rows)
    found: dict[str, list[Any]] = {name: [row[name] for row in listed] for name in _COLUMNS}
    found["evidence"] = [orjson.dumps(evidence).decode() for evidence in found["evidence"]]
    return found


def _write(db: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    if not rows:
        return {}
    return {row.external_id: row.id for row in db.execute(statement, columns(rows))}
