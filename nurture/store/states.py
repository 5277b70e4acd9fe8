"""Leads as the rules see them: locked in order, then read, all of them at once.

Whatever changes counts, cycle, stage or identity of leads goes through `lock` before any insert. Two ingests for one
lead would otherwise each see only their own count, and unordered locks would deadlock.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from nurture.facts import (
    HANDOFF_STATES,
    NOT_READ,
    OPEN_HANDOFF,
    BreachFact,
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
from nurture.rules.evolving import evolve
from nurture.rules.known import LOOKS_BACK
from nurture.rules.suppressing import word_of
from nurture.trips import Answer, Statement, Trip

_Fact = TypeVar("_Fact")

HANDOFF = """
    json_build_array(h.state, h.cycle, h.offered_at, h.owner, h.was_customer, h.hand_raise, h.accepted_at, h.given_at,
        h.origin = 'imported',
        (SELECT json_agg(a.at ORDER BY a.at) FROM attempt a WHERE a.handoff_id = h.id),
        (SELECT json_agg(json_build_array(b.promise, b.rung, b.action, b.at) ORDER BY b.id + 0)
         FROM breach b WHERE b.handoff_id = h.id))
"""
"""What `handoff_fact` reads, in the select list of a query in which the handoff is `h`.

Sorted by nothing that a key has: of tables that were empty when it planned, PostgreSQL would go through all rows by
their key, for each handoff, as that may spare it the sorting.
"""

_CLOSED = ",".join(state for state in HANDOFF_STATES if state not in OPEN_HANDOFF)
_LOCK = Statement("SELECT id, tracked FROM lead WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE")
_STATES = Statement(
    f"""
    SELECT l.id, l.stage, l.cycle, l.cycle_started_at, l.created_at, l.handed_over, l.refused, l.reason, l.grade,
        l.mail_from, l.ask_at, l.engaged_at, nullif(l.postponed, '{{}}'), l.tracked, l.unconfirmed_at, l.consent_basis,
        l.consent_at,
        json_build_array(
            CASE WHEN l.cycle <> 1 OR l.refused THEN
                (SELECT json_agg(json_build_array(n, started_at) ORDER BY n) FROM cycle WHERE lead_id = l.id) END,
            (SELECT json_agg(json_build_array(s.matcher, s.day, s.count) ORDER BY s.day, s.matcher)
             FROM signal_day s WHERE s.lead_id = l.id AND s.cycle = l.cycle AND s.day >= CAST(:since AS date)),
            (SELECT json_agg(json_build_array(n, campaign, cycle, started_at, status, due_at, due_until, slow, ended_at,
                                              left_as) ORDER BY n)
             FROM enrollment WHERE lead_id = l.id),
            (SELECT {HANDOFF} FROM handoff h
             WHERE h.lead_id = l.id AND h.state <> ALL ('{{{_CLOSED}}}')),
            (SELECT json_agg(json_build_array(topic, reason) ORDER BY topic) FROM suppression
             WHERE address_hash = sha256(convert_to(l.email, 'UTF8'))),
            CASE WHEN l.stage = 'customer' THEN
                (SELECT max(closed_at) FROM handoff WHERE lead_id = l.id AND cycle = l.cycle AND state = 'won') END
        ) AS around,
        l.key, l.email, l.first_name, l.last_name, l.title, l.company, l.country, l.timezone, l.locale, l.industry,
        l.employees, l.source, l.owner, l.attributes
    FROM lead l WHERE l.id = ANY(CAST(:ids AS bigint[])) ORDER BY l.id
    """  # noqa: S608 - our own words
)
"""The first cycle of a lead that was never refused is on its own row. Which handoff is open is asked by the states that
end one: asked by those that are open, PostgreSQL may take the index of all open ones by owner, as long as there are
none, and a prepared plan then goes through all of them for each lead."""
_DELIVERIES = Statement(
    """
    SELECT d.lead_id, d.campaign, d.step, d.cycle, (SELECT n FROM enrollment WHERE id = d.enrollment_id), d.state,
           d.local_on, coalesce(d.sent_at, d.slot_at), d.for_good
    FROM delivery d WHERE d.lead_id = ANY(CAST(:ids AS bigint[])) ORDER BY d.lead_id, d.id
    """
)
_instant, _day = datetime.fromisoformat, date.fromisoformat
_NOTHING_LEFT: frozenset[str] = frozenset()
_EVENTS = Statement(
    """
    SELECT lead_id, kind, occurred_at, name, path, properties, verdict, campaign, step, id FROM event
    WHERE lead_id = ANY(CAST(:ids AS bigint[])) AND verdict = 'human' AND occurred_at >= CAST(:since AS timestamptz)
    ORDER BY lead_id, occurred_at, id
    """
)


def lock(db: Connection, ids: Iterable[int]) -> list[int]:
    """Lock these leads for change, in order; gives the ids that exist."""
    return list(lock_tracked(db, ids))


def lock_tracked(db: Connection, ids: Iterable[int]) -> dict[int, bool]:
    """The same, with whether what each of them does may be observed: a statement of its own would cost as much."""
    wanted = set(ids)
    return dict(lock_on(Trip(db), wanted).rows) if wanted else {}


def lock_on(trip: Trip, ids: Iterable[int]) -> Answer:
    """The same as a question that comes along: rows of the id and whether it may be observed, in order."""
    return trip.ask(_LOCK, {"ids": sorted(ids)})


def locked_states(db: Connection, book: Rulebook, ids: Iterable[int], now: datetime) -> list[LeadState]:
    """Lock these leads in order and give what rules know of them, by ascending id."""
    trip, wanted = Trip(db), set(ids)
    if wanted:
        lock_on(trip, wanted)
    return _whole(trip, book, wanted, now)


def states(db: Connection, book: Rulebook, ids: Iterable[int], now: datetime) -> list[LeadState]:
    """What rules know of these leads, by ascending id. Whoever wants to change them has locked them."""
    return _whole(Trip(db), book, set(ids), now)


def _whole(trip: Trip, book: Rulebook, ids: set[int], now: datetime) -> list[LeadState]:
    """All of it in one trip; the leads that exist."""
    if not ids:
        return []
    bare, past = ask_states(trip, book, ids, now), _ask_past(trip, book, ids, now)
    return _with(past, read_states(bare))


def without_past(db: Connection, book: Rulebook, ids: Iterable[int], now: datetime) -> list[LeadState]:
    """The same but for what can be long: mails and events. A rule that looks at these raises `PastNotRead`."""
    wanted = set(ids)
    return read_states(ask_states(Trip(db), book, wanted, now)) if wanted else []


def ask_states(trip: Trip, book: Rulebook, ids: Iterable[int], now: datetime) -> Answer:
    """The same as a question that comes along, once the leads are locked; `read_states` reads the answer."""
    since = now.date() - timedelta(days=book.agreement.horizon.days + 1)
    return trip.ask(_STATES, {"ids": sorted(ids), "since": since})


def read_states(answer: Answer) -> list[LeadState]:
    """What `ask_states` asked for, by ascending id."""
    return list(map(_state, answer.rows))


def with_past(db: Connection, book: Rulebook, states: Sequence[LeadState], now: datetime) -> list[LeadState]:
    """These states with their mails, and with their events where a condition looks at such."""
    if not states:
        return []
    return _with(_ask_past(Trip(db), book, [state.id for state in states if state.id is not None], now), states)


def _ask_past(trip: Trip, book: Rulebook, ids: Collection[int], now: datetime) -> tuple[Answer, Answer | None]:
    """Mails, and events where a condition looks at such."""
    values = {"ids": sorted(ids), "since": now - LOOKS_BACK}
    mails = trip.ask(_DELIVERIES, values)
    return mails, trip.ask(_EVENTS, values) if book.needs - {"received"} else None


def _with(past: tuple[Answer, Answer | None], states: Sequence[LeadState]) -> list[LeadState]:
    mails, did = past
    deliveries = _grouped(mails.rows, DeliveryFact)
    events = {} if did is None else _grouped(did.rows, EventFact)
    return [
        evolve(state, deliveries=tuple(deliveries.get(state.id, ())), events=tuple(events.get(state.id, ())))
        for state in states
    ]


def _state(row: Sequence[Any]) -> LeadState:
    """By place, not by name: a name of a row costs as much as a value, and every event comes through here."""
    (
        id_, stage, cycle, cycle_started_at, created_at, handed_over, refused, reason, grade, mail_from, ask_at,
        engaged_at, postponed, tracked, unconfirmed_at, basis, basis_at,
        (cycles, counts, enrollments, handoff, suppressions, won_at), *who,
    ) = row  # fmt: skip
    return LeadState(
        id=id_,
        profile=Profile(*who),
        stage=stage,
        cycle=cycle,
        cycles=tuple([(n, _instant(at)) for n, at in cycles]) if cycles else ((cycle, cycle_started_at),),
        created_at=created_at,
        handed_over=handed_over,
        refused=refused,
        reason=reason,
        grade=grade,
        counts=tuple([SignalCount(matcher, _day(day), count) for matcher, day, count in counts or ()]),
        enrollment=_live(enrollments or ()),
        past=_past(enrollments or ()),
        deliveries=NOT_READ,
        handoff=None if handoff is None else handoff_fact(handoff),
        suppressed=_suppressed(suppressions) if suppressions else None,
        left_topics=frozenset([topic for topic, _ in suppressions if topic]) if suppressions else _NOTHING_LEFT,
        mail_from=mail_from,
        ask_at=ask_at,
        engaged_at=engaged_at,
        tracked=tracked,
        unconfirmed=unconfirmed_at is not None,
        basis=basis,
        basis_at=basis_at,
        postponed=tuple([(because, _instant(until)) for because, until in sorted(postponed.items())])
        if postponed
        else (),
        won_at=None if won_at is None else _instant(won_at),
        events=NOT_READ,
    )


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


def event_fact(row: Any) -> EventFact:
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


def _grouped(rows: Iterable[Sequence[Any]], fact: Callable[..., _Fact]) -> dict[int | None, list[_Fact]]:
    """The facts of each lead, in order; a row has the lead's id, then the fact's fields."""
    groups: dict[int | None, list[_Fact]] = defaultdict(list)
    for lead_id, *fields in rows:
        groups[lead_id].append(fact(*fields))
    return groups


def _live(rows: Iterable[Sequence[Any]]) -> EnrollmentFact | None:
    for n, campaign, cycle, started_at, status, due_at, due_until, slow, *_ in rows:
        if status != "ended":
            due = None if due_at is None else _instant(due_at)
            until = None if due_until is None else _instant(due_until)
            return EnrollmentFact(n, campaign, cycle, _instant(started_at), status, due, until, slow)
    return None


def _past(rows: Iterable[Sequence[Any]]) -> tuple[PastEnrollment, ...]:
    return tuple(
        PastEnrollment(n, campaign, cycle, _instant(ended_at), left_as)
        for n, campaign, cycle, _, status, _, _, _, ended_at, left_as in rows
        if status == "ended"
    )


def _suppressed(rows: Iterable[Sequence[str]]) -> str | None:
    return next((word_of(reason) for topic, reason in rows if not topic), None)


def handoff_fact(told: Sequence[Any]) -> HandoffFact:
    """An open handoff, from the array that the database makes of it."""
    (
        state, cycle, offered_at, owner, was_customer, hand_raise, accepted_at, given_at, imported, attempts, breaches,
    ) = told  # fmt: skip
    return HandoffFact(
        state=state,
        cycle=cycle,
        offered_at=_instant(offered_at),
        owner=owner,
        was_customer=was_customer,
        hand_raise=hand_raise,
        accepted_at=None if accepted_at is None else _instant(accepted_at),
        given_at=None if given_at is None else _instant(given_at),
        attempts=tuple([_instant(at) for at in attempts or ()]),
        breaches=tuple(
            [BreachFact(promise, rung, action, _instant(at)) for promise, rung, action, at in breaches or ()]
        ),
        imported=imported,
    )
