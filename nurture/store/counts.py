"""Daily counts: raised by events that come in, and replaced by what stored events say."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.rules.engagement import NO_SIGN_OF_LIFE
from nurture.trips import Statement, Trip

Key = tuple[int, int, str, date]
"""(lead, cycle, fingerprint, UTC day)."""

_RAISE = Statement(
    """
    INSERT INTO signal_day (lead_id, cycle, matcher, day, count)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:cycle AS int[]), CAST(:matcher AS text[]),
                         CAST(:day AS date[]), CAST(:by AS int[]))
    ON CONFLICT (lead_id, cycle, matcher, day) DO UPDATE SET count = signal_day.count + excluded.count
    """
)
_KEPT = text(
    """
    SELECT s.* FROM unnest(CAST(:ids AS bigint[])) AS l(id) CROSS JOIN LATERAL (
        SELECT lead_id, cycle, matcher, day, count FROM signal_day
        WHERE lead_id = l.id AND matcher = ANY(:matchers) AND day >= :since OFFSET 0
    ) AS s
    """
)
_CHANGE = text(
    """
    WITH gone AS (
        DELETE FROM signal_day s
        USING unnest(CAST(:gone_lead_id AS bigint[]), CAST(:gone_cycle AS int[]), CAST(:gone_matcher AS text[]),
                     CAST(:gone_day AS date[])) AS u(lead_id, cycle, matcher, day)
        WHERE s.lead_id = u.lead_id AND s.cycle = u.cycle AND s.matcher = u.matcher AND s.day = u.day
    )
    INSERT INTO signal_day (lead_id, cycle, matcher, day, count)
    SELECT * FROM unnest(CAST(:lead_id AS bigint[]), CAST(:cycle AS int[]), CAST(:matcher AS text[]),
                         CAST(:day AS date[]), CAST(:count AS int[]))
    ON CONFLICT (lead_id, cycle, matcher, day) DO UPDATE SET count = excluded.count
    """
)
_EVENTS = text(
    """
    SELECT lead_id, kind, occurred_at, name, path,
           CASE WHEN kind = ANY(:with_properties) THEN properties END AS properties
    FROM event
    WHERE lead_id = ANY(:ids) AND verdict = 'human' AND kind = ANY(:kinds) AND occurred_at >= :since
    ORDER BY lead_id
    """
)
_CYCLES = text(
    """
    SELECT l.id AS lead_id, coalesce(c.n, l.cycle) AS n, coalesce(c.started_at, l.cycle_started_at) AS started_at
    FROM lead l LEFT JOIN cycle c ON c.lead_id = l.id WHERE l.id = ANY(:ids) ORDER BY l.id, n
    """
)
_ENGAGED = text(
    """
    UPDATE lead SET engaged_at = found.at
    FROM (
        SELECT l.id, greatest(
            (SELECT max(e.occurred_at) FROM event e
             WHERE e.lead_id = l.id AND e.verdict = 'human' AND e.kind <> ALL(:silent)),
            CASE WHEN l.engaged_at < :since THEN l.engaged_at END) AS at
        FROM lead l WHERE l.id = ANY(:ids)
    ) AS found
    WHERE lead.id = ANY(:ids) AND lead.id = found.id AND lead.engaged_at IS DISTINCT FROM found.at
    """
)
_FROM = text(
    """
    SELECT u.lead_id FROM unnest(CAST(:ids AS bigint[]), CAST(:instants AS timestamptz[])) AS u(lead_id, began_at)
    WHERE EXISTS (
        SELECT FROM event e
        WHERE e.lead_id = u.lead_id AND e.occurred_at >= u.began_at AND e.verdict = 'human' OFFSET 0)
    """
)
_PORTION = 5000


def raise_by(trip: Trip, rows: Sequence[tuple[int, int, str, date, int]]) -> None:
    """Raise counts: (lead, cycle, fingerprint, UTC day, by how much). The leads must be locked."""
    if rows:
        trip.ask(_RAISE, _columns(rows, "lead_id cycle matcher day by"))


def replace(
    db: Connection, ids: Collection[int], matchers: Collection[str], fresh: Mapping[Key, int], *, since: date
) -> None:
    """Make these all the counts that these leads have by these matchers from that day on. The leads must be locked.

    What is so already is not written.
    """
    found = db.execute(_KEPT, {"ids": list(ids), "matchers": list(matchers), "since": since})
    kept: dict[Key, int] = {(row[0], row[1], row[2], row[3]): row[4] for row in found}
    gone = [key for key in kept if key not in fresh]
    new = [(*key, count) for key, count in fresh.items() if kept.get(key) != count]
    if gone or new:
        values = _columns(gone, "gone_lead_id gone_cycle gone_matcher gone_day")
        db.execute(_CHANGE, values | _columns(new, "lead_id cycle matcher day count"))


def human_events(
    db: Connection, ids: Collection[int], *, kinds: Collection[str], with_properties: Collection[str], since: date
) -> Iterator[Row[Any]]:
    """What these leads did from that day on, lead by lead, a portion at a time; properties only of these kinds."""
    values = {"ids": list(ids), "kinds": list(kinds), "with_properties": list(with_properties)}
    options = {"stream_results": True, "yield_per": _PORTION}
    yield from db.execute(_EVENTS, {**values, "since": midnight(since)}, execution_options=options)


def cycles(db: Connection, ids: Collection[int]) -> Mapping[int, list[tuple[int, datetime]]]:
    """(n, started_at) of each lead's cycles, oldest first; at least one each."""
    found: dict[int, list[tuple[int, datetime]]] = {}
    for row in db.execute(_CYCLES, {"ids": list(ids)}):
        found.setdefault(row.lead_id, []).append((row.n, row.started_at))
    return found


def with_events_from(db: Connection, instants: Mapping[int, datetime]) -> list[int]:
    """Those of the leads that did something at this instant of theirs or later."""
    return list(db.execute(_FROM, {"ids": list(instants), "instants": list(instants.values())}).scalars())


def set_engaged(db: Connection, ids: Collection[int], *, since: date) -> None:
    """Note the last sign of life that the events tell of; what was before all that are kept (`since`) stays.

    Unless a later one is told of: of the time before, some events are gone and others are not.
    """
    db.execute(_ENGAGED, {"ids": list(ids), "since": midnight(since), "silent": list(NO_SIGN_OF_LIFE)})


def no_events(db: Connection) -> bool:
    """Whether nobody has done anything yet."""
    return not db.execute(text("SELECT EXISTS (SELECT FROM event)")).scalar()


def midnight(day: date) -> datetime:
    """The instant at which a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def _columns(rows: Iterable[tuple[Any, ...]], names: str) -> dict[str, list[Any]]:
    listed = names.split()
    columns = list(zip(*rows, strict=True)) or [()] * len(listed)
    return {name: list(column) for name, column in zip(listed, columns, strict=True)}
