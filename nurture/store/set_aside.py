"""What fails by itself is set aside, so that the others of its batch go on: why, since when, until when.

A row is in force while what it speaks of waits for just `again_at`. Whatever else moves that time, such as a changed
campaign, an answer of the lead or a retry, ends it: nothing has to be tidied up when something goes well again.

A score is the exception: nothing else waits for it, so its row is what waits, and is in force until it is ended.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from nurture.store.states import lock

WAITS = (timedelta(hours=1), timedelta(hours=2), timedelta(hours=6), timedelta(hours=12), timedelta(days=1))
"""Until it is tried again, after so many tries in a row; the last one from then on."""
IN_A_ROW = timedelta(days=1)
"""Tries are in a row that come so soon after the time they were due."""
KEPT = timedelta(days=30)

IN_FORCE = """
    CASE s.kind
        WHEN 'lead' THEN EXISTS (SELECT FROM enrollment e WHERE e.lead_id = s.lead_id AND e.status <> 'ended'
                                 AND e.due_at = s.again_at)
                      OR EXISTS (SELECT FROM lead l WHERE l.id = s.lead_id AND l.ask_at = s.again_at)
        WHEN 'score' THEN true
        WHEN 'handoff' THEN EXISTS (SELECT FROM handoff h WHERE h.id = s.id AND h.look_at = s.again_at)
        ELSE EXISTS (SELECT FROM event v WHERE v.verdict = 'pending' AND v.settle_at = s.again_at
                     AND v.delivery_id = s.id)
    END
"""
"""Whether a row `s` still says how things are."""

_FIND = text("SELECT since, tries, again_at FROM set_aside WHERE kind = :kind AND id = :id FOR UPDATE")
_PUT = text(
    """
    INSERT INTO set_aside (kind, id, lead_id, reason, since, last_at, tries, again_at)
    VALUES (:kind, :id, :lead_id, :reason, :since, :now, :tries, :again_at)
    ON CONFLICT (kind, id) DO UPDATE SET lead_id = excluded.lead_id, reason = excluded.reason, since = excluded.since,
        last_at = excluded.last_at, tries = excluded.tries, again_at = excluded.again_at
    """
)
_MOVE = {
    "lead": (
        "UPDATE enrollment SET due_at = :at WHERE lead_id = :lead_id AND status <> 'ended' AND due_at IS NOT NULL",
        "UPDATE lead SET ask_at = :at WHERE id = :lead_id AND ask_at IS NOT NULL",
    ),
    "score": ("UPDATE set_aside SET again_at = :at WHERE kind = 'score' AND id = :id",),
    "handoff": (
        "UPDATE handoff SET look_at = :at WHERE id = :id"
        " AND state IN ('offered', 'accepted', 'contacted', 'qualified')",
    ),
    "hits": (
        "UPDATE event SET settle_at = :at WHERE verdict = 'pending' AND delivery_id = :id AND lead_id = :lead_id",
    ),
}
"""What makes each kind wait until then."""
ANY_SCORE_DUE = """
    SELECT coalesce((SELECT again_at FROM set_aside WHERE kind = 'score' ORDER BY again_at LIMIT 1) <= :now, false)
"""
"""Whether some score is to be tried again: by the earliest, as whether some lead is due (`store.due`)."""
_CLAIM_SCORES = text(
    """
    SELECT l.id FROM set_aside s JOIN lead l ON l.id = s.lead_id
    WHERE s.kind = 'score' AND s.again_at <= :now
    ORDER BY s.again_at LIMIT :most FOR NO KEY UPDATE OF l SKIP LOCKED
    """
)
_WAKE = text(
    f"""
    SELECT s.kind, s.id, s.lead_id FROM set_aside s
    WHERE (CAST(:kind AS text) IS NULL OR s.kind = :kind) AND (CAST(:id AS bigint) IS NULL OR s.id = :id) AND {IN_FORCE}
    ORDER BY s.lead_id, s.kind, s.id
    """  # noqa: S608 - a constant of this file
)


def put(db: Connection, kind: str, id_: int, lead_id: int, reason: str, now: datetime) -> datetime:
    """Set something aside; gives when it is tried again."""
    before = db.execute(_FIND, {"kind": kind, "id": id_}).one_or_none()
    since, tries = now, 1
    if before is not None and now < before.again_at + IN_A_ROW:
        since, tries = before.since, before.tries + 1
    again_at = now + WAITS[min(tries, len(WAITS)) - 1]
    values = {"kind": kind, "id": id_, "lead_id": lead_id, "reason": reason[:500], "since": since, "now": now}
    db.execute(_PUT, {**values, "tries": tries, "again_at": again_at})
    _move(db, kind, id_, lead_id, again_at)
    return again_at


def wake(db: Connection, now: datetime, kind: str | None = None, id_: int | None = None) -> int:
    """Have what is set aside tried again at once, all or this; gives how many there were. Locks their leads."""
    asked = {"kind": kind, "id": id_}
    held = set(lock(db, {lead_id for _, _, lead_id in db.execute(_WAKE, asked)}))
    rows = [row for row in db.execute(_WAKE, asked) if row.lead_id in held]  # what still is, now that it stands still
    for row in rows:
        _move(db, row.kind, row.id, row.lead_id, now)
    return len(rows)


def claim_scores(db: Connection, now: datetime, most: int) -> list[int]:
    """Lock leads whose score is to be tried again, those that have waited longest first.

    Leads that somebody else holds are skipped, never waited for, so the order of the locks does no harm.
    """
    return list(db.execute(_CLAIM_SCORES, {"now": now, "most": most}).scalars())


def without_score(db: Connection, lead_ids: Sequence[int]) -> list[int]:
    """Which of these leads are set aside because their score could not be worked out anew, in order."""
    query = text("SELECT id FROM set_aside WHERE kind = 'score' AND id = ANY(:ids) ORDER BY id")
    return list(db.execute(query, {"ids": list(lead_ids)}).scalars())


def end_scores(db: Connection, lead_ids: Sequence[int]) -> None:
    """The scores of these leads have been worked out anew."""
    db.execute(text("DELETE FROM set_aside WHERE kind = 'score' AND id = ANY(:ids)"), {"ids": list(lead_ids)})


def drop_old(db: Connection, now: datetime) -> int:
    """Forget what was set aside long ago and is no more."""
    query = text(f"DELETE FROM set_aside s WHERE s.last_at < :before AND NOT ({IN_FORCE})")  # noqa: S608
    return db.execute(query, {"before": now - KEPT}).rowcount


def _move(db: Connection, kind: str, id_: int, lead_id: int, at: datetime) -> None:
    for statement in _MOVE[kind]:
        db.execute(text(statement), {"id": id_, "lead_id": lead_id, "at": at})
