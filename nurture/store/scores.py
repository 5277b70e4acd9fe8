"""Scores in sets: the sum that `rules.scoring` makes for one lead, made for any number of them where the counts lie."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, Engine, text

from nurture.agreement import Agreement
from nurture.db import transaction
from nurture.rules.scoring import decay_table
from nurture.trips import Statement, Trip

_SAVE = Statement(
    """
    INSERT INTO lead_score (lead_id, cycle, day, micro)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:cycle AS int[]), CAST(:day AS date[]),
                         CAST(:micro AS bigint[]))
    ON CONFLICT (lead_id) DO UPDATE SET cycle = excluded.cycle, day = excluded.day, micro = excluded.micro
    WHERE (lead_score.cycle, lead_score.day, lead_score.micro) <> (excluded.cycle, excluded.day, excluded.micro)
    """
)
# MATERIALIZED and OFFSET 0 keep the counts a look-up lead by lead: where statistics are old, the planner would rather
# read all there are, batch after batch.
_RESCORE = text(
    """
    WITH weight AS MATERIALIZED (
        SELECT t.matcher, t.at_most, d.age, t.points * d.micro AS micro
        FROM unnest(CAST(:matchers AS text[]), CAST(:points AS bigint[]), CAST(:at_most AS int[]),
                    CAST(:half_lives AS int[])) AS t(matcher, points, at_most, half_life)
        JOIN decay d ON d.half_life = t.half_life AND d.age <= CAST(:horizon AS int)
    ), counted AS MATERIALIZED (
        SELECT s.* FROM lead own CROSS JOIN LATERAL (
            SELECT lead_id, matcher, count, greatest(0, CAST(:day AS date) - day) AS age FROM signal_day
            WHERE lead_id = own.id AND cycle = own.cycle AND count > 0
                AND day >= CAST(:day AS date) - CAST(:horizon AS int) OFFSET 0
        ) AS s
        WHERE own.id = ANY(:ids)
    ), worth AS (
        SELECT c.lead_id, CAST(sum(w.micro * least(c.count, w.at_most)) AS bigint) AS micro
        FROM counted c JOIN weight w ON w.matcher = c.matcher AND w.age = c.age GROUP BY c.lead_id
    )
    INSERT INTO lead_score (lead_id, cycle, day, micro)
    SELECT l.id, l.cycle, :day, coalesce(worth.micro, 0) FROM lead l LEFT JOIN worth ON worth.lead_id = l.id
    WHERE l.id = ANY(:ids)
    ON CONFLICT (lead_id) DO UPDATE SET cycle = excluded.cycle, day = excluded.day, micro = excluded.micro
    WHERE (lead_score.cycle, lead_score.day, lead_score.micro) <> (excluded.cycle, excluded.day, excluded.micro)
    """
)
_DECAYS = text(
    "SELECT half_life, count(*) AS ages FROM decay WHERE half_life = ANY(:half_lives) AND age <= :horizon GROUP BY 1"
)
_NEW_DECAYS = text(
    """
    INSERT INTO decay (half_life, age, micro)
    SELECT * FROM unnest(CAST(:half_life AS int[]), CAST(:age AS int[]), CAST(:micro AS int[]))
    ON CONFLICT DO NOTHING
    """
)


def save(trip: Trip, rows: Sequence[tuple[int, int, date, int]]) -> None:
    """Write scores as decided: (lead, cycle, UTC day, micro-points). The leads must be locked."""
    if rows:
        lead_ids, cycles, days, micros = (list(column) for column in zip(*rows, strict=True))
        trip.ask(_SAVE, {"lead_id": lead_ids, "cycle": cycles, "day": days, "micro": micros})


def decided_since(db: Connection, day: date, least: int) -> list[int]:
    """Leads whose score was decided on that day or later, and was at least that many micro-points then."""
    query = text("SELECT lead_id FROM lead_score WHERE day >= :day AND micro >= :least ORDER BY lead_id")
    return list(db.execute(query, {"day": day, "least": least}).scalars())


def rescore(db: Connection, agreement: Agreement, ids: Sequence[int], day: date) -> int:
    """Score these leads on a UTC day, from their daily counts; gives how many rows became others.

    The same as `rules.scoring.score`, to the last digit. `know_decays` must have been called with the agreement, and
    the leads must be locked.
    """
    worth = [(signal.when.fingerprint, signal) for signal in agreement.signals.values() if signal.points]
    values = {
        "ids": list(ids),
        "day": day,
        "horizon": agreement.horizon.days,
        "matchers": [fingerprint for fingerprint, _ in worth],
        "points": [signal.points for _, signal in worth],
        "at_most": [signal.at_most for _, signal in worth],
        "half_lives": [(signal.half_life or agreement.half_life).days for _, signal in worth],
    }
    return db.execute(_RESCORE, values).rowcount


def know_decays(engine: Engine, agreement: Agreement) -> None:
    """Keep what the agreement's half-lives leave of a million, day by day up to its horizon.

    In a transaction of its own, in which nothing else is locked: two that bring the same wait for each other.
    """
    with transaction(engine) as db:
        horizon = agreement.horizon.days
        missing = [
            (half_life, age, micro)
            for half_life in _unknown(db, agreement)
            for age, micro in enumerate(decay_table(half_life, horizon))
        ]
        if missing:
            names = ("half_life", "age", "micro")
            db.execute(_NEW_DECAYS, dict(zip(names, map(list, zip(*missing, strict=True)), strict=True)))


def knows_decays(db: Connection, agreement: Agreement) -> bool:
    """Whether these are kept already, as they are once the agreement is adopted."""
    return not _unknown(db, agreement)


def _unknown(db: Connection, agreement: Agreement) -> list[int]:
    """Half-lives, in days, of which not every age up to the horizon is kept."""
    horizon = agreement.horizon.days
    half_lives = {(signal.half_life or agreement.half_life).days for signal in agreement.signals.values()}
    found = db.execute(_DECAYS, {"half_lives": sorted(half_lives), "horizon": horizon})
    return sorted(half_lives - {row.half_life for row in found if row.ages > horizon})
