"""What waits and since when, and what went no further by itself: for a person who asks what is stuck.

Of each kind the oldest first, and no more than were asked for. What can be tried again without anybody getting anything
twice says so; of what may have arrived it is said what to do instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from nurture.store.deliveries import UNDER_WAY
from nurture.store.health import MOST
from nurture.store.set_aside import IN_FORCE


@dataclass(frozen=True, slots=True)
class Waits:
    """How many of a kind are due (`MOST`, or more), and since when the oldest is."""

    kind: str
    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stuck:
    """One thing that goes no further by itself.

    Attributes:
        kind: which outbox or queue it is in.
        number: its own there.
        state: `set aside` (tried again at `again_at`), `failed`, or `unknown` (handed over, the answer lost).
        reason: why.
        since: when that began.
        again_at: when it is tried again by itself, if ever.
        tries: so often it has been tried, where that is counted.
        lead: its address, where there is one.
        about: what it is, in a word or two.
        may_retry: whether it can be tried again on demand.
    """

    kind: str
    number: int
    state: str
    reason: str
    since: datetime | None
    again_at: datetime | None
    tries: int | None
    lead: str | None
    about: str
    may_retry: bool

    @property
    def id(self) -> str:
        """What a person types."""
        return f"{self.kind}:{self.number}"


_WAITING: Mapping[str, str] = {
    "lead": """
        (SELECT due_at AS at FROM enrollment WHERE status <> 'ended' AND due_at <= :now ORDER BY due_at LIMIT :most)
        UNION ALL (SELECT ask_at FROM lead WHERE ask_at <= :now ORDER BY ask_at LIMIT :most)""",
    "delivery": f"""
        (SELECT slot_at AS at FROM delivery WHERE phase = 'queued' AND mailer = 'default' AND slot_at <= :now
         ORDER BY slot_at LIMIT :most)
        UNION ALL (SELECT held.slot_at FROM {UNDER_WAY} LIMIT :most)""",  # noqa: S608 - a constant of ours
    "score": """
        (SELECT again_at AS at FROM set_aside WHERE kind = 'score' AND again_at <= :now
         ORDER BY again_at LIMIT :most)""",
    "hits": """
        (SELECT settle_at AS at FROM event WHERE verdict = 'pending' AND settle_at <= :now
         ORDER BY settle_at LIMIT :most)""",
    "notice": """
        (SELECT next_at AS at FROM notice WHERE state IN ('queued', 'leased') AND next_at <= :now
         AND kind <> 'lead.changed' ORDER BY next_at LIMIT :most)""",
    "crm": """
        (SELECT next_at AS at FROM notice WHERE state IN ('queued', 'leased') AND next_at <= :now
         AND kind = 'lead.changed' LIMIT :most)""",
    "handoff": """
        (SELECT look_at AS at FROM handoff WHERE look_at <= :now
         AND state IN ('offered', 'accepted', 'contacted', 'qualified') ORDER BY look_at LIMIT :most)""",
    "confirmation": """
        (SELECT next_at AS at FROM confirmation WHERE state = 'queued' AND next_at <= :now
         ORDER BY next_at LIMIT :most)""",
    "forward": """
        (SELECT next_at AS at FROM mail_forward WHERE state IN ('queued', 'leased') AND next_at <= :now
         ORDER BY next_at LIMIT :most)""",
    "rescore": "(SELECT began_at AS at FROM walk WHERE name = 'agreement')",
}
"""By kind, when what is due was due: indexes give the oldest, and no count goes beyond `most`."""

_SET_ASIDE = f"""
    SELECT '{{kind}}' AS kind, s.id AS number, 'set aside' AS state, s.reason, s.since, s.again_at, s.tries,
           l.email AS lead, '{{about}}' AS about, true AS may_retry
    FROM set_aside s JOIN lead l ON l.id = s.lead_id
    WHERE s.kind = '{{kind}}' AND {IN_FORCE} AND (CAST(:number AS bigint) IS NULL OR s.id = :number)
    ORDER BY s.since, s.id LIMIT :most
"""  # noqa: S608 - constants
_NOTICE = """
    SELECT '{kind}' AS kind, n.id AS number, 'failed' AS state, coalesce(n.last_error, '') AS reason, n.at AS since,
           CAST(NULL AS timestamptz) AS again_at, n.tries, l.email AS lead, n.kind || ' by ' || n.channel AS about,
           true AS may_retry
    FROM notice n LEFT JOIN handoff h ON h.id = n.handoff_id LEFT JOIN lead l ON l.id = coalesce(n.lead_id, h.lead_id)
    WHERE n.state = 'failed' AND n.kind {which} 'lead.changed' AND (CAST(:number AS bigint) IS NULL OR n.id = :number)
    ORDER BY n.at, n.id LIMIT :most
