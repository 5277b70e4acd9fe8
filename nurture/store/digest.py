"""What the weekly digest needs of the database besides its figures."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

_PEOPLE = text(
    """
    SELECT h.id, h.owner, h.answered_by, h.note, h.grade, h.state, h.value, h.closed_at, h.link_version,
           l.email, l.first_name, l.last_name, l.company
    FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE h.id = ANY(:ids)
    """
)
_LISTS = ("soon", "notes", "won")

UrlOf = Callable[[int, int], str]
"""Gives the address of a handoff's page, of its number and the version of its links."""


def is_queued(db: Connection, about: str, kind: str) -> bool:
    """Whether this issue is in the outbox, or was."""
    query = text("SELECT EXISTS (SELECT FROM notice WHERE about = :about AND kind = :kind)")
    return bool(db.execute(query, {"about": about, "kind": kind}).scalar())


def any_handed_over(db: Connection, before: datetime) -> bool:
    """Whether anything was handed over before then: else there is nothing to tell."""
    return bool(db.execute(text("SELECT EXISTS (SELECT FROM handoff WHERE offered_at < :at)"), {"at": before}).scalar())


def with_people(db: Connection, data: Mapping[str, Any], url_of: UrlOf | None) -> dict[str, Any]:
    """The figures of a digest with who stands behind the numbers of handoffs, as they are now.

    A lead that was erased meanwhile is left out. `url_of`: links to the pages of handoffs are given where it is.
    """
    people = _people(db, (one["handoff"] for name in _LISTS for one in data[name]["shown"]))
    filled = dict(data)
    for name in _LISTS:
        shown = [_with(one, people[one["handoff"]], url_of) for one in data[name]["shown"] if one["handoff"] in people]
        filled[name] = {**data[name], "shown": shown}
    return filled


def _people(db: Connection, handoff_ids: Iterable[int]) -> dict[int, Row[Any]]:
    ids = sorted(set(handoff_ids))
    return {row.id: row for row in db.execute(_PEOPLE, {"ids": ids})} if ids else {}


def _with(one: Mapping[str, Any], row: Row[Any], url_of: UrlOf | None) -> dict[str, Any]:
    return {
        **one,
        "lead": " ".join(filter(None, (row.first_name, row.last_name))) or row.email,
        "company": row.company,
        "grade": row.grade,
        "rep": row.answered_by or row.owner if row.closed_at else row.owner,
        "note": row.note,
        "value": None if row.value is None else float(row.value),
        "url": None if url_of is None else url_of(row.id, row.link_version),
    }
