"""Grades in sets: what a grade follows from is read, and the grades that became others are written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

_GRADED = text(
    """
    SELECT id, key, email, first_name, last_name, title, company, country, timezone, locale, industry, employees,
           source, owner, attributes, stage, cycle, cycle_started_at, created_at, grade
    FROM lead WHERE id = ANY(:ids) ORDER BY id
    """
)
_SAVE = text(
    """
    UPDATE lead SET grade = u.grade, updated_at = :now
    FROM unnest(CAST(:ids AS bigint[]), CAST(:grades AS text[])) AS u(id, grade) WHERE lead.id = u.id
    """
)
_WAKE = text("UPDATE enrollment SET due_at = :now WHERE lead_id = ANY(:ids) AND status <> 'ended'")


def graded(db: Connection, ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Who these leads are, where they stand, and the grade that is written there; by id."""
    return db.execute(_GRADED, {"ids": list(ids)}).all()


def save(db: Connection, grades: Mapping[int, str], now: datetime) -> None:
    """Write these grades, and make what depends on them due: a campaign may ask for the grade. Leads must be locked."""
    if grades:
        ids = list(grades)
        db.execute(_SAVE, {"ids": ids, "grades": list(grades.values()), "now": now})
        db.execute(_WAKE, {"ids": ids, "now": now})
