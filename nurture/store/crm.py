"""What connectors to CRMs remember: which record is whose, and how far they have come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

from nurture.facts import PROFILE_FIELDS

_FACTS = text(
    f"""
    SELECT l.id, l.email, l.key, {", ".join(f"l.{name}" for name in PROFILE_FIELDS)}, l.stage, l.grade, l.cycle,
           l.reason, l.handed_over, l.unconfirmed_at IS NOT NULL AS unconfirmed, coalesce(s.micro, 0) AS score_micro,
           e.campaign, h.id AS handoff_id, h.state, h.because, h.owner AS rep, h.link_version,
           (SELECT u.reason FROM suppression u WHERE u.topic = ''
            AND u.address_hash = sha256(convert_to(l.email, 'UTF8'))) AS suppressed
    FROM lead l
    LEFT JOIN lead_score s ON s.lead_id = l.id
    LEFT JOIN enrollment e ON e.lead_id = l.id AND e.status <> 'ended'
    LEFT JOIN LATERAL (
        SELECT * FROM handoff WHERE lead_id = l.id AND state <> 'merged' AND origin = 'nurture' ORDER BY id DESC LIMIT 1
    ) h ON true
    WHERE l.id = ANY(:ids)
    """  # noqa: S608 - names of our own columns
)
_LINKS = text("SELECT * FROM crm_link WHERE channel = :channel AND lead_id = ANY(:ids)")
_LINKS_OF_RECORDS = text("SELECT * FROM crm_link WHERE channel = :channel AND record_id = ANY(:record_ids)")
_SAVE_LINKS = text(
    """
    INSERT INTO crm_link (channel, lead_id, record_id, seen, told, digest, score_micro, changed_at, pushed_at)
    SELECT :channel, u.lead_id, u.record_id, CAST(u.seen AS jsonb), CAST(u.told AS jsonb), u.digest, u.score_micro,
           u.changed_at, :now
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:record_id AS text[]), CAST(:seen AS text[]), CAST(:told AS text[]),
                CAST(:digest AS text[]), CAST(:score_micro AS bigint[]), CAST(:changed_at AS timestamptz[]))
        AS u(lead_id, record_id, seen, told, digest, score_micro, changed_at)
    JOIN lead l ON l.id = u.lead_id
    ORDER BY u.lead_id
    ON CONFLICT (channel, lead_id) DO UPDATE SET record_id = excluded.record_id, told = excluded.told,
        digest = excluded.digest, score_micro = excluded.score_micro, pushed_at = excluded.pushed_at,
        changed_at = greatest(crm_link.changed_at, excluded.changed_at),
        seen = CASE WHEN crm_link.record_id = excluded.record_id THEN crm_link.seen || excluded.seen
                    ELSE excluded.seen END
    """
)
_WRITING = text(
    """
    UPDATE crm_link SET told = told || jsonb_build_object('writing', CAST(u.writing AS jsonb))
    FROM unnest(CAST(:ids AS bigint[]), CAST(:writing AS text[])) AS u(id, writing)
    WHERE channel = :channel AND lead_id = u.id
    """
)
_STATE = text("SELECT * FROM crm_state WHERE channel = :channel")
_BEGIN = text(
    """
    INSERT INTO crm_state (channel, read_to, refreshed_at) VALUES (:channel, :read_to, :now)
    ON CONFLICT (channel) DO NOTHING RETURNING channel
    """
)


@dataclass(frozen=True, slots=True)
class Link:
    """Which record is a lead's, and what is remembered of it; see the table."""

    lead_id: int
    record_id: str
    seen: Mapping[str, str]
    told: Mapping[str, str]
    digest: str | None
    score_micro: int
    changed_at: datetime | None


