"""How many of everything there are, and what was sent to whom: for the demo's story and its audit."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

_COUNTS = {
    "stages": "SELECT stage, count(*) FROM lead GROUP BY stage",
    "cycles": "SELECT cycle::text, count(*) FROM lead GROUP BY cycle",
    "deliveries": "SELECT state, count(*) FROM delivery GROUP BY state",
    "handoffs": "SELECT state, count(*) FROM handoff GROUP BY state",
    "verdicts": "SELECT verdict, count(*) FROM event GROUP BY verdict",
    "suppressions": "SELECT reason, count(*) FROM suppression GROUP BY reason",
}
_ENROLLED = text("SELECT count(DISTINCT lead_id) FROM enrollment")
_HANDED_OVER = text("SELECT count(DISTINCT lead_id) FROM handoff")
_RECYCLED = text(
    """
    SELECT count(DISTINCT later.lead_id) FROM handoff later
    WHERE EXISTS (SELECT FROM handoff first WHERE first.lead_id = later.lead_id AND first.cycle < later.cycle
                  AND first.state IN ('rejected', 'returned', 'lost'))
    """
)
_CLICKS = text("SELECT verdict, count(*) AS n FROM event WHERE kind = 'click' GROUP BY verdict")
_MAILS = text(
    """
    SELECT d.id, l.email, d.campaign, d.step, d.cycle, d.state, d.message_id, d.zone
    FROM delivery d JOIN lead l ON l.id = d.lead_id ORDER BY d.id
    """
)


def counts(db: Connection) -> dict[str, dict[str, int]]:
    """Rows by kind and state; only states that occur, in the order of their names."""
    return {
        kind: {str(state): number for state, number in sorted(db.execute(text(query)).all())}
        for kind, query in _COUNTS.items()
    }


def enrolled(db: Connection) -> int:
    """How many leads have been in a campaign."""
    return int(db.execute(_ENROLLED).scalar_one())


def handed_over(db: Connection) -> int:
    """How many leads have been offered to sales."""
    return int(db.execute(_HANDED_OVER).scalar_one())


def recycled(db: Connection) -> int:
    """How many leads sales refused after a handoff, and was offered again in a later cycle."""
    return int(db.execute(_RECYCLED).scalar_one())


def clicks(db: Connection) -> dict[str, int]:
    """Clicks in mails by verdict."""
    found = {row.verdict: row.n for row in db.execute(_CLICKS)}
    return {verdict: found.get(verdict, 0) for verdict in ("human", "automated")}


def counted(db: Connection, matchers: Collection[str]) -> int:
    """How many events count for these matchers, over all leads and cycles."""
    query = text("SELECT coalesce(sum(count), 0) FROM signal_day WHERE matcher = ANY(:matchers)")
    return int(db.execute(query, {"matchers": list(matchers)}).scalar_one())


def mails(db: Connection) -> Sequence[Row[Any]]:
    """Every delivery with its lead's address, as the audit compares it with what the mail server holds."""
    return db.execute(_MAILS).all()


def addresses(db: Connection) -> set[str]:
    """The addresses of all leads."""
    return set(db.execute(text("SELECT email FROM lead")).scalars())


def leads(db: Connection) -> Sequence[Row[Any]]:
    """Every lead's `id`, `email`, and `timezone` where it is known."""
    return db.execute(text("SELECT id, email, timezone FROM lead ORDER BY id")).all()
