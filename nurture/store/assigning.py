"""Who could be given a lead: who had it, who holds its colleagues, whose turn it is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text


def previous_owner(db: Connection, lead_id: int) -> tuple[str | None, str | None]:
    """Who had this lead last, and how that ended (a reject reason, or None)."""
    row = db.execute(
        text("SELECT owner, reason FROM handoff WHERE lead_id = :id AND owner IS NOT NULL ORDER BY id DESC LIMIT 1"),
        {"id": lead_id},
    ).one_or_none()
    return (None, None) if row is None else (row.owner, row.reason)


def colleague(db: Connection, lead_id: int, domain: str) -> str | None:
    """Who holds an open handoff of somebody else at the same company's mail domain."""
    return db.execute(
        text(
            """
            SELECT h.owner FROM handoff h JOIN lead l ON l.id = h.lead_id
            WHERE h.state IN ('offered', 'accepted', 'contacted', 'qualified') AND h.owner IS NOT NULL
              AND l.id <> :id AND split_part(l.email, '@', 2) = :domain ORDER BY h.id DESC LIMIT 1
            """
        ),
        {"id": lead_id, "domain": domain},
    ).scalar()


def turns(db: Connection, reps: Sequence[str], now: datetime) -> dict[str, int]:
    """Whose turn it is: a number for each rep, the lowest is next. Locks the rota, so it comes last."""
    db.execute(
        text(
            "INSERT INTO rota (rep, given_at, given_n) SELECT unnest(CAST(:reps AS text[])), :now, 0 "
            "ON CONFLICT DO NOTHING"
        ),
        {"reps": sorted(reps), "now": now},
    )
    rows = db.execute(
        text("SELECT rep, given_n FROM rota WHERE rep = ANY(:reps) ORDER BY rep FOR UPDATE"), {"reps": list(reps)}
    )
    return {row.rep: row.given_n for row in rows}


def give_turn(db: Connection, rep: str, now: datetime) -> None:
    """Note that this rep was given a lead by turns: last in line from now on."""
    db.execute(
        text("UPDATE rota SET given_n = (SELECT max(given_n) + 1 FROM rota), given_at = :now WHERE rep = :rep"),
        {"rep": rep, "now": now},
    )