def facts(db: Connection, lead_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """What there is to tell of these leads, as it is now; a lead that was erased is not among them."""
    return {row.id: row for row in db.execute(_FACTS, {"ids": list(lead_ids)})}


def links(db: Connection, channel: str, lead_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Which record of this CRM is whose."""
    return {row.lead_id: row for row in db.execute(_LINKS, {"channel": channel, "ids": list(lead_ids)})}


def links_of_records(db: Connection, channel: str, record_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Whose these records are; of a record that is several leads' (doubles made one there) the first's."""
    rows = db.execute(_LINKS_OF_RECORDS, {"channel": channel, "record_ids": list(record_ids)})
    found: dict[str, Row[Any]] = {}
    for row in rows:
        if row.record_id not in found or row.lead_id < found[row.record_id].lead_id:
            found[row.record_id] = row
    return found


def save_links(db: Connection, channel: str, rows: Sequence[Link], now: datetime) -> None:
    """Remember what was written. Of `seen`, only the fields given are replaced: others a rep may have set meanwhile."""
    if rows:
        columns: dict[str, list[object]] = {
            name: [getattr(row, name) for row in rows]
            for name in ("lead_id", "record_id", "digest", "score_micro", "changed_at")
        }
        columns |= {
            name: [orjson.dumps(dict(getattr(row, name))).decode() for row in rows] for name in ("seen", "told")
        }
        db.execute(_SAVE_LINKS, {**columns, "channel": channel, "now": now})


def note_writing(db: Connection, channel: str, values: Mapping[int, Mapping[str, str]]) -> None:
    """Note what is about to be written into fields of reps, by lead, so that it is known for ours after a crash."""
    if values:
        writing = [orjson.dumps(dict(fields)).decode() for fields in values.values()]
        db.execute(_WRITING, {"channel": channel, "ids": list(values), "writing": writing})


def state(db: Connection, channel: str) -> Row[Any] | None:
    """How far a connector has come; None before its first time."""
    return db.execute(_STATE, {"channel": channel}).one_or_none()


def begin(db: Connection, channel: str, now: datetime) -> bool:
    """Note that a CRM was connected: what is changed there from now on is read. False where that was noted before."""
    return db.execute(_BEGIN, {"channel": channel, "read_to": now, "now": now}).scalar() is not None


def note_pushed(db: Connection, channel: str, now: datetime) -> None:
    """It took what it was told."""
    query = text(
        "UPDATE crm_state SET pushed_at = :now, held_until = NULL, error = NULL, error_at = NULL "
        "WHERE channel = :channel"
    )
    db.execute(query, {"channel": channel, "now": now})


def note_read(db: Connection, channel: str, read_to: datetime, now: datetime) -> None:
    """All that was changed there until `read_to` has been read."""
    query = text(
        """
        UPDATE crm_state SET read_to = greatest(read_to, :read_to), read_at = :now, held_until = NULL, error = NULL,
               error_at = NULL WHERE channel = :channel
        """
    )
    db.execute(query, {"channel": channel, "read_to": read_to, "now": now})


def note_away(db: Connection, channel: str, error: str, until: datetime, now: datetime) -> None:
    """It lets nobody in, or asked us to wait."""
    query = text("UPDATE crm_state SET held_until = :until, error = :error, error_at = :now WHERE channel = :channel")
    db.execute(query, {"channel": channel, "until": until, "error": error[:500], "now": now})


def note_refreshed(db: Connection, channel: str, now: datetime) -> None:
    """Whose score changed was queued."""
    db.execute(
        text("UPDATE crm_state SET refreshed_at = :now WHERE channel = :channel"), {"channel": channel, "now": now}
    )


def let_go_on(db: Connection, channel: str) -> None:
    """End the rest of a CRM: somebody says that it may be tried again."""
    db.execute(text("UPDATE crm_state SET held_until = NULL WHERE channel = :channel"), {"channel": channel})
    query = text(
        "UPDATE notice SET next_at = at WHERE kind = 'lead.changed' AND channel = :channel AND state = 'queued'"
    )
    db.execute(query, {"channel": channel})


def forget_digests(db: Connection, channel: str) -> None:
    """Have every record written anew, also those of which nothing has changed."""
    db.execute(text("UPDATE crm_link SET digest = NULL WHERE channel = :channel"), {"channel": channel})


def count_links(db: Connection, channel: str) -> int:
    """How many records of this CRM are leads of ours."""
    query = text("SELECT count(*) FROM crm_link WHERE channel = :channel")
    return int(db.execute(query, {"channel": channel}).scalar_one())
