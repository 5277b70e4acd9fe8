"""What sales does with a handoff: accept, try, qualify, win, lose, reject. Double clicks and two reps do no harm."""

from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.facts import OPEN_HANDOFF
from nurture.flows.decide import decide
from nurture.flows.refuse import check_reason
from nurture.rules.happenings import Happening, Progressed, Refused
from nurture.store import handoffs
from nurture.store.states import lock

DOUBLE_CLICK = timedelta(minutes=1)
"""The same attempt by the same rep within this is the same one, sent twice."""

_SAID = {
    "accepted": "was accepted",
    "contacted": "was accepted, and the lead was reached",
    "qualified": "was qualified",
    "won": "was won",
    "lost": "was lost",
    "rejected": "was rejected",
    "returned": "went back to nurture",
    "merged": "was closed: the lead turned out to be one that sales has in another handoff",
}


def accept(app: App, handoff_id: int, *, by: str, now: datetime) -> None:
    """The rep takes the lead and owns it from now on. The same rep may say so twice.

    Raises:
        NotFound: There is no such handoff.
        Conflict: Somebody else was first, or it is closed; says who and what.
    """
    by = _who(by)
    with transaction(app.engine) as db:
        row = _locked(db, handoff_id)
        if row.state != "offered":
            if row.state in OPEN_HANDOFF and row.answered_by == by:
                return
            raise Conflict(_what_happened(row))
        _decide(db, app, row, Progressed("accepted", by), now)


def reject(app: App, handoff_id: int, *, reason: str, note: str, by: str, now: datetime) -> None:
    """The rep refuses the lead, and says why; the reason picks the next track.

    Raises:
        NotFound: There is no such handoff.
        UsageError: There is no such reason.
        Conflict: It is closed already; says how.
    """
    by = _who(by)
    check_reason(app, reason)
    with transaction(app.engine) as db:
        row = _locked(db, handoff_id)
        if row.state not in OPEN_HANDOFF:
            if (row.state, row.reason, row.answered_by) == ("rejected", reason, by):
                return
            raise Conflict(_what_happened(row))
        _decide(db, app, row, Refused(reason=reason, at=now, by=by, note=note), now)


def attempt(
    app: App,
    handoff_id: int,
    *,
    kind: Literal["call", "mail", "meeting"],
    outcome: Literal["reached", "not_reached"],
    note: str,
    by: str,
    now: datetime,
) -> None:
    """The rep tried to reach the lead; having reached it moves the handoff to `contacted`.

    Raises:
        NotFound: There is no such handoff.
        Conflict: It has not been accepted, or is closed.
    """
    by = _who(by)
    if kind not in ("call", "mail", "meeting") or outcome not in ("reached", "not_reached"):
        raise UsageError("an attempt is a call, a mail or a meeting; its outcome reached or not_reached")
    with transaction(app.engine) as db:
        row = _locked(db, handoff_id)
        if row.state == "offered":
            raise Conflict("the handoff has not been accepted yet; accept it first")
        if row.state not in OPEN_HANDOFF:
            raise Conflict(_what_happened(row))
        made = handoffs.Attempt(kind, outcome, by, note or None)
        if handoffs.has_attempt(db, handoff_id, made, since=now - DOUBLE_CLICK):
            return
        handoffs.add_attempt(db, handoff_id, made, at=now)
        if outcome == "reached" and row.state == "accepted":
            _decide(db, app, row, Progressed("contacted", by), now)


def outcome(
    app: App,
    handoff_id: int,
    *,
    state: Literal["qualified", "won", "lost"],
    reason: str | None,
    note: str,
    by: str,
    now: datetime,
) -> None:
    """The lead is a real opportunity (`qualified`), a customer (`won`), or neither (`lost`, which needs a reason).

    Raises:
        NotFound: There is no such handoff.
        UsageError: `lost` without a reason of the agreement.
        Conflict: The handoff has not been accepted, or is closed otherwise.
    """
    by = _who(by)
    if state == "lost":
        if not reason:
            raise UsageError("a lost lead needs a reason")
        check_reason(app, reason)
    with transaction(app.engine) as db:
        row = _locked(db, handoff_id)
        if row.state == state:
            return
        if row.state == "offered":
            raise Conflict("the handoff has not been accepted yet; accept it first")
        if row.state not in OPEN_HANDOFF:
            raise Conflict(_what_happened(row))
        happening: Happening = Progressed(state, by) if state != "lost" else _lost(reason or "", note, by, now)
        _decide(db, app, row, happening, now)


def _lost(reason: str, note: str, by: str, now: datetime) -> Refused:
    return Refused(reason=reason, at=now, by=by, note=note, how="lost")


def _who(by: str) -> str:
    by = " ".join(by.split())
    if not by:
        raise UsageError("say who you are")
    return by[:200]


def _locked(db: Connection, handoff_id: int) -> Row[Any]:
    """The handoff as it is once its lead is ours: whoever was here first has been heard."""
    while True:
        seen = handoffs.one(db, handoff_id)
        if seen is None:
            raise NotFound(f"no handoff {handoff_id}")
        if lock(db, [seen.lead_id]):
            break  # else the lead was merged into another one in between, and so is its handoff
    row = handoffs.one(db, handoff_id)
    if row is None:
        raise NotFound(f"no handoff {handoff_id}")
    return row


def _decide(db: Connection, app: App, row: Row[Any], happening: Happening, now: datetime) -> None:
    decide(db, app, {row.lead_id: happening}, now)


def _what_happened(row: Row[Any]) -> str:
    """One sentence for whoever came second."""
    by = f" by {row.answered_by}" if row.answered_by else ""
    because = f" ({row.reason})" if row.reason else ""
    at = row.closed_at or row.accepted_at or row.offered_at
    return f"this handoff {_SAID[row.state]}{by}{because} on {at:%d %b %Y, %H:%M} UTC"
