"""What is due, and when the next things come due: for whoever moves the stepped clock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.store.deliveries import UNDER_WAY

_UNDONE = text(
    f"""
    SELECT 'advance' AS kind WHERE EXISTS (SELECT FROM enrollment WHERE status <> 'ended' AND due_at <= :now)
                                OR EXISTS (SELECT FROM lead WHERE ask_at <= :now)
    UNION ALL SELECT 'deliver' WHERE EXISTS (
        SELECT FROM delivery WHERE phase = 'queued' AND slot_at <= :now) OR EXISTS (SELECT FROM {UNDER_WAY})
    UNION ALL SELECT 'settle' WHERE EXISTS (SELECT FROM event WHERE verdict = 'pending' AND settle_at <= :now)
    UNION ALL SELECT 'notices' WHERE EXISTS (
        SELECT FROM notice WHERE state = 'queued' AND next_at <= :now OR state = 'leased')
    UNION ALL SELECT 'promises' WHERE EXISTS (
        SELECT FROM handoff WHERE state IN ('offered', 'accepted', 'contacted', 'qualified') AND look_at <= :now)
    UNION ALL SELECT 'rescore' WHERE EXISTS (SELECT FROM walk WHERE name = 'agreement')
    """  # noqa: S608 - a constant of ours
)

_AHEAD = text(
    """
    SELECT due_at AS at, due_until AS until, lead_id FROM enrollment WHERE status <> 'ended' AND due_at < :end
    UNION ALL SELECT slot_at, slot_until, lead_id FROM delivery WHERE phase = 'queued' AND slot_at < :end
    UNION ALL SELECT min(settle_at), NULL, lead_id FROM event WHERE verdict = 'pending' GROUP BY lead_id
    UNION ALL SELECT ask_at, NULL, id FROM lead WHERE ask_at < :end
    UNION ALL SELECT look_at, look_at, lead_id FROM handoff
    WHERE state IN ('offered', 'accepted', 'contacted', 'qualified') AND look_at < :end
    UNION ALL SELECT next_at, NULL, NULL FROM notice WHERE state = 'queued' AND next_at < :end
    """
)


def undone(db: Connection, now: datetime) -> list[str]:
    """The kinds of work that are due or being done; none when the workers have caught up."""
    return list(db.execute(_UNDONE, {"now": now}).scalars())


def ahead(db: Connection, end: datetime) -> Sequence[Row[Any]]:
    """Everything that comes due before `end`: `at`, `until` (the end of its window, if any), `lead_id` (if any).

    A deadline of sales has no length: what people do just before it is still in time.
    """
    return db.execute(_AHEAD, {"end": end}).all()
