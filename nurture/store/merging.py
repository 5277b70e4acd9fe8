"""Two leads made one, in the database: rows moved over, and who lives on in whose place."""

from collections.abc import Iterable

from sqlalchemy import Connection, text

_LIVING = text(
    """
    SELECT id AS asked, id FROM lead WHERE id = ANY(:ids)
    UNION ALL SELECT lost_id, kept_id FROM merged_lead WHERE lost_id = ANY(:ids)
    """
)


def living(db: Connection, ids: Iterable[int]) -> dict[int, int]:
    """The leads that live on under these ids: itself, or the one that it was merged into; none for an unknown id.

    Ask this of every id that was read out of a token or remembered across transactions.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.asked: row.id for row in db.execute(_LIVING, {"ids": wanted})}
