"""Leads that come in by the thousand: copied into a table of the transaction's own, then inserted in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text

from nurture.facts import PROFILE_FIELDS

_FIELDS = ", ".join(PROFILE_FIELDS)
_COLUMNS = f"email, {_FIELDS}, attributes, stage"

_CREATE = text(
    f"""
    CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS
    SELECT {_COLUMNS} FROM lead WITH NO DATA
    """  # noqa: S608 - names of our own columns
)
_COPY = f"COPY incoming ({_COLUMNS}) FROM STDIN"

_LOCK = text(
    """
    SELECT l.id, l.email FROM lead l JOIN incoming i USING (email) ORDER BY l.id FOR NO KEY UPDATE OF l
    """
)

_INSERT = text(
    f"""
    WITH made AS (
        INSERT INTO lead (email, key, {_FIELDS}, attributes, stage, cycle_started_at, created_at, updated_at)
        SELECT email, email, {_FIELDS}, attributes, stage, :now, :now, :now FROM incoming i
        WHERE NOT EXISTS (SELECT FROM lead l WHERE l.email = i.email)
          AND NOT EXISTS (SELECT FROM identity k WHERE k.kind = 'email' AND k.value = i.email)
        ORDER BY email COLLATE "C"
        ON CONFLICT (email) DO NOTHING RETURNING id, email
    ), cycles AS (
        INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, :now FROM made
    )
    SELECT id, email FROM made
    """  # noqa: S608 - names of our own columns
)

_LIVING = text(
    """
    SELECT k.value, l.email FROM identity k JOIN lead l ON l.id = k.lead_id
    WHERE k.kind = 'email' AND k.value = ANY(:emails)
    """
)

_HEARD = text(
    """
    SELECT l.id AS lead_id, l.stage, greatest(CASE WHEN l.refused THEN l.cycle_started_at END, h.offered_at) AS last_at,
           ARRAY(SELECT reason FROM cycle c WHERE c.lead_id = l.id AND c.reason IS NOT NULL) AS reasons
    FROM lead l
    LEFT JOIN handoff h ON h.lead_id = l.id AND h.state IN ('offered', 'accepted', 'contacted', 'qualified')
    WHERE l.id = ANY(:ids) ORDER BY l.id
    """
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of the refusals of one lead.

    Attributes:
        lead_id: whose.
        stage: where it stands.
        last_at: when it was last refused, or the offer was made that is open now, whichever is later.
        reasons: for which it has ever been refused.
    """

    lead_id: int
    stage: str
    last_at: datetime | None
    reasons: frozenset[str]


def living_addresses(db: Connection, emails: Iterable[str]) -> dict[str, str]:
    """Of those that are further addresses of leads, the address of the lead."""
    return {row.value: row.email for row in db.execute(_LIVING, {"emails": list(emails)})}


def copy_in(db: Connection, leads: Iterable[Mapping[str, Any]]) -> None:
    """Copy leads beside the others, until this transaction ends.

    A mapping has `email`, any of the profile's fields, `attributes` and `stage`; no address comes twice.
    """
    db.execute(_CREATE)
    driver: Any = db.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for lead in leads:
            attributes = orjson.dumps(lead.get("attributes") or {}, default=str).decode()
            fields = [lead.get(field) for field in PROFILE_FIELDS]
            copy.write_row([lead["email"], *fields, attributes, lead.get("stage") or "inquiry"])


def lock_known(db: Connection) -> dict[str, int]:
    """Lock the leads that are there already, in the order of their ids; ids by address."""
    return {row.email: row.id for row in db.execute(_LOCK)}


def insert_new(db: Connection, now: datetime) -> dict[str, int]:
    """Insert those that are not there, by address, so that two imports cannot deadlock; ids by address."""
    return {row.email: row.id for row in db.execute(_INSERT, {"now": now})}


def heard_of(db: Connection, ids: Sequence[int]) -> list[Heard]:
    """What is known of the refusals of these leads, by ascending id."""
    if not ids:
        return []
    rows = db.execute(_HEARD, {"ids": list(ids)})
    return [Heard(row.lead_id, row.stage, row.last_at, frozenset(row.reasons)) for row in rows]
