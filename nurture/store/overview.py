"""How many, at a glance: leads by stage, live enrollments by campaign, open handoffs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text


def leads_by_stage(db: Connection) -> dict[str, int]:
    """How many leads stand in each stage that has any."""
    return {row.stage: row.n for row in db.execute(text("SELECT stage, count(*) AS n FROM lead GROUP BY stage"))}


def enrolled_by_campaign(db: Connection) -> dict[str, int]:
    """How many leads are in each campaign now."""
    query = text("SELECT campaign, count(*) AS n FROM enrollment WHERE status <> 'ended' GROUP BY campaign")
    return {row.campaign: row.n for row in db.execute(query)}


def open_handoffs(db: Connection, most: int) -> Sequence[Row[Any]]:
    """The open handoffs, those whose deadline comes first at the front."""
    query = text(
        """
        SELECT h.id, h.state, h.grade, h.score_micro, h.hand_raise, h.owner, h.offered_at, h.accept_due_at, h.because,
               h.link_version, l.email, l.first_name, l.last_name, l.company
        FROM handoff h JOIN lead l ON l.id = h.lead_id
        WHERE h.state IN ('offered', 'accepted', 'contacted', 'qualified')
        ORDER BY h.state <> 'offered', h.accept_due_at NULLS LAST, h.id LIMIT :most
        """
    )
    return db.execute(query, {"most": most}).all()
