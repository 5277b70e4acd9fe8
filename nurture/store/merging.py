"""Two leads that are one: who lives on in whose place, and what there is of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.rules.merging import Round, Side
from nurture.store.states import lock

_LIVING = text(
    """
    SELECT id AS asked, id FROM lead WHERE id = ANY(:ids)
    UNION ALL SELECT lost_id, kept_id FROM merged_lead WHERE lost_id = ANY(:ids)
    """
)
_LOST = text("SELECT lost ->> 'email' FROM merged_lead WHERE lost_id = :id")
_SIDES = text(
    """
    SELECT l.id, l.stage, l.created_at, h.state AS handoff,
           EXISTS (SELECT FROM delivery WHERE lead_id = l.id AND state IN ('sending', 'sent', 'unknown')) AS mailed
    FROM lead l
    LEFT JOIN handoff h ON h.lead_id = l.id AND h.state IN ('offered', 'accepted', 'contacted', 'qualified')
    WHERE l.id = ANY(:ids) ORDER BY l.id
    """
)
_OPEN = text(
    """
    SELECT id, lead_id, state, offered_at, owner, was_customer FROM handoff
    WHERE lead_id = ANY(:ids) AND state IN ('offered', 'accepted', 'contacted', 'qualified')
    """
)
_CYCLES = text("SELECT n, started_at, reason, note, refused_by FROM cycle WHERE lead_id = :id ORDER BY n")
_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM event WHERE lead_id = :id) AS events,
           (SELECT count(*) FROM event WHERE lead_id = :id AND kind = 'answer') AS answers,
           (SELECT count(*) FROM delivery WHERE lead_id = :id AND state IN ('sending', 'sent', 'unknown')) AS mails,
           (SELECT count(*) FROM delivery WHERE lead_id = :id AND state IN ('queued', 'leased')) AS waiting,
           (SELECT count(*) FROM handoff WHERE lead_id = :id) AS handoffs,
           (SELECT count(*) FROM cycle WHERE lead_id = :id AND reason IS NOT NULL) AS refusals,
           (SELECT count(*) FROM identity WHERE lead_id = :id) AS ids
    """
)
_MERGED_INTO = text(
    "SELECT lost_id, lost ->> 'email' AS email, at, by FROM merged_lead WHERE kept_id = :id ORDER BY at"
)
_SUPPRESSIONS = text(
    "SELECT address_hash, topic, reason, how, at FROM suppression WHERE address_hash = ANY(:hashes) ORDER BY at, topic"
)
_ADDRESSES = text(
    """
    SELECT email FROM lead WHERE id = ANY(:ids)
    UNION SELECT value FROM identity WHERE kind = 'email' AND lead_id = ANY(:ids)
    """
)
_ADDRESSES_BY_LEAD = text(
    """
    SELECT id, email, true AS own FROM lead WHERE id = ANY(:ids)
    UNION ALL SELECT lead_id, value, false FROM identity WHERE kind = 'email' AND lead_id = ANY(:ids)
    ORDER BY 1, 3 DESC, 2
    """
)


@dataclass(frozen=True, slots=True)
class Two:
    """The lead that is kept, and the one that is lost."""

    kept: int
    lost: int

    @property
    def ids(self) -> dict[str, int]:
        """Both, for a statement."""
        return {"kept": self.kept, "lost": self.lost}


def living(db: Connection, ids: Iterable[int]) -> dict[int, int]:
    """The leads that live on under these ids: itself, or the one that it was merged into; none for an unknown id.

    Ask this of every id that was read out of a token or remembered across transactions.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.asked: row.id for row in db.execute(_LIVING, {"ids": wanted})}


def lock_living(db: Connection, lead_id: int) -> int | None:
    """Lock the lead that lives on under this id; gives it, None for an unknown id."""
    while True:
        there = living(db, [lead_id]).get(lead_id)
        if there is None or lock(db, [there]):
            return there  # else it was merged in between


def lost_address(db: Connection, lead_id: int) -> str | None:
    """The address of a lead that was merged into another one, as it was then."""
    found: str | None = db.execute(_LOST, {"id": lead_id}).scalar()
    return found


def sides(db: Connection, ids: Iterable[int]) -> list[Side]:
    """What decides which of these leads lives on."""
    rows = db.execute(_SIDES, {"ids": list(ids)})
    return [Side(row.id, row.stage, row.created_at, row.handoff, row.mailed) for row in rows]


def lead_rows(db: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """These leads' own rows, by id."""
    return {row.id: row for row in db.execute(text("SELECT * FROM lead WHERE id = ANY(:ids)"), {"ids": list(ids)})}


def counts(db: Connection, lead_id: int) -> dict[str, int]:
    """How much there is of a lead's history."""
    return dict(db.execute(_COUNTS, {"id": lead_id}).one()._mapping)


def cycles(db: Connection, lead: Row[Any]) -> list[Round]:
    """A lead's cycles, oldest first; at least one."""
    found = [Round(*row) for row in db.execute(_CYCLES, {"id": lead.id})]
    return found or [Round(lead.cycle, lead.cycle_started_at)]


def merged_into(db: Connection, lead_id: int) -> Sequence[Row[Any]]:
    """Leads that turned out to be this one: `lost_id`, `email`, `at`, `by`."""
    return db.execute(_MERGED_INTO, {"id": lead_id}).all()


def addresses(db: Connection, ids: Iterable[int]) -> list[str]:
    """Every address by which these leads are known."""
    return sorted(db.execute(_ADDRESSES, {"ids": list(ids)}).scalars())


def addresses_by_lead(db: Connection, ids: Iterable[int]) -> dict[int, list[str]]:
    """Every address by which each of these leads is known, its own first."""
    wanted = sorted(set(ids))
    found: dict[int, list[str]] = {lead_id: [] for lead_id in wanted}
    if wanted:
        for row in db.execute(_ADDRESSES_BY_LEAD, {"ids": wanted}):
            found[row.id].append(row.email)
    return found


def open_handoffs(db: Connection, two: Two) -> dict[int, Row[Any]]:
    """The open handoff of each, by lead."""
    return {row.lead_id: row for row in db.execute(_OPEN, {"ids": [two.kept, two.lost]})}


def suppressions(db: Connection, hashes: Sequence[bytes]) -> Sequence[Row[Any]]:
    """What must not be mailed to any of these addresses, the oldest first."""
    return db.execute(_SUPPRESSIONS, {"hashes": list(hashes)}).all()
