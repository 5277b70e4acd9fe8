"""What else leads are known by: the anonymous ids of browsers, the user ids of the product."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, text

_OWNERS = text("SELECT kind, value, lead_id FROM identity WHERE kind = :kind AND value = ANY(:values)")

_TIE = text(
    """
    INSERT INTO identity (kind, value, lead_id, since)
    SELECT :kind, u.value, u.lead_id, :now FROM unnest(CAST(:values AS text[]), CAST(:lead_ids AS bigint[]))
        AS u(value, lead_id) ORDER BY u.value
    ON CONFLICT (kind, value) DO NOTHING RETURNING value
    """
)

_MOVE = text(
    """
    UPDATE identity SET lead_id = u.lead_id, since = :now
    FROM unnest(CAST(:values AS text[]), CAST(:lead_ids AS bigint[])) AS u(value, lead_id)
    WHERE identity.kind = :kind AND identity.value = u.value AND identity.lead_id <> u.lead_id
    """
)


def owners(db: Connection, kind: str, values: Iterable[str]) -> dict[str, int]:
    """Which leads these ids belong to."""
    wanted = sorted(set(values))
    if not wanted:
        return {}
    return {row.value: row.lead_id for row in db.execute(_OWNERS, {"kind": kind, "values": wanted})}


def tie(db: Connection, kind: str, ties: Mapping[str, int], now: datetime) -> set[str]:
    """Give ids to leads where they belong to nobody yet; gives the ids that did."""
    if not ties:
        return set()
    values = {"kind": kind, "values": list(ties), "lead_ids": list(ties.values()), "now": now}
    return {row.value for row in db.execute(_TIE, values)}


def move(db: Connection, kind: str, ties: Mapping[str, int], now: datetime) -> None:
    """Give ids to other leads from now on; what they did before stays where it is."""
    if ties:
        db.execute(_MOVE, {"kind": kind, "values": list(ties), "lead_ids": list(ties.values()), "now": now})
