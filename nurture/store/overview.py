"""How many, at a glance: leads by stage, live enrollments by campaign, open handoffs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text


def leads_by_stage(db: Connection) -> dict[str, int]:
    """How many leads stand in each stage that has any."""
    return {row.stage: row.n for row in db.execute(text("SELECT stage, count(*) AS n FROM lead GROUP BY stage"))}


def enrolled_by_campaign(db: Connection) -> dict[str, int]:
    """How many leads are in each campaign now."""
    query = text("SELECT campaign, count(*) AS n FROM enrollment WHERE status <> 'ended' GROUP BY campaign")
    return {row.campaign: row.n for row in db.execute(query)}


# The offset keeps the planner from reading every attempt there ever was.
_DUE = """
    CASE WHEN h.state = 'offered' THEN h.accept_due_at
         WHEN h.state = 'accepted' AND NOT EXISTS (SELECT FROM attempt a WHERE a.handoff_id = h.id OFFSET 0)
             THEN least(h.attempt_due_at, h.attempts_due_at, h.outcome_due_at)
         WHEN h.state = 'accepted' THEN least(h.attempts_due_at, h.outcome_due_at)
         ELSE h.outcome_due_at END
"""
_OPEN = "h.state IN ('offered', 'accepted', 'contacted', 'qualified')"


def open_handoffs(db: Connection, most: int) -> Sequence[Row[Any]]:
    """The open handoffs, those whose deadline comes first, or has been missed longest, at the front.

    `made` are the times of their attempts.
    """
    query = text(
        f"""
        SELECT h.*, l.email, l.first_name, l.last_name, l.company,
               ARRAY(SELECT a.at FROM attempt a WHERE a.handoff_id = h.id ORDER BY a.at) AS made
        FROM handoff h JOIN lead l ON l.id = h.lead_id
        WHERE {_OPEN} ORDER BY {_DUE} NULLS LAST, h.id LIMIT :most
        """  # noqa: S608 - constants of this file
    )
    return db.execute(query, {"most": most}).all()


def handoffs_at_a_glance(db: Connection, now: datetime) -> Row[Any]:
    """How many handoffs are open, how many of them wait for an answer, and on how many a deadline has passed."""
    query = text(
        f"""
        SELECT count(*) AS open, count(*) FILTER (WHERE h.state = 'offered') AS offered,
               count(*) FILTER (WHERE {_DUE} < :now) AS late
        FROM handoff h WHERE {_OPEN}
        """  # noqa: S608 - constants of this file
    )
    return db.execute(query, {"now": now}).one()
