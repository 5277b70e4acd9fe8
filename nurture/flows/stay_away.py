"""A rep is away, or back: from the moment it is said, no lead is given to who is not there."""

from dataclasses import dataclass
from datetime import date, datetime

from nurture.agreement import Agreement
from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound, UsageError
from nurture.flows.rep_called import rep_called
from nurture.grammar.mistakes import Mistake
from nurture.grammar.reps import Absence
from nurture.rules import calendar
from nurture.rules.assignment import everybody, whom
from nurture.store import absences, assigning


@dataclass(frozen=True, slots=True)
class Said:
    """What was written down. `known`: the agreement names the rep. `news`: it was not known before.

    `held`: how many open handoffs the rep has, which stay there.
    """

    rep: str
    absence: Absence
    known: bool
    news: bool
    held: int


def away(app: App, rep: str, *, first: date | None, last: date | None, now: datetime) -> Said:
    """Note that a rep is away from one day to another, both included.

    What the rep has stays with the rep; leads that are offered from now on go to others. Anybody may be away: who left
    the company gets no lead as its previous owner either.

    Args:
        app: the app.
        rep: an address, or a name in the agreement.
        first: the first day; None: today, by the calendar of `sla.hours.timezone`.
        last: the last day; None: until further notice.
        now: when.

    Raises:
        UsageError: it is nobody, or the last day comes before the first.
    """
    agreement = app.book.agreement
    address = rep_called(agreement, rep)
    try:
        absence = Absence(first or _today(agreement, now), last)
    except Mistake as mistake:
        raise UsageError(mistake.message) from None
    with transaction(app.engine) as db:
        news = absences.note(db, address, absence, now)
        held = sum(count for owner, count in assigning.held(db).items() if whom(agreement, owner) == address)
    return Said(address, absence, address in everybody(agreement), news, held)


def back(app: App, rep: str, *, since: date | None, now: datetime) -> list[Absence]:
    """Let a rep who was said to be away be there again from that day on (None: today); gives what ended.

    Only what covers that day ends. Absences after it stay: each is taken back by its own first day.

    Raises:
        UsageError: it is nobody.
        NotFound: nobody said that the rep is away on that day; or the agreement says so, which no command changes.
    """
    agreement = app.book.agreement
    address = rep_called(agreement, rep)
    day = since or _today(agreement, now)
    with transaction(app.engine) as db:
        ended = absences.end(db, address, day, now)
        others = absences.from_day(db, day).get(address, []) if not ended else []
    said = agreement.reps.get(address)
    in_file = next((absence for absence in said.away if day in absence), None) if said is not None else None
    if in_file is not None:
        raise NotFound(f"{address} is away {spoken(in_file)} by the agreement: take it out of `reps` there")
    if not ended:
        more = "; it is away " + " and ".join(map(spoken, others)) if others else ""
        raise NotFound(f"{address} is not away on {day}{more}")
    return ended


def _today(agreement: Agreement, now: datetime) -> date:
    return calendar.local_date(now, agreement.sla.hours.timezone)


def spoken(absence: Absence) -> str:
    """From when to when, in words."""
    if absence.last is None:
        return f"from {absence.first} on"
    return f"on {absence.first}" if absence.last == absence.first else f"from {absence.first} to {absence.last}"