"""

_STUCK: Mapping[str, str] = {
    "lead": _SET_ASIDE.format(kind="lead", about="to be decided"),
    "score": _SET_ASIDE.format(kind="score", about="score to be worked out anew"),
    "handoff": _SET_ASIDE.format(kind="handoff", about="to be looked at"),
    "hits": _SET_ASIDE.format(kind="hits", about="clicks and opens to be judged"),
    "delivery": """
        SELECT 'delivery' AS kind, d.id AS number,
               CASE WHEN d.state = 'unknown' THEN 'unknown' WHEN d.for_good THEN 'failed' ELSE 'set aside' END AS state,
               coalesce(d.reason, '') AS reason, coalesce(d.sending_at, d.slot_at) AS since,
               CASE WHEN d.state = 'failed' AND NOT d.for_good THEN e.due_at END AS again_at, d.tries, l.email AS lead,
               d.campaign || '/' || d.step AS about, d.state = 'failed' AND d.for_good AS may_retry
        FROM delivery d JOIN lead l ON l.id = d.lead_id JOIN enrollment e ON e.id = d.enrollment_id
        WHERE (d.phase = 'unknown' OR d.phase = 'failed' AND e.status <> 'ended' AND e.cycle = d.cycle)
          AND (CAST(:number AS bigint) IS NULL OR d.id = :number)
        ORDER BY d.id LIMIT :most
    """,
    "notice": _NOTICE.format(kind="notice", which="<>"),
    "crm": _NOTICE.format(kind="crm", which="="),
    "forward": """
        SELECT 'forward' AS kind, f.inbound_id AS number, 'failed' AS state, coalesce(f.last_error, '') AS reason,
               f.at AS since, CAST(NULL AS timestamptz) AS again_at, f.tries, l.email AS lead,
               'mail that came in' AS about, true AS may_retry
        FROM mail_forward f JOIN inbound_mail i ON i.id = f.inbound_id LEFT JOIN lead l ON l.id = i.lead_id
        WHERE f.state = 'failed' AND (CAST(:number AS bigint) IS NULL OR f.inbound_id = :number)
        ORDER BY f.at, f.inbound_id LIMIT :most
    """,
    "confirmation": """
        SELECT 'confirmation' AS kind, c.id AS number, c.state, coalesce(c.last_error, '') AS reason,
               c.asked_at AS since, CAST(NULL AS timestamptz) AS again_at, c.tries, l.email AS lead,
               'asks to confirm a form' AS about, c.state = 'failed' AS may_retry
        FROM confirmation c JOIN lead l ON l.id = c.lead_id
        WHERE c.state IN ('failed', 'unknown') AND c.confirmed_at IS NULL AND c.expires_at > :now
          AND (CAST(:number AS bigint) IS NULL OR c.id = :number)
        ORDER BY c.asked_at, c.id LIMIT :most
    """,
}

KINDS = tuple(_STUCK)
"""Of which something can be stuck in the database."""


def waiting(db: Connection, now: datetime) -> list[Waits]:
    """What is due now, of each kind that has any."""
    query = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, count(*) AS n, min(at) AS oldest FROM ({rows}) AS due"  # noqa: S608 - constants
        for kind, rows in _WAITING.items()
    )
    rows = db.execute(text(query), {"now": now, "most": MOST})
    return [Waits(row.kind, row.n, row.oldest) for row in rows if row.n]


def stuck(db: Connection, now: datetime, kinds: Sequence[str] = KINDS, *, most: int = 1000) -> list[Stuck]:
    """What is stuck, so many of each of these kinds at most."""
    return [one for kind in kinds for one in _asked(db, kind, now, most, None)]


def find(db: Connection, kind: str, number: int, now: datetime) -> Stuck | None:
    """One of them; None where there is no such thing, or it is not stuck."""
    return next(iter(_asked(db, kind, now, 1, number)), None)


def let_come_again(db: Connection, delivery_id: int) -> bool:
    """Have a mail that failed for good count as one that was not taken this time; False where it is not one."""
    query = text("UPDATE delivery SET for_good = false WHERE id = :id AND state = 'failed' AND for_good")
    return db.execute(query, {"id": delivery_id}).rowcount == 1


def _asked(db: Connection, kind: str, now: datetime, most: int, number: int | None) -> list[Stuck]:
    rows = db.execute(text(_STUCK[kind]), {"now": now, "most": most, "number": number})
    return [Stuck(*row) for row in rows]
