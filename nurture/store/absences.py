"""When reps are away, as it was told by command; what the agreement says of them stands in its file."""

from datetime import date, datetime

from sqlalchemy import Connection, text

from nurture.grammar.reps import Absence

_NOTE = text(
    """
    INSERT INTO absence (rep, first_on, last_on, noted_at) VALUES (:rep, :first, :last, :now)
    ON CONFLICT ON CONSTRAINT absence_once DO NOTHING
    """
)
_CANCEL = text(
    """
    DELETE FROM absence WHERE rep = :rep AND first_on = :day AND (last_on IS NULL OR last_on >= :day)
    RETURNING first_on, last_on
    """
)
_SHORTEN = text(
    """
    WITH covering AS (
        DELETE FROM absence WHERE rep = :rep AND first_on < :day AND (last_on IS NULL OR last_on >= :day)
        RETURNING first_on, last_on),
    shorter AS (
        INSERT INTO absence (rep, first_on, last_on, noted_at)
        SELECT DISTINCT :rep, first_on, CAST(:day AS date) - 1, CAST(:now AS timestamptz) FROM covering
        ON CONFLICT ON CONSTRAINT absence_once DO NOTHING)
    SELECT first_on, last_on FROM covering
    """
)


def note(db: Connection, rep: str, absence: Absence, now: datetime) -> bool:
    """Write down that a rep is away; False if that was known."""
    values = {"rep": rep, "first": absence.first, "last": absence.last, "now": now}
    return db.execute(_NOTE, values).rowcount == 1


def end(db: Connection, rep: str, day: date, now: datetime) -> list[Absence]:
    """Let the rep be back on that day: what began before ends the day before, what begins on it is off."""
    values = {"rep": rep, "day": day, "now": now}
    ended = [*db.execute(_SHORTEN, values), *db.execute(_CANCEL, {"rep": rep, "day": day})]
    return [Absence(row.first_on, row.last_on) for row in ended]


def from_day(db: Connection, day: date) -> dict[str, list[Absence]]:
    """Who is away on that day or later, and when; the earliest first."""
    query = text(
        """
        SELECT rep, first_on, last_on FROM absence WHERE last_on IS NULL OR last_on >= :day
        ORDER BY rep, first_on, last_on
        """
    )
    found: dict[str, list[Absence]] = {}
    for row in db.execute(query, {"day": day}):
        found.setdefault(row.rep, []).append(Absence(row.first_on, row.last_on))
    return found
