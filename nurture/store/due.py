"""Leads whose time has come: an enrollment's next decision, or the end of a wait."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

_CLAIM_ENROLLED = text(
    """
    SELECT l.id FROM enrollment e JOIN lead l ON l.id = e.lead_id
    WHERE e.status <> 'ended' AND e.due_at <= :now
    ORDER BY e.due_at LIMIT :most FOR NO KEY UPDATE OF l SKIP LOCKED
    """
)
"""By the time alone, in which the index has them. Thousands are due in one minute, and a batch that wanted these in
order would look all of them up to take the first few."""

_CLAIM_WAITING = text(
    """
    SELECT id FROM lead WHERE ask_at <= :now ORDER BY ask_at LIMIT :most FOR NO KEY UPDATE SKIP LOCKED
    """
)

_STILL_DUE = text(
    """
    SELECT l.id FROM lead l LEFT JOIN enrollment e ON e.lead_id = l.id AND e.status <> 'ended'
    WHERE l.id = :id AND (e.due_at <= :now OR l.ask_at <= :now) FOR NO KEY UPDATE OF l
    """
)

_ENROLLED = text(
    """
    SELECT l.id FROM lead l JOIN enrollment e ON e.lead_id = l.id
    WHERE l.id > :after AND e.status <> 'ended' AND e.campaign = ANY(:campaigns)
    ORDER BY l.id LIMIT :most FOR NO KEY UPDATE OF l
    """
)
_WAKE = text(
    """
    UPDATE enrollment SET due_at = :now
    WHERE lead_id = ANY(:ids) AND status <> 'ended' AND campaign = ANY(:campaigns)
    """
)

ANY_DUE = """
    SELECT coalesce((SELECT due_at FROM enrollment WHERE status <> 'ended' ORDER BY due_at LIMIT 1) <= :now, false)
        OR coalesce((SELECT ask_at FROM lead WHERE ask_at IS NOT NULL ORDER BY ask_at LIMIT 1) <= :now, false)
"""
"""Whether some lead is due: by the earliest. Asked whether one exists, without knowing when now is (a generic plan),
PostgreSQL expects a third of all to be due and reads the table from end to end until it meets one; none is."""

_BY_KEY = text(
    """
    SELECT set_config(name, 'off', true)
    FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) AS name
    """
)
"""For the rest of the transaction: find rows by their keys. To look up a batch's few hundred rows one by one is thought
dear by PostgreSQL (`random_page_cost`), so with tables of some ten thousand rows it read these from end to end, several
times a batch."""


def claim(db: Connection, now: datetime, most: int) -> list[int]:
    """Lock leads that are due, those that have waited longest first; the rest of the transaction is about these.

    Leads that somebody else holds are skipped, never waited for, so the order of the locks does no harm.
    """
    db.execute(_BY_KEY)
    values = {"now": now, "most": most}
    ids = list(db.execute(_CLAIM_ENROLLED, values).scalars())
    if len(ids) < most:
        ids += db.execute(_CLAIM_WAITING, {"now": now, "most": most - len(ids)}).scalars()
    return list(dict.fromkeys(ids))


def still_due(db: Connection, lead_id: int, now: datetime) -> bool:
    """Lock one lead and say whether it is due."""
    return db.execute(_STILL_DUE, {"id": lead_id, "now": now}).scalar() is not None


def lock_enrolled(db: Connection, campaigns: Sequence[str], after_id: int, most: int) -> list[int]:
    """Lock the next leads that are in one of these campaigns, in order, from those behind this id on."""
    values = {"campaigns": list(campaigns), "after": after_id, "most": most}
    # Twice, for all that were found may have left, or been merged into others, while we waited for them.
    return list(db.execute(_ENROLLED, values).scalars()) or list(db.execute(_ENROLLED, values).scalars())


def wake(db: Connection, lead_ids: Sequence[int], campaigns: Sequence[str], now: datetime) -> int:
    """Make what these leads have of live enrollments in these campaigns due now. The leads must be locked."""
    return db.execute(_WAKE, {"ids": list(lead_ids), "campaigns": list(campaigns), "now": now}).rowcount
