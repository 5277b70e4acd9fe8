"""Ask who sent a form whether it was them (double opt-in), and turn away what must not come in at all."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from nurture.agreement import ConsentTerms
from nurture.app import App
from nurture.rules.history import is_history
from nurture.rules.permission import missing
from nurture.segment.consenting import Agreed, agreed_in
from nurture.segment.event import IncomingEvent
from nurture.segment.rejected import Rejected
from nurture.store import confirmations, rejected_events, suppressions
from nurture.store.confirmations import Question
from nurture.store.states import without_past

ERASED = "it names somebody who asked to be erased"
"""Why an event is not kept; no copy of it is."""

_ASKABLE: frozenset[str] = frozenset({"unsubscribed", "erased"})
_SUPPRESSED = text(
    """
    SELECT l.id, s.reason FROM lead l JOIN suppression s ON s.address_hash = sha256(convert_to(l.email, 'UTF8'))
    WHERE l.id = ANY(:ids) AND s.topic = ''
    """
)


def without_erased(db: Connection, app: App, events: Sequence[IncomingEvent], now: datetime) -> Sequence[IncomingEvent]:
    """These events without those about addresses whose owners asked to be erased; those are only counted.

    One that comes by a form which is confirmed, and says what its sender agrees to, is let through: the mail that asks
    will find out whether it is the owner's own.
    """
    emails = {event.email for event in events if event.email}
    gone = suppressions.erased(db, emails)
    if not gone:
        return events
    terms = app.agreement.consent
    refused = [event for event in events if event.email in gone and _form(terms, event) is None]
    rejected_events.count(db, [Rejected(event.source, ERASED, None) for event in refused], now)
    turned_away = set(map(id, refused))
    return [event for event in events if id(event) not in turned_away]


def ask_to_confirm(
    db: Connection, app: App, told: Iterable[tuple[IncomingEvent, int | None]], created: set[int], now: datetime
) -> set[int]:
    """Have leads asked whether a form was theirs; gives those that are asked. All are locked.

    A lead that came by such a form waits, unconfirmed, until it has said yes. One that we knew is asked only if the
    form says what it agrees to, and mail to it lacks just that: it is unconfirmed still, has no ground on record where
    one is required, or had unsubscribed. Whoever may be mailed is not asked.
    """
    terms = app.agreement.consent
    forms: dict[int, tuple[IncomingEvent, Agreed | None]] = {}
    for event, lead_id in told:
        if lead_id is not None and _may_sign_up(terms, event, now):
            agreed = agreed_in(event.traits)
            before = forms.get(lead_id)
            if before is None or agreed is not None:
                forms[lead_id] = (event, agreed)
    if not forms:
        return set()
    fresh = created & forms.keys()
    confirmations.wait_for(db, fresh, now)
    known = {lead_id for lead_id, (_, agreed) in forms.items() if agreed is not None} - fresh
    asked = fresh | _lacking(db, app, known, now)
    questions = [_question(terms, lead_id, *forms[lead_id]) for lead_id in sorted(asked)]
    return confirmations.ask(db, questions, now, expires_at=now + timedelta(days=terms.confirm_within.days))


def _may_sign_up(terms: ConsentTerms, event: IncomingEvent, now: datetime) -> bool:
    return (
        event.source in terms.double_opt_in
        and event.email is not None
        and event.kind in ("identify", "track")
        and not is_history(event.occurred_at, now)
    )


def _form(terms: ConsentTerms, event: IncomingEvent) -> Agreed | None:
    """What its sender agrees to, of a form that is confirmed."""
    is_form = event.source in terms.double_opt_in and event.kind in ("identify", "track")
    return agreed_in(event.traits) if is_form else None


def _lacking(db: Connection, app: App, ids: set[int], now: datetime) -> set[int]:
    """Those of these leads to whom mail lacks just that they say yes."""
    if not ids:
        return set()
    reasons = {row.id: row.reason for row in db.execute(_SUPPRESSED, {"ids": sorted(ids)})}
    states = without_past(db, app.book, ids, now)
    return {
        state.id
        for state in states
        if state.id is not None
        and (reasons[state.id] in _ASKABLE if state.id in reasons else missing(app.book, state, now) is not None)
    }


def _question(terms: ConsentTerms, lead_id: int, event: IncomingEvent, agreed: Agreed | None) -> Question:
    source = (agreed.source if agreed else None) or event.source
    wording = (agreed.wording if agreed else None) or terms.wording
    return Question(lead_id, source, agreed.basis if agreed else "consent", wording, event.agent)
