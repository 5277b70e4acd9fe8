"""Leads to whom nothing will ever be sent again, though nobody meant it so: no campaign holds or takes them."""

from collections.abc import Mapping
from dataclasses import dataclass

from nurture.facts import WITH_SALES, LeadState
from nurture.rules.taking import Taking

NOT_MEANT: frozenset[str] = frozenset({"other reason", "not unready", "not live"})
"""Objections of campaigns that are for others altogether."""

Kind = tuple[str | None, str | None, tuple[tuple[str, str], ...]]
"""What tells dead ends apart: the last campaign's word, the last refusal, and each campaign's objection in a word."""


@dataclass(slots=True)
class DeadEnd:
    """Leads that end in the same way.

    `why` has, for `example`, what each campaign says that could have taken it; `others` is what all the others say.
    """

    left_as: str | None
    refused_for: str | None
    example: str
    why: Mapping[str, str]
    others: str | None
    leads: int = 0


def is_idle(state: LeadState) -> bool:
    """Whether the lead is with nurture, may be mailed, and nothing is going to be asked again by itself."""
    if state.enrollment is not None or state.ask_at is not None or state.suppressed is not None:
        return False
    return state.stage not in WITH_SALES and state.stage not in ("disqualified", "customer")


def note(found: dict[Kind, DeadEnd], state: LeadState, asked: Taking) -> None:
    """Count a lead that has come to a dead end: idle, and `asked` has no campaign that would take it."""
    left_as = state.past[-1].left_as if state.past else None
    words = tuple((campaign, "" if why is None else why.word) for campaign, why in asked.asked)
    kind = left_as, state.reason, words
    end = found.get(kind)
    if end is None:
        why, others = _telling(state, asked)
        end = found[kind] = DeadEnd(left_as, state.reason, state.profile.email, why, others)
    end.leads += 1


def join(found: dict[Kind, DeadEnd], later: Mapping[Kind, DeadEnd]) -> None:
    """Count leads that come later in the file."""
    for kind, end in later.items():
        if kind in found:
            found[kind].leads += end.leads
        else:
            found[kind] = end


def _telling(state: LeadState, asked: Taking) -> tuple[dict[str, str], str | None]:
    """What campaigns say that are meant for such leads, the first asked first; and what the others have in common."""
    why = {campaign: said.say() for campaign, said in asked.asked if said is not None and said.word not in NOT_MEANT}
    others = len(asked.asked) - len(why)
    if not others:
        return why, None
    if not why:
        return why, f"no campaign lists {state.reason}" if state.refused else "no campaign takes unready leads"
    if others == 1:
        return why, f"the other does not list {state.reason}" if state.refused else "the other takes no unready leads"
    return why, f"the others do not list {state.reason}" if state.refused else "the others take no unready leads"
