"""What stands in the database when all is over, as a story."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.rules.suppressing import word_of
from tests.lab.stories import Left, Offered, Sent, Stands, Story

_SENT = text("SELECT l.email, d.* FROM delivery d JOIN lead l ON l.id = d.lead_id WHERE d.state = 'sent'")
_OFFERED = text("SELECT l.email, h.* FROM handoff h JOIN lead l ON l.id = h.lead_id")
_LEFT = text("SELECT l.email, e.* FROM enrollment e JOIN lead l ON l.id = e.lead_id WHERE e.status = 'ended'")
_STANDS = text(
    """
    SELECT l.email, l.stage, l.cycle, l.grade, l.ask_at, e.campaign, e.status, e.due_at, e.slow, s.reason,
           (SELECT coalesce(sum(d.tries - (d.state = 'sent')::int), 0) FROM delivery d WHERE d.lead_id = l.id) AS failed
    FROM lead l LEFT JOIN enrollment e ON e.lead_id = l.id AND e.status <> 'ended'
    LEFT JOIN suppression s ON s.address_hash = sha256(convert_to(l.email, 'UTF8')) AND s.topic = ''
    """
)


def told(db: Connection, reps: Mapping[int, str]) -> Story:
    """What stands in the database when all is over, and to whom each handoff was offered."""
    return Story.of(
        [
            Sent(d.email, d.sent_at, d.campaign, d.step, d.cycle, d.variant or "", d.local_on.isoformat())
            for d in db.execute(_SENT)
        ],
        [
            Offered(h.email, h.offered_at, h.cycle, h.grade, h.score_micro, h.hand_raise, h.because, reps[h.id])
            for h in db.execute(_OFFERED)
        ],
        [Left(e.email, e.ended_at, e.campaign, e.cycle, e.left_as) for e in db.execute(_LEFT)],
        [_stands(row) for row in db.execute(_STANDS)],
    )


def _stands(row: Row[Any]) -> Stands:
    due_at = row.due_at or row.ask_at
    said = "" if due_at is None else due_at.astimezone(UTC).isoformat()
    campaign, status, slow = row.campaign or "", row.status or "", bool(row.slow)
    standing = (row.stage, row.cycle, row.grade or "")
    word = word_of(row.reason) if row.reason else ""
    return Stands(row.email, *standing, campaign, status, said, slow, word, int(row.failed))
