"""How much was erased with people: counted before it goes, told beside the figures of reports."""

from datetime import datetime

from sqlalchemy import Connection, text

_TALLY = text(
    """
    INSERT INTO erased_tally (what, day, n)
    SELECT what, (at AT TIME ZONE 'UTC')::date, count(*) FROM (
        SELECT 'leads' AS what, min(started_at) AS at FROM cycle WHERE lead_id = :id HAVING count(*) > 0
        UNION ALL
        SELECT 'handoffs', offered_at FROM handoff WHERE lead_id = :id AND state <> 'merged' AND origin = 'nurture'
        UNION ALL
        SELECT 'won', offered_at FROM handoff WHERE lead_id = :id AND state = 'won' AND origin = 'nurture'
        UNION ALL SELECT 'mails', sent_at FROM delivery WHERE lead_id = :id AND state = 'sent') AS gone
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (what, day) DO UPDATE SET n = erased_tally.n + excluded.n
    """
)
_TALLIED = text(
    """
    SELECT what, sum(n) AS n FROM erased_tally
    WHERE day >= (CAST(:since AS timestamptz) AT TIME ZONE 'UTC')::date
      AND day < (CAST(:until AS timestamptz) AT TIME ZONE 'UTC')::date
    GROUP BY what
    """
)


def tally(db: Connection, lead_id: int) -> None:
    """Note how much there is of a lead that is to be erased, by day: handoffs, wins and mails as reports count them."""
    db.execute(_TALLY, {"id": lead_id})


def tallied(db: Connection, since: datetime | str, until: datetime | str) -> dict[str, int]:
    """How much of each kind was erased that had been on these UTC days, the last not included."""
    return {row.what: int(row.n) for row in db.execute(_TALLIED, {"since": since, "until": until})}
