"""Events: stored once, attributed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import md5
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

_COLUMNS = "id, lead_id, kind, occurred_at, name, path, properties, campaign, step, verdict"

_INSERT = text(
    f"""
    INSERT INTO event (month, source, message_id, message_md5, lead_id, anonymous_id, user_id, inferred, kind, name,
                       path, properties, delivery_id, link, campaign, step, agent, address_hash, hit, occurred_at,
                       received_at, verdict, reasons, settle_at)
    SELECT u.* FROM json_to_recordset(CAST(:rows AS json))
        AS u(month date, source text, message_id text, message_md5 uuid, lead_id bigint, anonymous_id text,
             user_id text, inferred bool, kind text, name text, path text, properties jsonb, delivery_id bigint,
             link int, campaign text, step text, agent text, address_hash bytea, hit jsonb, occurred_at timestamptz,
             received_at timestamptz, verdict text, reasons text[], settle_at timestamptz)
    ON CONFLICT (source, message_md5, month) DO NOTHING
    RETURNING {_COLUMNS}
    """  # noqa: S608 - a constant of this file
)
"""One parameter for all rows: a list for each column takes twice as long to write, and PostgreSQL as long to read."""
_DEFAULTS: Mapping[str, Any] = {"verdict": "human", "inferred": False, "reasons": (), "properties": {}}

_ATTRIBUTE = text(
    f"""
    UPDATE event SET lead_id = u.lead_id
    FROM unnest(CAST(:anonymous_ids AS text[]), CAST(:lead_ids AS bigint[])) AS u(anonymous_id, lead_id)
    WHERE event.anonymous_id = u.anonymous_id AND event.lead_id IS NULL
    RETURNING {", ".join("event." + name for name in _COLUMNS.split(", "))}
    """  # noqa: S608 - a constant of this file
)

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 1)


def month_of(at: datetime | None) -> date:
    """The partition key of a client's own timestamp; what is absent or absurd goes to the default partition."""
    if at is None:
        return EARLIEST
    return min(max(at.astimezone(UTC).date().replace(day=1), EARLIEST), LATEST)


def insert(db: Connection, rows: Sequence[Mapping[str, Any]]) -> Sequence[Row[Any]]:
    """Insert events; duplicates by (source, message, month) fall out. Gives the new ones, with ids.

    A row has the table's columns, and `client_at`, the client's own uncorrected timestamp that picks the partition.
    """
    if not rows:
        return []
    return db.execute(_INSERT, {"rows": _json([_stored(row) for row in rows])}).all()


def attribute(db: Connection, visitors: Mapping[str, int]) -> Sequence[Row[Any]]:
    """Give earlier events of visitors that are now known to their leads; gives those events."""
    if not visitors:
        return []
    return db.execute(_ATTRIBUTE, {"anonymous_ids": list(visitors), "lead_ids": list(visitors.values())}).all()


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    stored = {**_DEFAULTS, **row}
    stored["month"] = month_of(stored.pop("client_at", None))
    stored["message_md5"] = md5(row["message_id"].encode(), usedforsecurity=False).hexdigest()
    return stored


def _json(value: object) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> object:
    """Octets as PostgreSQL writes them; a mapping of any kind as an object."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return dict(value) if isinstance(value, Mapping) else str(value)
