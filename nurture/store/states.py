"""Leads as the rules see them: locked in order, then read, each table once per batch.

Whatever changes counts, cycle, stage or identity of leads goes through `lock` before any insert. Two ingests for one
lead would otherwise each see only their own count, and unordered locks would deadlock.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.facts import (
    DeliveryFact,
    EnrollmentFact,
    EventFact,
    HandoffFact,
    LeadState,
    PastEnrollment,
    Profile,
    SignalCount,
)
from nurture.rules.book import Rulebook
from nurture.rules.known import LOOKS_BACK
from nurture.store.suppressions import address_hash

_LEADS = text("SELECT * FROM lead WHERE id = ANY(:ids) ORDER BY id")
_LEADS_LOCKED = text("SELECT * FROM lead WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_ENROLLMENTS = text("SELECT * FROM enrollment WHERE lead_id = ANY(:ids) ORDER BY lead_id, n")
_DELIVERIES = text(
    """
    SELECT d.lead_id, d.campaign, d.step, d.cycle, e.n, d.state, d.local_on, coalesce(d.sent_at, d.slot_at) AS at,
           d.for_good
    FROM delivery d JOIN enrollment e ON e.id = d.enrollment_id
    WHERE d.lead_id = ANY(:ids) ORDER BY d.lead_id, d.id
    """
)
_COUNTS = text(
    """
    SELECT s.lead_id, s.matcher, s.day, s.count
    FROM signal_day s JOIN lead l ON l.id = s.lead_id AND l.cycle = s.cycle
    WHERE s.lead_id = ANY(:ids) AND s.day >= :since ORDER BY s.lead_id, s.day, s.matcher
    """
)
_CYCLES = text("SELECT lead_id, n, started_at FROM cycle WHERE lead_id = ANY(:ids) ORDER BY lead_id, n")
_HANDOFFS = text(
    """
    SELECT lead_id, state, cycle, offered_at, owner, was_customer FROM handoff
    WHERE lead_id = ANY(:ids) AND state IN ('offered', 'accepted', 'contacted', 'qualified')
    """
)
_SUPPRESSIONS = text("SELECT address_hash, topic, reason FROM suppression WHERE address_hash = ANY(:hashes)")
_EVENTS = text(
    """
    SELECT id, lead_id, kind, occurred_at, name, path, properties, campaign, step FROM event
    WHERE lead_id = ANY(:ids) AND verdict = 'human' AND occurred_at >= :since ORDER BY lead_id, occurred_at, id
    """
)


def lock(db: Connection, ids: Iterable[int]) -> list[int]:
    """Lock these leads for change, in order; gives the ids that exist."""
    wanted = sorted(set(ids))
    if not wanted:
        return []
    rows = db.execute(text("SELECT id FROM lead WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"), {"ids": wanted})
    return [row.id for row in rows]


def locked_states(db: Connection, book: Rulebook, ids: Iterable[int], now: datetime) -> list[LeadState]:
    """Lock these leads in order and give what rules know of them, by ascending id."""
    return _states(db, book, _LEADS_LOCKED, sorted(set(ids)), now)


def states(db: Connection, book: Rulebook, ids: Iterable[int], now: datetime) -> list[LeadState]:
    """What rules know of these leads, without locking; for looking only."""
    return _states(db, book, _LEADS, sorted(set(ids)), now)


def _states(db: Connection, book: Rulebook, query: Any, ids: Sequence[int], now: datetime) -> list[LeadState]:
    if not ids:
        return []
    leads = db.execute(query, {"ids": ids}).all()
    since = now.date() - timedelta(days=book.agreement.horizon.days + 1)
    enrollments = _grouped(db.execute(_ENROLLMENTS, {"ids": ids}))
    deliveries = _grouped(db.execute(_DELIVERIES, {"ids": ids}))
    counts = _grouped(db.execute(_COUNTS, {"ids": ids, "since": since}))
    cycles = _grouped(db.execute(_CYCLES, {"ids": ids}))
    handoffs = _grouped(db.execute(_HANDOFFS, {"ids": ids}))
    suppressed, left_topics = _suppressions(db, leads)
    events: dict[int, list[Row[Any]]] = {}
    if book.needs - {"received"}:
        events = _grouped(db.execute(_EVENTS, {"ids": ids, "since": now - LOOKS_BACK}))
    return [
        LeadState(
            id=lead.id,
            profile=profile(lead),
            stage=lead.stage,
            cycle=lead.cycle,
            cycles=tuple((row.n, row.started_at) for row in cycles.get(lead.id, ()))
            or ((lead.cycle, lead.cycle_started_at),),
            created_at=lead.created_at,
            handed_over=lead.handed_over,
            refused=lead.refused,
            reason=lead.reason,
            grade=lead.grade,
            counts=tuple(SignalCount(row.matcher, row.day, row._mapping["count"]) for row in counts.get(lead.id, ())),
            enrollment=_live(enrollments.get(lead.id, ())),
            past=_past(enrollments.get(lead.id, ())),
            deliveries=tuple(
                DeliveryFact(r.campaign, r.step, r.cycle, r.n, r.state, r.local_on, r.at, r.for_good)
                for r in deliveries.get(lead.id, ())
            ),
            handoff=_open(handoffs.get(lead.id, ())),
            suppressed=suppressed.get(lead.id),
            left_topics=left_topics.get(lead.id, frozenset()),
            mail_from=lead.mail_from,
            ask_at=lead.ask_at,
            engaged_at=lead.engaged_at,
            events=tuple(event_fact(row) for row in events.get(lead.id, ())),
        )
        for lead in leads
    ]


def profile(lead: Row[Any]) -> Profile:
    """Who a lead is, from its row."""
    return Profile(
        key=lead.key,
        email=lead.email,
        first_name=lead.first_name,
        last_name=lead.last_name,
        title=lead.title,
        company=lead.company,
        country=lead.country,
        timezone=lead.timezone,
        locale=lead.locale,
        industry=lead.industry,
        employees=lead.employees,
        source=lead.source,
        owner=lead.owner,
        attributes=lead.attributes,
    )


def event_fact(row: Row[Any]) -> EventFact:
    """An event, from its row."""
    return EventFact(
        kind=row.kind,
        occurred_at=row.occurred_at,
        name=row.name,
        path=row.path,
        properties=row.properties,
        campaign=row.campaign,
        step=row.step,
        id=row.id,
    )


def _grouped(rows: Iterable[Row[Any]]) -> dict[int, list[Row[Any]]]:
    groups: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        groups[row.lead_id].append(row)
    return groups


def _live(rows: Iterable[Row[Any]]) -> EnrollmentFact | None:
    for row in rows:
        if row.status != "ended":
            return EnrollmentFact(
                row.n, row.campaign, row.cycle, row.started_at, row.status, row.due_at, row.due_until, row.slow
            )
    return None


def _past(rows: Iterable[Row[Any]]) -> tuple[PastEnrollment, ...]:
    return tuple(
        PastEnrollment(row.n, row.campaign, row.cycle, row.ended_at, row.left_as)
        for row in rows
        if row.status == "ended"
    )


def _open(rows: Sequence[Row[Any]]) -> HandoffFact | None:
    if not rows:
        return None
    row = rows[0]
    return HandoffFact(row.state, row.cycle, row.offered_at, row.owner, row.was_customer)


def _suppressions(db: Connection, leads: Sequence[Row[Any]]) -> tuple[dict[int, str], dict[int, frozenset[str]]]:
    by_hash = {address_hash(lead.email): lead.id for lead in leads}
    whole: dict[int, str] = {}
    topics: dict[int, set[str]] = defaultdict(set)
    for row in db.execute(_SUPPRESSIONS, {"hashes": list(by_hash)}):
        lead_id = by_hash[bytes(row.address_hash)]
        if row.topic:
            topics[lead_id].add(row.topic)
        else:
            whole[lead_id] = row.reason
    return whole, {lead_id: frozenset(names) for lead_id, names in topics.items()}
