"""Events: stored once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import md5
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, text

from nurture.trips import Answer, Statement, Trip


class StoredEvent(NamedTuple):
    """An event that counts now and did not before: it is new, or was nobody's until now.

    `told`: what it is known by, of a new one that says who somebody is.
    """

    id: int
    lead_id: int | None
    kind: str
    occurred_at: datetime
    name: str | None
    path: str | None
    properties: Mapping[str, Any]
    campaign: str | None
    step: str | None
    verdict: str
    told: list[str] | None = None


_INSERT = Statement(
    """
    INSERT INTO event (month, source, message_id, message_md5, lead_id, anonymous_id, user_id, inferred, kind, name,
                       path, properties, delivery_id, link, campaign, step, agent, address_hash, hit, occurred_at,
                       received_at, verdict, reasons, settle_at)
    SELECT u.* FROM json_to_recordset(CAST(:rows AS json))
        AS u(month date, source text, message_id text, message_md5 uuid, lead_id bigint, anonymous_id text,
             user_id text, inferred bool, kind text, name text, path text, properties jsonb, delivery_id bigint,
             link int, campaign text, step text, agent text, address_hash bytea, hit jsonb, occurred_at timestamptz,
             received_at timestamptz, verdict text, reasons text[], settle_at timestamptz)
    ON CONFLICT (source, message_md5, month) DO NOTHING
    RETURNING id, lead_id, kind, occurred_at, name, path, properties, campaign, step, verdict,
              CASE WHEN kind = 'identify' THEN json_build_array(source, message_id, month) END AS told
    """,
    StoredEvent._make,
)
"""One parameter for all rows: a list for each column takes twice as long to write, and PostgreSQL as long to read."""
_DEFAULTS: Mapping[str, Any] = {"verdict": "human", "inferred": False, "reasons": (), "properties": {}}

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 1)


def month_of(at: datetime | None) -> date:
    """The partition key of a client's own timestamp; what is absent or absurd goes to the default partition."""
    if at is None:
        return EARLIEST
    return min(max(at.astimezone(UTC).date().replace(day=1), EARLIEST), LATEST)


def key_of(source: str, message_id: str, client_at: datetime | None) -> tuple[str, str, str]:
    """What an event is known by, whatever else it says: no two that are stored have the same."""
    return source, message_id, month_of(client_at).isoformat()


def insert(db: Connection, rows: Sequence[Mapping[str, Any]]) -> Sequence[StoredEvent]:
    """Insert events; duplicates by (source, message, month) fall out. Gives the new ones, with ids.

    Those that say who somebody is have `told`, which is their `key_of` as a list. A row has the table's columns, and
    `client_at`, the client's own uncorrected timestamp that picks the partition.
    """
    return insert_on(Trip(db), rows).rows if rows else []


def insert_on(trip: Trip, rows: Sequence[Mapping[str, Any]]) -> Answer:
    """The same as a statement that comes along."""
    return trip.ask(_INSERT, {"rows": _json([_stored(row) for row in _in_order(rows)])})


def drop(db: Connection, ids: Sequence[int]) -> None:
    """Forget events whose leads do not want to be observed."""
    if ids:
        db.execute(text("DELETE FROM event WHERE id = ANY(:ids)"), {"ids": list(ids)})


def _in_order(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of leads, which are locked, as they came; then strangers', so that who sends the same cannot deadlock."""
    strangers = [row for row in rows if row.get("lead_id") is None]
    strangers.sort(key=lambda row: (row["source"], row["message_id"]))
    return [*(row for row in rows if row.get("lead_id") is not None), *strangers]


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    stored = {**_DEFAULTS, **row}
    stored["month"] = month_of(stored.pop("client_at", None))
    stored["message_md5"] = md5(row["message_id"].encode(), usedforsecurity=False).hexdigest()
    return stored


def _json(value: object) -> bytes:
    return orjson.dumps(value, default=_plain)


def _plain(value: object) -> object:
    """Octets as PostgreSQL writes them; a mapping of any kind as an object."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return dict(value) if isinstance(value, Mapping) else str(value)
