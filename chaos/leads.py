"""Leads whose next mail is due, as if they had been with us for a month."""

from datetime import datetime

from sqlalchemy import Engine, text

from chaos.workspace import ZONES
from nurture.db import transaction

_LEADS = text("""
    INSERT INTO lead (email, key, first_name, timezone, stage, cycle_started_at, created_at, updated_at)
    SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example', 'Lead ' || n,
           (CAST(:zones AS text[]))[1 + n % cardinality(CAST(:zones AS text[]))], 'nurture',
           CAST(:now AS timestamptz) - interval '30 days', CAST(:now AS timestamptz) - interval '30 days', :now
    FROM generate_series(CAST(:first AS int), :last) AS n
    RETURNING id, email
""")
_CYCLES = text("INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, created_at FROM lead WHERE id = ANY(:ids)")
_ENROLLED = text("""
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
    SELECT id, 1, 'daily', 1, 'active', created_at, :now FROM lead WHERE id = ANY(:ids)
""")
_EXPECTED = text("SELECT count(*) FROM enrollment WHERE status = 'active'")


def add_leads(engine: Engine, first: int, count: int, now: datetime) -> list[str]:
    """Add so many leads, numbered from `first`, who get their first mail within a day; gives their addresses."""
    with transaction(engine) as db:
        values = {"zones": list(ZONES), "now": now, "first": first, "last": first + count - 1}
        rows = db.execute(_LEADS, values).all()
        ids = [row.id for row in rows]
        db.execute(_CYCLES, {"ids": ids})
        db.execute(_ENROLLED, {"ids": ids, "now": now})
    return [row.email for row in rows]


def in_campaign(engine: Engine) -> int:
    """How many leads have mails to come, about one a day each."""
    with transaction(engine) as db:
        return int(db.execute(_EXPECTED).scalar_one())
