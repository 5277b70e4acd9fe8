"""Whom changed files can touch: the ids of leads, in batches, by ascending id."""

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, Text, column, func, select, table, text

_WITH_NURTURE = text(
    """
    SELECT id FROM lead WHERE id > :after AND stage IN ('inquiry', 'nurture', 'customer') ORDER BY id LIMIT :most
    """
)
_ENROLLED = text(
    """
    SELECT lead_id AS id FROM enrollment WHERE lead_id > :after AND status <> 'ended' AND campaign = ANY(:campaigns)
    ORDER BY lead_id LIMIT :most
    """
)


def leads_with_nurture(db: Connection, most: int) -> Iterator[list[int]]:
    """All leads that neither sales has nor anybody ruled out, `most` at a time."""
    return _batches(db, None, most)


def leads_enrolled_in(db: Connection, campaigns: Collection[str], most: int) -> Iterator[list[int]]:
    """Leads that are in one of these campaigns now, `most` at a time."""
    return _batches(db, campaigns, most)


def _batches(db: Connection, campaigns: Collection[str] | None, most: int) -> Iterator[list[int]]:
    after = 0
    while True:
        if campaigns is None:
            rows = db.execute(_WITH_NURTURE, {"after": after, "most": most})
        else:
            rows = db.execute(_ENROLLED, {"after": after, "most": most, "campaigns": list(campaigns)})
        ids = list(rows.scalars())
        if ids:
            yield ids
            after = ids[-1]
        if len(ids) < most:
            return


def common_values(db: Connection, field: str, least: int) -> frozenset[str]:
    """Texts that stand in this field of at least so many leads."""
    value = column(field, Text)
    query = select(value).select_from(table("lead")).where(value.is_not(None)).group_by(value)
    return frozenset(db.execute(query.having(func.count() >= least)).scalars())
