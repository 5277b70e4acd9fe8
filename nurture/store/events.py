"""Events: stored once, attributed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import md5
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Row, text

_COLUMNS = "id, lead_id, kind, occurred_at, name, path, properties, campaign, step, verdict"

_INSERT = text(
    f"""
    INSERT INTO event (month, source, message_id, message_md5, lead_id, anonymous_id, kind, name, path, properties,
                       delivery_id, link, campaign, step, agent, address_hash, hit, occurred_at, received_at, verdict,
                       reasons, settle_at, user_id, inferred)
    SELECT u.month, u.source, u.message_id, u.message_md5, u.lead_id, u.anonymous_id, u.kind, u.name, u.path,
           CAST(u.properties AS jsonb), u.delivery_id, u.link, u.campaign, u.step, u.agent, u.address_hash,
           CAST(u.hit AS jsonb), u.occurred_at, u.received_at, u.verdict,
           ARRAY(SELECT jsonb_array_elements_text(CAST(u.reasons AS jsonb))), u.settle_at, u.user_id, u.inferred
    FROM unnest(CAST(:month AS date[]), CAST(:source AS text[]), CAST(:message_id AS text[]),
                CAST(:message_md5 AS uuid[]), CAST(:lead_id AS bigint[]), CAST(:anonymous_id AS text[]),
                CAST(:kind AS text[]), CAST(:name AS text[]), CAST(:path AS text[]), CAST(:properties AS text[]),
                CAST(:delivery_id AS bigint[]), CAST(:link AS int[]), CAST(:campaign AS text[]),
                CAST(:step AS text[]), CAST(:agent AS text[]), CAST(:address_hash AS bytea[]), CAST(:hit AS text[]),
                CAST(:occurred_at AS timestamptz[]), CAST(:received_at AS timestamptz[]), CAST(:verdict AS text[]),
                CAST(:reasons AS text[]), CAST(:settle_at AS timestamptz[]), CAST(:user_id AS text[]),
                CAST(:inferred AS bool[]))
        AS u(month, source, message_id, message_md5, lead_id, anonymous_id, kind, name, path, properties, delivery_id,
             link, campaign, step, agent, address_hash, hit, occurred_at, received_at, verdict, reasons, settle_at,
             user_id, inferred)
    ON CONFLICT (source, message_md5, month) DO NOTHING
    RETURNING {_COLUMNS}
    """  # noqa: S608 - a constant of this file
)

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
    names = [
        "source",
        "message_id",
        "lead_id",
        "anonymous_id",
        "kind",
        "name",
        "path",
        "delivery_id",
        "link",
        "campaign",
        "step",
        "agent",
        "address_hash",
        "occurred_at",
        "received_at",
        "settle_at",
        "user_id",
    ]
    values: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names}
    values["month"] = [month_of(row.get("client_at")) for row in rows]
    values["message_md5"] = [UUID(bytes=_md5(row["message_id"])) for row in rows]
    values["properties"] = [_json(row.get("properties") or {}) for row in rows]
    values["hit"] = [None if row.get("hit") is None else _json(row["hit"]) for row in rows]
    values["verdict"] = [row.get("verdict", "human") for row in rows]
    values["reasons"] = [_json(list(row.get("reasons") or ())) for row in rows]
    return db.execute(_INSERT, values).all()


def attribute(db: Connection, visitors: Mapping[str, int]) -> Sequence[Row[Any]]:
    """Give earlier events of visitors that are now known to their leads; gives those events."""
    if not visitors:
        return []
    return db.execute(_ATTRIBUTE, {"anonymous_ids": list(visitors), "lead_ids": list(visitors.values())}).all()


def _md5(message_id: str) -> bytes:
    return md5(message_id.encode(), usedforsecurity=False).digest()


def _json(value: object) -> str:
    return orjson.dumps(value, default=str).decode()
