"""What owners are told of their leads (`tell: owner`): gathered in the outbox while the mail has not left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text

_TODAY = text(
    """
    SELECT about, data ->> 'owner' AS owner, bool_or(state = 'queued') AS waits, min(data::text) AS data FROM notice
    WHERE kind = 'lead.active' AND at >= :since GROUP BY about, data ->> 'owner'
    """
)
_GATHER = text(
    """
    UPDATE notice SET data = CAST(u.data AS jsonb)
    FROM unnest(CAST(:abouts AS text[]), CAST(:data AS text[])) AS u(about, data)
    WHERE notice.kind = 'lead.active' AND notice.about = u.about AND notice.state = 'queued'
      AND notice.data ->> 'owner' = CAST(u.data AS jsonb) ->> 'owner'
    """
)
_PUT_OFF = text(
    """
    UPDATE notice SET next_at = greatest(next_at, :until)
    WHERE kind = 'lead.active' AND about = ANY(:abouts) AND state = 'queued' AND at = :at
    """
)


@dataclass(frozen=True, slots=True)
class Activity:
    """What an owner is told today of a lead; `waits`: the mail, or the word in another channel, has yet to go."""

    about: str
    owner: str
    waits: bool
    data: Mapping[str, Any]


def told_since(db: Connection, since: datetime) -> list[Activity]:
    """What owners have been told of their leads since then, or are about to be."""
    rows = db.execute(_TODAY, {"since": since})
    return [Activity(row.about, row.owner, row.waits, orjson.loads(row.data)) for row in rows]


def gather(db: Connection, told: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Put more into what waits to be told: (about, all of its data)."""
    if told:
        data = [orjson.dumps(dict(data)).decode() for _, data in told]
        db.execute(_GATHER, {"abouts": [about for about, _ in told], "data": data})


def put_off(db: Connection, abouts: Sequence[str], *, at: datetime, until: datetime) -> None:
    """Let what was just queued wait, so that more can be gathered."""
    if abouts:
        db.execute(_PUT_OFF, {"abouts": list(abouts), "at": at, "until": until})
