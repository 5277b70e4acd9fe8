"""Leads: found, created, changed."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

from nurture.facts import PROFILE_FIELDS
from nurture.rules.profiles import Told, believed, merged
from nurture.trips import Statement, Trip, ask

log = logging.getLogger(__name__)

_Known = dict[str, Any]
"""What is known of a lead: its `id`, `created_at`, `attributes`, and every field of its profile."""

_INSERT = Statement(
    """
    WITH made AS (
        INSERT INTO lead (email, key, first_name, last_name, title, company, country, timezone, locale, industry,
                          employees, source, owner, attributes, stage, cycle_started_at, created_at, updated_at)
        SELECT u.email, u.email, u.first_name, u.last_name, u.title, u.company, u.country, u.timezone, u.locale,
               u.industry, u.employees, u.source, u.owner, CAST(u.attributes AS jsonb), u.stage,
               CAST(:now AS timestamptz), CAST(:now AS timestamptz), CAST(:now AS timestamptz)
        FROM unnest(CAST(:email AS text[]), CAST(:first_name AS text[]), CAST(:last_name AS text[]),
                    CAST(:title AS text[]), CAST(:company AS text[]), CAST(:country AS text[]),
                    CAST(:timezone AS text[]), CAST(:locale AS text[]), CAST(:industry AS text[]),
                    CAST(:employees AS bigint[]), CAST(:source AS text[]), CAST(:owner AS text[]),
                    CAST(:attributes AS text[]), CAST(:stage AS text[]))
            AS u(email, first_name, last_name, title, company, country, timezone, locale, industry, employees, source,
                 owner, attributes, stage)
        ORDER BY u.email COLLATE "C"
        ON CONFLICT (email) DO NOTHING RETURNING id, email
    ), cycles AS (
        INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, CAST(:now AS timestamptz) FROM made
    )
    SELECT id, email FROM made
    """
)

_UPDATE = Statement(
    """
    UPDATE lead SET first_name = u.first_name, last_name = u.last_name, title = u.title, company = u.company,
        country = u.country, timezone = u.timezone, locale = u.locale, industry = u.industry,
        employees = u.employees, source = u.source, owner = u.owner, attributes = CAST(u.attributes AS jsonb),
        updated_at = CAST(:now AS timestamptz)
    FROM unnest(CAST(:id AS bigint[]), CAST(:first_name AS text[]), CAST(:last_name AS text[]),
                CAST(:title AS text[]), CAST(:company AS text[]), CAST(:country AS text[]),
                CAST(:timezone AS text[]), CAST(:locale AS text[]), CAST(:industry AS text[]),
                CAST(:employees AS bigint[]), CAST(:source AS text[]), CAST(:owner AS text[]),
                CAST(:attributes AS text[]))
        AS u(id, first_name, last_name, title, company, country, timezone, locale, industry, employees, source, owner,
             attributes)
    WHERE lead.id = u.id
    """
)

_CHANGES = Statement(
    """
    INSERT INTO lead_change (lead_id, at, source, changes)
    SELECT lead_id, at, CAST(:source AS text), CAST(changes AS jsonb)
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:at AS timestamptz[]), CAST(:changes AS text[]))
        AS u(lead_id, at, changes)
    """
)

_SAID_AT = Statement(
    """
    SELECT c.lead_id, k.name, max(c.at) AS at FROM lead_change c CROSS JOIN jsonb_object_keys(c.changes) AS k(name)
    WHERE c.lead_id = ANY(CAST(:ids AS bigint[])) GROUP BY 1, 2
    """
)

_KNOWN = Statement(
    f"SELECT id, created_at, attributes, {', '.join(PROFILE_FIELDS)} FROM lead "  # noqa: S608 - our own words
    "WHERE id = ANY(CAST(:ids AS bigint[]))",
    lambda row: dict(zip(("id", "created_at", "attributes", *PROFILE_FIELDS), row, strict=True)),
)

_IDS = text(
    """
    SELECT id, email FROM lead WHERE email = ANY(:emails)
    UNION ALL SELECT lead_id, value FROM identity WHERE kind = 'email' AND value = ANY(:emails)
    """
)

_EVENTS = text(
    """
    SELECT id, kind, name, path, properties, campaign, step, source, occurred_at, verdict, reasons FROM event
    WHERE lead_id = :id ORDER BY occurred_at DESC, event.id DESC LIMIT :most
    """
)


def ids_of(db: Connection, emails: Sequence[str]) -> dict[str, int]:
    """Ids of the leads that these addresses belong to, by address: their own, or one by which they are known too."""
    return {row.email: row.id for row in db.execute(_IDS, {"emails": list(emails)})}


def id_of(db: Connection, email: str) -> int | None:
    """The lead with this address, in whatever case it is written."""
    return ids_of(db, [email.strip().lower()]).get(email.strip().lower())


def columns_of(db: Connection, lead_id: int) -> dict[str, Any]:
    """All that stands in a lead's row, as a leased delivery has it."""
    return dict(db.execute(text("SELECT * FROM lead WHERE id = :id"), {"id": lead_id}).mappings().one())


