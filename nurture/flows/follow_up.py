"""What sales does with a handoff: accept, try, reach, qualify, win, lose, reject.

The rep's page, the API, the command line and the connectors call these and nothing else. Each may be said twice, by a
double click or by a program that did not hear the answer; of two reps at once the first is heard, the second is told
what the first did, and when. Who may say what of whose lead: docs/decisions/0030-who-works-a-lead-has-it.md.

`by` is an address, a name, or a program and whom it speaks for: `hubspot: Ada Lovelace`. `seen` is the last row of the
handoff's log that was shown to whoever speaks; where others did something after it, nothing is done (`Overtaken`).
"""

from datetime import datetime, timedelta
from typing import Literal

from nurture.app import App
from nurture.errors import Conflict, UsageError
from nurture.flows.answering import Answer, answering, what_happened
from nurture.flows.refuse import check_reason
from nurture.rules.happenings import Progressed, Refused
from nurture.rules.spoken_time import say_moment
from nurture.store import handoffs

DOUBLE_CLICK = timedelta(minutes=1)
"""The same attempt by the same rep within this is the same one, sent twice."""

FURTHER: dict[str, frozenset[str]] = {
    "contacted": frozenset({"contacted", "qualified"}),
    "qualified": frozenset({"qualified"}),
    "won": frozenset({"won"}),
}
"""States in which this has come true already: to say it once more changes nothing."""


def accept(app: App, handoff_id: int, *, by: str, now: datetime, seen: int | None = None) -> None:
    """The rep takes the lead and owns it from now on. Who has it already may say so again.

    A program that speaks for a rep whom the agreement does not know leaves it with its owner.

    Raises:
        NotFound: There is no such handoff.
        Conflict: Somebody else was first, or it is closed; says who, what and when.
    """
    with answering(app, handoff_id, by, now, seen=seen) as answer:
        if answer.row.state == "offered":
            answer.decide(Progressed("accepted", answer.by))
            return
        answer.must_be_open()
        if not answer.has_it():
            raise Conflict(what_happened(answer))


def reject(
    app: App, handoff_id: int, *, reason: str, note: str, by: str, now: datetime, seen: int | None = None
) -> None:
    """The rep refuses the lead, and says why; the reason picks the next track.

    Raises:
        NotFound: There is no such handoff.
        UsageError: There is no such reason.
        Conflict: It is closed already, or somebody else has accepted it; says how.
    """
    check_reason(app, reason)
    with answering(app, handoff_id, by, now, note, seen=seen) as answer:
        row = answer.row
        if (row.state, row.reason, row.answered_by) == ("rejected", reason, answer.by):
            return
        answer.may_refuse()
        answer.decide(Refused(reason=reason, at=now, by=answer.by, note=answer.note))


def attempt(
    app: App,
    handoff_id: int,
    *,
    kind: Literal["call", "mail", "meeting"],
    outcome: Literal["reached", "not_reached"],
    note: str,
    by: str,
    now: datetime,
    at: datetime | None = None,
    seen: int | None = None,
) -> None:
    """Somebody tried to reach the lead; having reached it moves the handoff to `contacted`.

    Args:
        app: the application.
        handoff_id: which handoff.
        kind: how.
        outcome: whether the lead was reached.
        note: in the rep's own words; may be empty.
        by: who tried.
        now: business time.
        at: when it was, if not just now. The same attempt at the same instant is logged once, however late it is said.
        seen: see above.

    Raises:
        NotFound: There is no such handoff.
        UsageError: It is said to have been before the lead was offered, or is yet to come.
        Conflict: The handoff is offered to somebody else, or is closed.
    """
    if kind not in ("call", "mail", "meeting") or outcome not in ("reached", "not_reached"):
        raise UsageError("an attempt is a call, a mail or a meeting; its outcome reached or not_reached")
    with answering(app, handoff_id, by, now, note, seen=seen) as answer:
        _could_be(app, answer, at)
        made = handoffs.Attempt(kind, outcome, answer.by, answer.note or None)
        # of two clicks the second may have looked at the clock first
        since, until = at or now - DOUBLE_CLICK, at or now + DOUBLE_CLICK
        if handoffs.has_attempt(answer.db, handoff_id, made, since=since, until=until):
            return
        answer.may_work()
        if answer.row.state == "offered":
            answer.decide(Progressed("accepted", answer.by))
        answer.log(made, at or now)
        if outcome == "reached" and answer.row.state in ("offered", "accepted"):
            answer.decide(Progressed("contacted", answer.by))


def outcome(
    app: App,
    handoff_id: int,
    *,
    state: Literal["contacted", "qualified", "won", "lost"],
    reason: str | None,
    note: str,
    by: str,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Say what became of the lead.

    It was spoken to (`contacted`), is a real opportunity (`qualified`), a customer (`won`), or neither (`lost`, which
    needs a reason).

    Raises:
        NotFound: There is no such handoff.
        UsageError: There is no such state, or `lost` without a reason of the agreement.
        Conflict: The handoff is offered to somebody else, or is closed otherwise.
    """
    if state not in ("contacted", "qualified", "won", "lost"):
        raise UsageError(f"no outcome {state!r}; it is contacted, qualified, won or lost")
    if state == "lost":
        if not reason:
            raise UsageError("a lost lead needs a reason")
        check_reason(app, reason)
    with answering(app, handoff_id, by, now, note, seen=seen) as answer:
        row = answer.row
        if row.state in FURTHER.get(state, ()) or (row.state, row.reason) == (state, reason):
            return
        if state == "lost":
            answer.may_refuse()
            answer.decide(Refused(reason=reason or "", at=now, by=answer.by, note=answer.note, how="lost"))
        else:
            answer.may_work()
            answer.decide(Progressed(state, answer.by, answer.note))


def _could_be(app: App, answer: Answer, at: datetime | None) -> None:
    """Refuse a time at which nobody can have tried."""
    if at is None:
        return
    if at.tzinfo is None:
        raise UsageError("the time of an attempt needs its offset, such as 2026-02-03T14:05:00-06:00")
    zone, now = app.book.agreement.sla.hours.timezone, answer.now
    if at > now:
        raise UsageError(f"an attempt is logged once it was made; {say_moment(at, zone, now)} is yet to come")
    if at < answer.row.offered_at:
        offered = say_moment(answer.row.offered_at, zone, now)
        raise UsageError(f"this lead was offered on {offered}; an attempt before that does not belong to it")
