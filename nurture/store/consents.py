"""What leads agreed to: added to, never changed; the latest of a purpose holds, and stands on the lead's own row."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from nurture.db import giving
from nurture.facts import Basis

Purpose = Literal["mail", "tracking"]

_ADD = text(
    """
    INSERT INTO consent (lead_id, purpose, given, basis, source, wording, at, noted_at, asked_at, by, address_hash,
                         agent)
    SELECT u.lead_id, u.purpose, u.given, u.basis, u.source, u.wording, coalesce(u.at, :now), :now, u.asked_at, u.by,
           u.address_hash, u.agent
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:purpose AS text[]), CAST(:given AS bool[]), CAST(:basis AS text[]),
                CAST(:source AS text[]), CAST(:wording AS text[]), CAST(:at AS timestamptz[]),
                CAST(:asked_at AS timestamptz[]), CAST(:by AS text[]), CAST(:address_hash AS bytea[]),
                CAST(:agent AS text[]))
        AS u(lead_id, purpose, given, basis, source, wording, at, asked_at, by, address_hash, agent)
    WHERE NOT EXISTS (
        SELECT FROM consent c WHERE c.lead_id = u.lead_id AND c.purpose = u.purpose AND c.given = u.given
          AND c.basis IS NOT DISTINCT FROM u.basis AND c.source IS NOT DISTINCT FROM u.source
          AND c.wording IS NOT DISTINCT FROM u.wording
          AND (u.at IS NULL OR c.at BETWEEN u.at - interval '1 hour' AND u.at))
    RETURNING lead_id
    """
)
_STAND = (
    text(
        """
        UPDATE lead SET consent_basis = c.basis, consent_at = CASE WHEN c.given THEN c.at END
        FROM (SELECT DISTINCT ON (lead_id) lead_id, given, basis, at FROM consent
              WHERE lead_id = ANY(:ids) AND purpose = 'mail' ORDER BY lead_id, at DESC, id DESC) AS c
        WHERE lead.id = c.lead_id
        """
    ),
    text(
        """
        UPDATE lead SET tracked = c.given
        FROM (SELECT DISTINCT ON (lead_id) lead_id, given FROM consent
              WHERE lead_id = ANY(:ids) AND purpose = 'tracking' ORDER BY lead_id, at DESC, id DESC) AS c
        WHERE lead.id = c.lead_id AND lead.tracked <> c.given
        """
    ),
)
_OF_LEAD = text(
    """
    SELECT purpose, given, basis, source, wording, at, noted_at, asked_at, by, agent,
           encode(address_hash, 'hex') AS address_hash
    FROM consent WHERE lead_id = :id ORDER BY at, id
    """
)
_UNTRACKED = giving("id", "SELECT id FROM lead WHERE id = ANY(:ids) AND NOT tracked")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the record; what each means stands at `nurture.models.consent.Consent`.

    Where nobody knows `at`, it counts from now, once: said again it changes nothing.
    """

    lead_id: int
    given: bool
    at: datetime | None
    by: str
    purpose: Purpose = "mail"
    basis: Basis | None = None
    source: str | None = None
    wording: str | None = None
    asked_at: datetime | None = None
    address_hash: bytes | None = None
    agent: str | None = None


def add(db: Connection, entries: Sequence[Entry], now: datetime) -> set[int]:
    """Write these down, and where their leads stand now; gives the leads of whom something is news.

    The leads must be locked. The same said again within an hour is no news, nor is the same row of a file.
    """
    if not entries:
        return set()
    columns = {one.name: [getattr(entry, one.name) for entry in entries] for one in fields(Entry)}
    news = set(db.execute(_ADD, {**columns, "now": now}).scalars())
    stand(db, news)
    return news


def stand(db: Connection, ids: set[int]) -> None:
    """Write on the rows of these leads what holds by their records."""
    if ids:
        for statement in _STAND:
            db.execute(statement, {"ids": sorted(ids)})


def of_lead(db: Connection, lead_id: int) -> Sequence[Row[Any]]:
    """What a lead agreed to and took back, oldest first."""
    return db.execute(_OF_LEAD, {"id": lead_id}).all()


def untracked(db: Connection, ids: set[int]) -> set[int]:
    """Those of these leads who are not to be observed."""
    return set(db.execute(_UNTRACKED, {"ids": sorted(ids)}).scalars()) if ids else set()
