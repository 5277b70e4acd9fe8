"""Leads to whom nothing will ever be sent again, though nobody meant it so: no campaign holds or takes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nurture.facts import WITH_SALES, LeadState
from nurture.rules import taking
from nurture.rules.book import Rulebook
from nurture.rules.taking import Taking

TAKES = "takes it"
WOULD = "would take it, but is asked only when something about the lead changes"
NOT_MEANT: frozenset[str] = frozenset({"other reason", "not unready", "not live"})
"""Objections of campaigns that are for others altogether."""

Kind = tuple[str | None, str | None, tuple[tuple[str, str], ...]]
"""What tells dead ends apart: the last campaign's word, the last refusal, and each campaign's objection in a word."""


@dataclass(slots=True)
class DeadEnd:
    """Leads that end in the same way. `why` has, for `example`, what each campaign says."""

    left_as: str | None
    refused_for: str | None
    example: str
    why: Mapping[str, str]
    leads: int = 0


def is_dead_end(state: LeadState) -> bool:
    """Whether the lead is with nurture, may be mailed, and nothing is going to be asked again by itself."""
    if state.enrollment is not None or state.ask_at is not None or state.suppressed is not None:
        return False
    return state.stage not in WITH_SALES and state.stage not in ("disqualified", "customer")


def note(found: dict[Kind, DeadEnd], book: Rulebook, state: LeadState, now: datetime) -> None:
    """Count a lead that has come to a dead end with those that ended like it."""
    asked = taking.choose(book, state, now)
    left_as = state.past[-1].left_as if state.past else None
    words = tuple((campaign, TAKES if why is None else why.word) for campaign, why in asked.asked)
    kind = left_as, state.reason, words
    end = found.get(kind)
    if end is None:
        end = found[kind] = DeadEnd(left_as, state.reason, state.profile.email, _telling(asked))
    end.leads += 1


def _telling(asked: Taking) -> dict[str, str]:
    """What campaigns say that are meant for such leads; where none is, what all say."""
    said = {campaign: WOULD if why is None else why.say() for campaign, why in asked.asked}
    meant = {campaign for campaign, why in asked.asked if why is None or why.word not in NOT_MEANT}
    return {campaign: why for campaign, why in said.items() if campaign in meant} or said
