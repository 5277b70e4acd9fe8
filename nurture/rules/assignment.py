"""Whom a handoff goes to: the first line of `assign` that fits and has somebody free.

Free is who is in on the day when the lead can first be worked on, has room for one more, and did not let this lead lie
the last time. Nobody free: the manager. Of several who take turns it is the one who was given a lead longest ago; only
the order counts, so nobody who was away, full or not there yet is owed the turns that were missed meanwhile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from nurture.agreement import Agreement, Assignment, WorkingHours
from nurture.facts import Known
from nurture.grammar.addresses import AddressMistake, parse_address
from nurture.grammar.durations import Duration
from nurture.rules import calendar, conditions, sla
from nurture.rules.free_mail import is_free_mail
from nurture.rules.once import once

LET_LIE = "no_follow_up"
"""The reason with which a lead comes back that nobody followed up."""

_A_MINUTE = Duration(1, "minute")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who could be meant by the words of `assign`, by address. `colleagues` has who got a lead last at the front.

    `skip` does not get the lead, whoever says so: these let it lie the last time, or are to give it up now.
    """

    previous: str | None = None
    owner: str | None = None
    colleagues: tuple[str, ...] = ()
    skip: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Assigned:
    """The rep, by which line (None: nobody was free, so the manager), and whether it was that rep's turn."""

    rep: str
    line: int | None
    by_turns: bool = False


@dataclass(slots=True)
class Desk:
    """How the reps stand while leads are given out, one after the other.

    Attributes:
        agreement: who is named, and what is known of them.
        day: when what is given out can first be worked on (`working_day`).
        turns: a number for each rep who takes turns; the lowest is next, ties go by address. None is as good as 0.
        held: how many open handoffs each rep has.
        away: who else is not in on that day, besides those of whom the agreement says so.
    """

    agreement: Agreement
    day: date
    turns: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    away: frozenset[str] = frozenset()

    def give(self, lines: Iterable[int], who: Candidates) -> Assigned:
        """Pick the rep who gets a lead that these lines fit, and note that it was given."""
        assigned = self._among(lines, who)
        if assigned.by_turns:
            self.turns[assigned.rep] = max(self.turns.values(), default=0) + 1
        self.held[assigned.rep] = self.held.get(assigned.rep, 0) + 1
        return assigned

    def is_free(self, rep: str, line: Assignment) -> bool:
        """Whether the rep is in, and has room for one more by this line."""
        if rep in self.away or not is_in(self.agreement, rep, self.day):
            return False
        most = capacity(self.agreement, rep, line)
        return most is None or self.held.get(rep, 0) < most

    def _among(self, lines: Iterable[int], who: Candidates) -> Assigned:
        for number in lines:
            line = self.agreement.assign[number]
            free = [rep for rep in _meant(line, who) if rep not in who.skip and self.is_free(rep, line)]
            if free and isinstance(line.to, str):
                return Assigned(free[0], number)
            if free:
                return Assigned(min(free, key=lambda rep: (self.turns.get(rep, 0), rep)), number, by_turns=True)
        return Assigned(self.agreement.sla.manager, None)


def _meant(line: Assignment, who: Candidates) -> tuple[str, ...]:
    if line.to == "colleague":
        return who.colleagues
    if isinstance(line.to, str):
        rep = who.previous if line.to == "previous" else who.owner
        return () if rep is None else (rep,)
    return line.to


def rota(agreement: Agreement) -> tuple[str, ...]:
    """Every rep that some line gives leads to by turns."""
    reps = {rep for line in agreement.assign if not isinstance(line.to, str) for rep in line.to}
    return tuple(sorted(reps))


def everybody(agreement: Agreement) -> tuple[str, ...]:
    """Every rep that the agreement names, and the manager."""
    return tuple(sorted({*rota(agreement), *agreement.reps, agreement.sla.manager}))


def has_capacities(agreement: Agreement) -> bool:
    """Whether it matters how many leads a rep has already."""
    return any(line.at_most is not None for line in agreement.assign) or any(
        rep.at_most is not None for rep in agreement.reps.values()
    )


def capacity(agreement: Agreement, rep: str, line: Assignment) -> int | None:
    """How many open handoffs the rep may have for this line to give one more: the line's number and the rep's hold."""
    said = agreement.reps.get(rep)
    limits = [most for most in (line.at_most, said.at_most if said is not None else None) if most is not None]
    return min(limits, default=None)


def is_in(agreement: Agreement, rep: str, day: date) -> bool:
    """Whether the agreement expects the rep at work on that day: one of the rep's weekdays, no holiday, not away."""
    said = agreement.reps.get(rep)
    if said is None:
        return True
    if said.days is not None and day.weekday() not in said.days:
        return False
    if said.holidays is not None and calendar.holiday(said.holidays, day) is not None:
        return False
    return not any(day in absence for absence in said.away)


def working_day(hours: WorkingHours, now: datetime) -> date:
    """The day on which a lead offered now can first be worked on: when the clock of the promises runs on.

    What comes in on a Friday night is Monday's work, and goes to somebody who is in on Monday.
    """
    return calendar.local_date(sla.deadline(hours, now, _A_MINUTE), hours.timezone)


def fitting(agreement: Agreement, known: Known) -> tuple[int, ...]:
    """The lines whose condition holds for the lead, from 0."""
    return tuple(
        number
        for number, line in enumerate(agreement.assign)
        if line.when is None or conditions.holds(line.when, known) is True
    )


def company_domain(email: str) -> str | None:
    """The domain that tells who is a colleague of whom; None where anybody gets an address."""
    domain = email.rpartition("@")[2]
    return None if is_free_mail(domain) else domain


def whom(agreement: Agreement, said: str | None) -> str | None:
    """The address of a rep who is called so: an address itself, or a `name` under `reps`; None if that is nobody's.

    Files from elsewhere, and people who sign a page, often give a name; nobody can be mailed by that.
    """
    if said is None:
        return None
    if "@" not in said:
        return _named(agreement).get(_plain(said))
    try:
        return parse_address(said)
    except AddressMistake:
        return None


@once
def _named(agreement: Agreement) -> Mapping[str, str]:
    """Addresses by names; a name that two share is nobody's."""
    names: dict[str, str | None] = {}
    for address, rep in agreement.reps.items():
        if rep.name is not None:
            names[_plain(rep.name)] = None if _plain(rep.name) in names else address
    return {name: address for name, address in names.items() if address is not None}


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
