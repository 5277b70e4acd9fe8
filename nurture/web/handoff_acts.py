"""What each button of the rep's page does: the same flows that the API, the CLI and CRMs call."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, cast
from zoneinfo import ZoneInfo

from nurture.app import App
from nurture.errors import Conflict, Overtaken, UsageError
from nurture.flows import follow_up, reassign
from nurture.rules import calendar
from nurture.web import handoff_log
from nurture.web.handoff_clock import near
from nurture.web.handoff_form import Said
from nurture.web.handoff_speaker import check_speaker


def act(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    """Do what a button says.

    Raises:
        NotFound: There is no such handoff.
        UsageError: Something is missing, there is no such button, or whoever presses it may not be who they say.
        Conflict: Somebody else was first, or did something since the page was shown; says who and what.
    """
    button = _ACTS.get(said.do)
    if button is None:
        raise UsageError("choose what to do")
    check_speaker(app, handoff_id, said.by)
    try:
        button(app, handoff_id, said, now)
    except Overtaken as overtaken:
        raise _news(app, overtaken, now) from None


def _seen(said: Said) -> int | None:
    return int(said.seen) if said.seen.isdecimal() else None


def _news(app: App, overtaken: Overtaken, now: datetime) -> Conflict:
    """What happened meanwhile, in the words of the page's own list."""
    zone = ZoneInfo(app.book.agreement.sla.hours.timezone)
    told = [handoff_log.of_change(one, app.book) for one in overtaken.changes]
    happened = "; ".join(f"{line.what} ({near(line.at, now, zone)})" for line in told)
    return Conflict(f"this happened while you had the page open: {happened}. Nothing was done; look again")


def _accept(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    follow_up.accept(app, handoff_id, by=said.by, now=now, seen=_seen(said))


def _reject(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    if not said.reason:
        raise UsageError("choose a reason; marketing learns from it")
    follow_up.reject(
        app, handoff_id, reason=said.reason, note=said.note, by=said.by, now=now, seen=_seen(said)
    )  # fmt: skip


def _attempt(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    kind = cast(Literal["call", "mail", "meeting"], said.kind)
    outcome = cast(Literal["reached", "not_reached"], said.outcome)
    follow_up.attempt(
        app, handoff_id, kind=kind, outcome=outcome, note=said.note, by=said.by, now=now, at=_when(app, said),
        seen=_seen(said),
    )  # fmt: skip


def _when(app: App, said: Said) -> datetime | None:
    if not said.at:
        return None
    try:
        wall = datetime.fromisoformat(said.at)
    except ValueError:
        raise UsageError("when was it? write a date and a time, or leave it empty for just now") from None
    if wall.tzinfo is not None:
        return wall
    return calendar.first_instant(wall.date(), wall.time(), app.book.agreement.sla.hours.timezone)


def _outcome(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    state = cast(Literal["contacted", "qualified", "won", "lost"], said.do)
    follow_up.outcome(
        app, handoff_id, state=state, reason=said.reason or None, note=said.note, by=said.by, now=now,
        seen=_seen(said),
    )  # fmt: skip


def _reassign(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    if not said.by:
        raise UsageError("say who you are")
    reassign.reassign(
        app, handoff_id, to=said.to or None, by=said.by, because=said.note, now=now, anybody=False, seen=_seen(said)
    )  # fmt: skip


_ACTS: Mapping[str, Callable[[App, int, Said, datetime], None]] = {
    "accept": _accept,
    "reject": _reject,
    "attempt": _attempt,
    "contacted": _outcome,
    "qualified": _outcome,
    "won": _outcome,
    "lost": _outcome,
    "reassign": _reassign,
}
