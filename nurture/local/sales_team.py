"""A make-believe sales team: what becomes of a handoff, move by move. A function of the seed, the lead, the round.

Whose turn it is does not matter: the same lead fares the same whichever rep has it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from nurture.agreement import Agreement, WorkingHours
from nurture.grammar.durations import Duration
from nurture.local.chance import Chance
from nurture.rules.sla import deadline

Do = Literal["accept", "attempt", "qualified", "won", "lost", "reject"]
_Story = Literal["refuses", "wins", "loses", "gives up", "works on it", "forgets"]

_STORIES: Mapping[bool, Mapping[_Story, float]] = {
    True: {"refuses": 38, "wins": 18, "loses": 12, "gives up": 12, "works on it": 14, "forgets": 6},
    False: {"refuses": 16, "wins": 36, "loses": 14, "gives up": 8, "works on it": 22, "forgets": 4},
}
"""How handoffs go: a lead's first, and any later one."""
_WITHOUT_REASON: frozenset[_Story] = frozenset({"wins", "works on it", "forgets"})
_REASONS: Mapping[str, float] = {"not_ready": 62, "wrong_person": 20, "no_budget": 8, "already_mine": 5}
_LOST_REASONS: Mapping[str, float] = {"not_ready": 60, "no_budget": 40}
_OTHER = 20.0
"""What a reason weighs that only another agreement has."""
_NOTES: Mapping[str, tuple[str, ...]] = {
    "not_ready": (
        "Likes it, but the line move comes first. Call again in spring.",
        "Only comparing so far.",
    ),
    "no_budget": ("Capex is frozen until the next budget round.", "Wants it, cannot pay for it this year."),
    "wrong_person": ("Does not decide; the plant director does.", "Moved to another department."),
    "already_mine": ("We talk every week already.",),
}
_HAS_A_DATE: Mapping[str, str] = {"note": "Has a job, a line and a date."}
_WORKING_DAY = 8 * 60
_HURRIES = 0.8
"""The share of reps who answer within minutes where a lead asked for them."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing a rep does on the lead's page: the form (`do`) and what is filled in. Not before `at`."""

    at: datetime
    do: Do
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Desk:
    """A rep at work on one handoff."""

    chance: Chance
    agreement: Agreement
    about: tuple[str, int]
    hurries: bool = False

    def answers(self, at: datetime, low: float, high: float) -> datetime:
        """When the rep answers, so many working minutes after the offer, or within minutes."""
        return self.after(at, "answers", 2, 13) if self.hurries else self.after(at, "answers", low, high)

    def after(self, at: datetime, what: str, low: float, high: float) -> datetime:
        """An instant in working hours, so many working minutes later."""
        minutes = round(self.chance.between(low, high, what, *self.about))
        return _in_hours(self.agreement.sla.hours, at, minutes)

    def reason(self, weights: Mapping[str, float], what: str) -> dict[str, str]:
        """A reason of the agreement, with a note."""
        offered = {code: weights.get(code, 0.0) for code in self.agreement.reject_reasons}
        if not any(offered.values()):
            offered = dict.fromkeys(offered, _OTHER)
        code = self.chance.weighed(offered, what, *self.about)
        notes = _NOTES.get(code, ("",))
        return {"reason": code, "note": self.chance.one_of(notes, "note", *self.about)}


def moves(
    chance: Chance, agreement: Agreement, lead: str, n: int, offered_at: datetime, *, asked: bool = False
) -> tuple[Move, ...]:
    """All that sales does with a lead's n-th handoff (from 1), in order of time; nothing where it is forgotten.

    `asked`: the lead asked for sales, so most reps hurry.
    """
    desk = _Desk(chance, agreement, (lead, n), asked and chance.happens(_HURRIES, "hurries", lead, n))
    told = _STORIES[n == 1]
    if not agreement.reject_reasons:
        told = {story: weight for story, weight in told.items() if story in _WITHOUT_REASON}
    story = chance.weighed(told, "story", lead, n)
    return _TELL[story](desk, offered_at) if story in _TELL else ()


def _refuses(desk: _Desk, at: datetime) -> tuple[Move, ...]:
    return (Move(desk.answers(at, 20, 230), "reject", desk.reason(_REASONS, "refuses")),)


def _accepts(desk: _Desk, at: datetime, *, reached: bool = True) -> tuple[Move, ...]:
    accepted = Move(desk.answers(at, 10, 220), "accept")
    first = Move(
        desk.after(accepted.at, "calls", 30, 240),
        "attempt",
        {"kind": "call", "outcome": "not_reached", "note": "Left a message."},
    )
    if not reached:
        again = Move(desk.after(first.at, "mails", 400, 900), "attempt", {"kind": "mail", "outcome": "not_reached"})
        return accepted, first, again
    kind = desk.chance.one_of(("call", "meeting"), "kind", *desk.about)
    talked = Move(desk.after(first.at, "talks", 200, 900), "attempt", {"kind": kind, "outcome": "reached"})
    return accepted, first, talked


def _works(desk: _Desk, at: datetime) -> tuple[Move, ...]:
    done = _accepts(desk, at)
    days = 2 * _WORKING_DAY, 7 * _WORKING_DAY
    return (
        *done,
        Move(desk.after(done[-1].at, "qualifies", *days), "qualified", _HAS_A_DATE),
    )


def _wins(desk: _Desk, at: datetime) -> tuple[Move, ...]:
    done = _works(desk, at)
    days = 6 * _WORKING_DAY, 18 * _WORKING_DAY
    return (*done, Move(desk.after(done[-1].at, "wins", *days), "won", {"note": "First cell ordered."}))


def _loses(desk: _Desk, at: datetime) -> tuple[Move, ...]:
    done = _works(desk, at)
    days = 4 * _WORKING_DAY, 12 * _WORKING_DAY
    return (*done, Move(desk.after(done[-1].at, "loses", *days), "lost", desk.reason(_LOST_REASONS, "loses")))


def _gives_up(desk: _Desk, at: datetime) -> tuple[Move, ...]:
    done = _accepts(desk, at, reached=False)
    given_up_at = desk.after(done[-1].at, "gives up", _WORKING_DAY, 4 * _WORKING_DAY)
    return (*done, Move(given_up_at, "reject", desk.reason({"not_ready": 1}, "gives up")))


_TELL: Mapping[_Story, Callable[[_Desk, datetime], tuple[Move, ...]]] = {
    "refuses": _refuses,
    "wins": _wins,
    "loses": _loses,
    "gives up": _gives_up,
    "works on it": _works,
}


def _in_hours(hours: WorkingHours, at: datetime, minutes: int) -> datetime:
    """So many working minutes after `at`; within working hours."""
    return deadline(hours, at, Duration(max(1, minutes), "minute"))
