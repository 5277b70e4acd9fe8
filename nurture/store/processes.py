"""Which processes run, and what they count: each has a row that it alone writes, so nobody waits for anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text

ALIVE = 30.0
"""Seconds. Who has told nothing for longer does not count as running."""
KEPT = 3600.0
"""Seconds. Who has told nothing for longer is gone; its numbers are added to those of all that are."""

GONE = "gone"

_FIRST = text(
    """
    INSERT INTO process (name, kind, host, started_at, beat_at, peak_octets, counts)
    VALUES (:name, :kind, :host, clock_timestamp(), clock_timestamp(), :peak, CAST(:counts AS jsonb))
    ON CONFLICT (name) DO NOTHING
    """
)
_AGAIN = text(
    """
    UPDATE process SET beat_at = clock_timestamp(), peak_octets = :peak,
           counts = coalesce(CAST(:counts AS jsonb), counts)
    WHERE name = :name
    """
)
_ENDED = text("UPDATE process SET beat_at = clock_timestamp() - make_interval(secs => :seconds) WHERE name = :name")
_ADDED_UP = """
    SELECT coalesce(jsonb_object_agg(each.key, each.n), '{}')
    FROM (SELECT c.key, sum(CAST(c.value AS bigint)) AS n FROM process p, jsonb_each_text(p.counts) AS c GROUP BY c.key)
         AS each
"""
_FOLD = text(
    """
    WITH folded AS (
        DELETE FROM process WHERE name IN (
            SELECT name FROM process WHERE kind = 'gone' OR beat_at < clock_timestamp() - make_interval(secs => :kept)
            ORDER BY name FOR UPDATE)
        RETURNING counts
    )
    SELECT jsonb_object_agg(each.key, each.n) AS counts
    FROM (SELECT c.key, sum(CAST(c.value AS bigint)) AS n FROM folded, jsonb_each_text(folded.counts) AS c
          GROUP BY c.key) AS each
    """
)
_ANY_GONE = text(
    """
    SELECT EXISTS (SELECT FROM process
                   WHERE kind <> 'gone' AND beat_at < clock_timestamp() - make_interval(secs => :kept))
    """
)


@dataclass(frozen=True, slots=True)
class Running:
    """What a process says of itself, beside what it has counted. `peak_octets`: the most memory it has had."""

    name: str
    kind: str
    host: str
    peak_octets: int | None = None


def first_beat(db: Connection, process: Running, counts: Mapping[str, int]) -> None:
    """Tell that a process runs, of which nobody has heard."""
    db.execute(_FIRST, {**_values(process), "counts": _json(counts)})


def beat(db: Connection, process: Running, counts: Mapping[str, int] | None) -> bool:
    """Tell that it still runs, and what it has counted in all; None: no more than it told last.

    Gives False where its row is no more: it was quiet for so long that it counted as gone.
    """
    values = {"name": process.name, "peak": process.peak_octets, "counts": None if counts is None else _json(counts)}
    return db.execute(_AGAIN, values).rowcount == 1


def ended(db: Connection, name: str) -> None:
    """Tell that it runs no more; what it has counted stays."""
    db.execute(_ENDED, {"name": name, "seconds": ALIVE})


def added_up(db: Connection) -> dict[str, int]:
    """What all processes have counted, those that are gone too. A sum never falls."""
    counts: dict[str, int] = db.execute(text(_ADDED_UP)).scalar_one()
    return counts


def fold(db: Connection) -> None:
    """Put those that are gone into one row. Nobody can tell anything for that moment, so nothing is lost or doubled."""
    if not db.execute(_ANY_GONE, {"kept": KEPT}).scalar_one():
        return
    db.execute(text("LOCK TABLE process IN SHARE ROW EXCLUSIVE MODE"))
    counts = db.execute(_FOLD, {"kept": KEPT}).scalar_one()
    db.execute(_FIRST, {"name": GONE, "kind": GONE, "host": "", "peak": None, "counts": _json(counts or {})})


def _values(process: Running) -> dict[str, Any]:
    return {"name": process.name, "kind": process.kind, "host": process.host, "peak": process.peak_octets}


def _json(counts: Mapping[str, int]) -> str:
    return orjson.dumps(counts).decode()
