"""Leads whom no campaign holds, and rightly: a file says so, or a campaign takes them once they stir."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nurture.facts import LeadState, PastEnrollment
from nurture.rules.book import Rulebook
from nurture.rules.taking import Taking

REST = "rest"
"""The word of `finish.then` for no other campaign."""

Kind = tuple[str | None, str | None, str | None]
"""What tells resting leads apart: the campaign that they left, by which line of its file, and who takes them."""


@dataclass(slots=True)
class Rest:
    """Leads that rest in the same way.

    Attributes:
        campaign: the one that they left last; None for leads that never were in one.
        because: the line of its file that lets them rest; None where no file says so, but a campaign takes them.
        takes: the campaign that takes them as soon as something about them changes; None where none would.
        takes_from: not before then, for whoever comes first; None: at once.
        example: one of them.
    """

    campaign: str | None
    because: str | None
    takes: str | None
    takes_from: datetime | None
    example: str
    leads: int = 0


def note(found: dict[Kind, Rest], book: Rulebook, state: LeadState, asked: Taking) -> bool:
    """Count a lead that no campaign holds if it rests; False where it has come to a dead end.

    Args:
        found: those counted so far.
        book: the rules.
        state: the lead.
        asked: what the campaigns say when they are asked now.
    """
    takes, takes_from = _taker(asked)
    last = state.past[-1] if state.past else None
    because = None if last is None or last.cycle != state.cycle else _line(book, last)
    if because is None and takes is None:
        return False
    campaign = None if last is None else last.campaign
    kind = campaign, because, takes
    rest = found.get(kind)
    if rest is None:
        rest = found[kind] = Rest(campaign, because, takes, takes_from, state.profile.email)
    elif rest.takes_from is not None:
        rest.takes_from = None if takes_from is None else min(rest.takes_from, takes_from)
    rest.leads += 1
    return True


def join(found: dict[Kind, Rest], later: Mapping[Kind, Rest]) -> None:
    """Count leads that come later in the file."""
    for kind, other in later.items():
        rest = found.get(kind)
        if rest is None:
            found[kind] = other
            continue
        rest.leads += other.leads
        if rest.takes_from is not None:
            rest.takes_from = None if other.takes_from is None else min(rest.takes_from, other.takes_from)


def _taker(asked: Taking) -> tuple[str | None, datetime | None]:
    """Who takes the lead when it stirs, and from when."""
    if asked.campaign is not None:
        return asked.campaign.id, None
    later = (campaign for campaign, why in asked.asked if why is not None and why.word == "not yet again")
    return next(later, None), asked.ask_at


def _line(book: Rulebook, last: PastEnrollment) -> str | None:
    """The line of the campaign's file by which the lead was let go on purpose."""
    campaign = book.campaigns.get(last.campaign)
    if campaign is None:
        return None
    if last.left_as in {line.reason for line in campaign.exit}:
        return f"exit: {last.left_as}"
    if last.left_as != "finished" or campaign.finish is None:
        return None
    then = campaign.finish.then
    return f"then: {then}" if then == REST or then not in book.campaigns else None