def email_of(db: Connection, lead_id: int) -> str:
    """The address that a lead's mail goes to."""
    email: str = db.execute(text("SELECT email FROM lead WHERE id = :id"), {"id": lead_id}).scalar_one()
    return email


def events_of(db: Connection, lead_id: int, most: int) -> Sequence[Row[Any]]:
    """What a lead did, whatever was thought of it, newest first."""
    return db.execute(_EVENTS, {"id": lead_id, "most": most}).all()


def cycles_of(db: Connection, lead_id: int) -> Sequence[Row[Any]]:
    """The lead's rounds between nurture and sales, oldest first, each with the refusal that began it."""
    query = text("SELECT n, started_at, reason, note, refused_by FROM cycle WHERE lead_id = :id ORDER BY n")
    return db.execute(query, {"id": lead_id}).all()


def insert(db: Connection, leads: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, int]:
    """Insert those that are not there yet; gives the ids of the new ones by address.

    A mapping has `email`, any of the profile's fields, `attributes` and `stage`. In the order of addresses, so that two
    writers cannot deadlock.
    """
    if not leads:
        return {}
    values: dict[str, Any] = {field: [lead.get(field) for lead in leads] for field in PROFILE_FIELDS}
    values["email"] = [lead["email"] for lead in leads]
    values["attributes"] = [_json(lead.get("attributes")) for lead in leads]
    values["stage"] = [lead.get("stage") or "inquiry" for lead in leads]
    return {email: id_ for id_, email in ask(db, _INSERT, {**values, "now": now})}


def update(db: Connection, leads: Sequence[tuple[int, Mapping[str, Any]]], now: datetime, *, source: str) -> list[int]:
    """Write what is new in these profiles (empty values change nothing); gives the ids of the leads that changed.

    The leads must be locked. Attributes are merged. Every change is kept with before and after.
    """
    given = dict(leads)
    if not given:
        return []
    rows: list[_Known] = ask(db, _KNOWN, {"ids": list(given)})
    return _write(db, [(row, [(now, given[row["id"]])]) for row in rows], now, source=source)


def remember(
    db: Connection, said: Mapping[int, Sequence[tuple[datetime, Mapping[str, Any]]]], now: datetime
) -> list[int]:
    """Write what is news of what was said of leads long ago, when it was (`rules.profiles.believed`); as `update`."""
    if not said:
        return []
    ids = {"ids": list(said)}
    since: dict[int, dict[str, datetime]] = defaultdict(dict)
    for lead_id, name, at in ask(db, _SAID_AT, ids):
        since[lead_id][name] = at
    rows: list[_Known] = ask(db, _KNOWN, ids)
    news = [(row, believed(row, since[row["id"]], row["created_at"], said[row["id"]])) for row in rows]
    return _write(db, news, now, source="history")


def _write(db: Connection, news: Sequence[tuple[_Known, Sequence[Told]]], now: datetime, *, source: str) -> list[int]:
    """Put what was said to each of these rows, one saying after the other, and keep every change with its time."""
    left_out = 0
    changed: dict[int, dict[str, Any]] = {}
    kept: list[tuple[int, datetime, str]] = []
    for row, sayings in news:
        known = row
        for at, said in sayings:
            values, changes = merged(known, said)
            wanted = (said.get("attributes") or {}).items()
            left_out += sum(values["attributes"].get(name) != value for name, value in wanted)
            if changes:
                known = known | values
                changed[row["id"]] = values
                kept.append((row["id"], at, _json(changes)))
    if changed:
        columns: dict[str, Any] = {field: [values[field] for values in changed.values()] for field in PROFILE_FIELDS}
        columns["attributes"] = [_json(values["attributes"]) for values in changed.values()]
        trip = Trip(db)
        trip.ask(_UPDATE, {**columns, "id": list(changed), "now": now})
        lead_id, times, changes_of = (list(column) for column in zip(*kept, strict=True))
        trip.ask(_CHANGES, {"lead_id": lead_id, "at": times, "changes": changes_of, "source": source})
        trip.go()
    if left_out:
        log.info("attributes beyond the limits were left out", extra={"count": left_out, "source": source})
    return list(changed)


def _json(value: Mapping[str, Any] | None) -> str:
    return orjson.dumps(dict(value or {}), default=str).decode()
