"""What reps said in a CRM: taken down once, then applied; what nobody understands stays to be looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

_SEEN = text(
    """
    UPDATE crm_link SET seen = CAST(:seen AS jsonb) WHERE channel = :channel AND lead_id = :lead_id
      AND seen = CAST(:before AS jsonb)
    """
)
_TAKE = text(
    """
    INSERT INTO crm_answer (channel, change_id, lead_id, handoff_id, cycle, record_id, at, taken_at, by, words, meaning,
                            reason, outcome, said)
    SELECT :channel, :change_id, l.id, h.id, l.cycle, :record_id, :at, :now, :by, :words, :meaning,
           :reason, :outcome, :said
    FROM lead l LEFT JOIN handoff h
        ON h.lead_id = l.id AND h.state IN ('offered', 'accepted', 'contacted', 'qualified')
    WHERE l.id = :lead_id
    ON CONFLICT ON CONSTRAINT crm_answer_once DO NOTHING RETURNING id
    """
)
_TAKING = text(
    """
    SELECT a.*, l.email, l.cycle AS cycle_now, h.offered_at FROM crm_answer a JOIN lead l ON l.id = a.lead_id
    LEFT JOIN handoff h ON h.id = a.handoff_id
    WHERE a.channel = :channel AND a.outcome = 'taking' ORDER BY a.at, a.id
    """
)


@dataclass(frozen=True, slots=True)
class Taken:
    """One thing that somebody said there."""

    change_id: str
    lead_id: int
    record_id: str
    at: datetime
    by: str
    words: str
    meaning: str
    reason: str | None
    unclear: str | None


def look(db: Connection, channel: str, lead_id: int, before: Mapping[str, str], seen: Mapping[str, str]) -> bool:
    """Note how a record was seen; False where somebody else noted something meanwhile."""
    values = {"before": orjson.dumps(dict(before)).decode(), "seen": orjson.dumps(dict(seen)).decode()}
    return db.execute(_SEEN, {**values, "channel": channel, "lead_id": lead_id}).rowcount == 1


def take(db: Connection, channel: str, taken: Taken, now: datetime) -> None:
    """Take down what was said, in the transaction that notes that it was seen; to be applied, or looked at."""
    values = {
        "channel": channel, "change_id": taken.change_id, "lead_id": taken.lead_id, "record_id": taken.record_id,
        "at": taken.at, "now": now, "by": taken.by, "words": taken.words, "meaning": taken.meaning,
        "reason": taken.reason, "outcome": "unclear" if taken.unclear else "taking", "said": taken.unclear,
    }  # fmt: skip
    db.execute(_TAKE, values)


def taking(db: Connection, channel: str) -> Sequence[Row[Any]]:
    """What was taken down and not applied yet, oldest first; after a crash it is found here again."""
    return db.execute(_TAKING, {"channel": channel}).all()


def standing(db: Connection, answer_id: int) -> Row[Any] | None:
    """What has become of it, and how its lead stands; to be asked once the lead is locked. None: it is gone."""
    query = text(
        """
        SELECT a.outcome, a.said, a.cycle, l.cycle AS cycle_now,
               EXISTS (SELECT FROM handoff h WHERE h.lead_id = l.id
                       AND h.state IN ('offered', 'accepted', 'contacted', 'qualified')) AS is_with_sales
        FROM crm_answer a JOIN lead l ON l.id = a.lead_id WHERE a.id = :id
        """
    )
    return db.execute(query, {"id": answer_id}).one_or_none()


def settle(db: Connection, answer_id: int, outcome: str, said: str | None) -> None:
    """Note what became of it."""
    query = text("UPDATE crm_answer SET outcome = :outcome, said = :said WHERE id = :id")
    db.execute(query, {"id": answer_id, "outcome": outcome, "said": said})


def last(db: Connection, channel: str, *, outcome: str | None = None, most: int = 20) -> Sequence[Row[Any]]:
    """What was said last, newest first."""
    query = text(
        """
        SELECT * FROM crm_answer WHERE channel = :channel AND outcome = coalesce(:outcome, outcome)
        ORDER BY taken_at DESC, id DESC LIMIT :most
        """
    )
    return db.execute(query, {"channel": channel, "outcome": outcome, "most": most}).all()


def counts(db: Connection, channel: str) -> dict[str, int]:
    """How many there are of each outcome."""
    query = text("SELECT outcome, count(*) FROM crm_answer WHERE channel = :channel GROUP BY 1")
    return dict(db.execute(query, {"channel": channel}).all())
