"""Who could be given leads: who had them, who holds their colleagues, who is away or full, whose turn it is.

Asked for all leads of a transaction at once. The rota is locked before anything else is read here, so that of two who
give out leads at the same time the second one sees what the first one gave.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

_PAST = text(
    """
    SELECT u.lead_id, h.owner, h.state, h.reason,
           ARRAY(SELECT DISTINCT c.owner FROM handoff_change c
                 WHERE c.handoff_id = h.id AND c.owner IS NOT NULL) AS held
    FROM unnest(CAST(:lead_ids AS bigint[])) AS u(lead_id)
    CROSS JOIN LATERAL (
        SELECT id, owner, state, reason FROM handoff
        WHERE lead_id = u.lead_id AND owner IS NOT NULL AND id IS DISTINCT FROM CAST(:besides AS bigint)
        ORDER BY id DESC LIMIT 1) h
    """
)
# The index of leads with sales (`lead_with_sales`) is small however many leads there are. The offset keeps the planner
# from turning the question round for many domains, and reading every lead there is.
_COLLEAGUES = text(
    """
    SELECT u.domain, l.id AS lead_id, l.owner FROM unnest(CAST(:domains AS text[])) AS u(domain)
    CROSS JOIN LATERAL (
        SELECT lead.id, h.owner, h.id AS handoff_id FROM lead JOIN handoff h ON h.lead_id = lead.id
        WHERE split_part(lead.email, '@', 2) = u.domain AND lead.stage IN ('mql', 'sal', 'sql')
          AND h.state IN ('offered', 'accepted', 'contacted', 'qualified') AND h.owner IS NOT NULL
        OFFSET 0) l
    ORDER BY l.handoff_id DESC
    """
)


@dataclass(frozen=True, slots=True)
class Past:
    """The last handoff of a lead: who had it in the end, how and why it ended, and everybody who ever held it."""

    owner: str
    state: str
    reason: str | None
    held: frozenset[str]


def last_handoffs(db: Connection, lead_ids: Sequence[int], *, besides: int | None = None) -> dict[int, Past]:
    """The last handoff of each of these leads that has one, other than `besides`."""
    rows = db.execute(_PAST, {"lead_ids": list(lead_ids), "besides": besides})
    return {row.lead_id: Past(row.owner, row.state, row.reason, frozenset((row.owner, *row.held))) for row in rows}


def holders(db: Connection, handoff_id: int) -> frozenset[str]:
    """Everybody who ever held a handoff, as they were called."""
    query = text(
        """
        SELECT owner FROM handoff WHERE id = :id AND owner IS NOT NULL
        UNION SELECT owner FROM handoff_change WHERE handoff_id = :id AND owner IS NOT NULL
        """
    )
    return frozenset(db.execute(query, {"id": handoff_id}).scalars())


def handoffs_held(db: Connection) -> list[tuple[int, str]]:
    """Every open handoff that somebody has, and who, the oldest first."""
    query = text(
        """
        SELECT id, owner FROM handoff
        WHERE state IN ('offered', 'accepted', 'contacted', 'qualified') AND owner IS NOT NULL ORDER BY id
        """
    )
    return [(row.id, row.owner) for row in db.execute(query)]


def colleagues(db: Connection, domains: Collection[str]) -> dict[str, list[tuple[int, str]]]:
    """Who holds an open handoff of somebody at these mail domains: (lead, owner), the latest one first."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    if domains:
        for row in db.execute(_COLLEAGUES, {"domains": sorted(domains)}):
            found[row.domain].append((row.lead_id, row.owner))
    return found


def held(db: Connection) -> dict[str, int]:
    """How many open handoffs everybody has who has one."""
    query = text(
        """
        SELECT owner, count(*) AS n FROM handoff
        WHERE state IN ('offered', 'accepted', 'contacted', 'qualified') AND owner IS NOT NULL GROUP BY owner
        """
    )
    return {row.owner: row.n for row in db.execute(query)}


def away(db: Connection, day: date) -> frozenset[str]:
    """Who was said to be away on that day, by command."""
    query = text("SELECT rep FROM absence WHERE first_on <= :day AND (last_on IS NULL OR last_on >= :day)")
    return frozenset(db.execute(query, {"day": day}).scalars())


def turns(db: Connection, reps: Sequence[str], now: datetime) -> dict[str, int]:
    """Whose turn it is: a number for each rep, the lowest is next. Locks the rota, so no lead is locked after it."""
    db.execute(
        text(
            "INSERT INTO rota (rep, given_at, given_n) SELECT unnest(CAST(:reps AS text[])), :now, 0 "
            "ON CONFLICT DO NOTHING"
        ),
        {"reps": sorted(reps), "now": now},
    )
    rows = db.execute(
        text("SELECT rep, given_n FROM rota WHERE rep = ANY(:reps) ORDER BY rep FOR UPDATE"), {"reps": list(reps)}
    )
    return {row.rep: row.given_n for row in rows}


def give_turns(db: Connection, given: Mapping[str, int], now: datetime) -> None:
    """Note that these reps were given leads by turns; their number is where each stands in the line from now on."""
    if given:
        query = text(
            """
            UPDATE rota SET given_n = u.n, given_at = :now
            FROM unnest(CAST(:reps AS text[]), CAST(:numbers AS bigint[])) AS u(rep, n) WHERE rota.rep = u.rep
            """
        )
        db.execute(query, {"reps": list(given), "numbers": list(given.values()), "now": now})
