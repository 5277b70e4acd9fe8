"""Sales does not want leads (now): by hand, by a CRM, or from an import."""

from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows.decide import decide
from nurture.grammar.mistakes import did_you_mean
from nurture.rules.happenings import Refused
from nurture.rules.refusing import reason_of
from nurture.store import leads
from nurture.store.merging import lock_living
from nurture.store.states import locked_states


def check_reason(app: App, reason: str) -> None:
    """Refuse a reason that the agreement does not have.

    Raises:
        UsageError: It is not in the agreement; says what is.
    """
    if reason_of(app.book, reason) is None:
        known = sorted(app.book.agreement.reject_reasons)
        hint = did_you_mean(reason, known)
        near = f" ({hint})" if hint else ""
        raise UsageError(f"no reject reason {reason!r} in the agreement{near}; it has {', '.join(known)}")


def refuse(app: App, email: str, *, reason: str, by: str, note: str, now: datetime) -> None:
    """Refuse one lead, whoever has it; the reason picks what comes next.

    Raises:
        NotFound: There is no such lead.
        UsageError: There is no such reason.
        Conflict: The lead was refused for this reason already and nothing has happened since.
    """
    check_reason(app, reason)
    with transaction(app.engine) as db:
        found = leads.id_of(db, email)
        lead_id = None if found is None else lock_living(db, found)
        if lead_id is None:
            raise NotFound(f"no lead with the address {email}")
        refuse_in(db, app, lead_id, reason=reason, by=by, note=note, now=now)


def refuse_in(db: Connection, app: App, lead_id: int, *, reason: str, by: str, note: str, now: datetime) -> None:
    """The same within a transaction of the caller's, who has locked the lead.

    Raises:
        UsageError: There is no such reason.
        Conflict: It is over with this lead already.
    """
    check_reason(app, reason)
    (state,) = locked_states(db, app.book, [lead_id], now)
    if state.stage == "disqualified":
        raise Conflict(f"{state.profile.email} is disqualified already ({state.reason})")
    decide(db, app, {lead_id: Refused(reason=reason, at=now, by=by, note=note)}, now)
