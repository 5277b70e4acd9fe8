"""Where a lead stands with us: whether it may be mailed, who has it, whether it is ready; each with why."""

from datetime import datetime

from nurture.facts import WITH_SALES, LeadState
from nurture.rules import grading, qualification, scoring
from nurture.rules.book import Rulebook
from nurture.rules.cadence import zone_of
from nurture.rules.known import known
from nurture.rules.offering import may_be_offered
from nurture.rules.permission import SPOKEN, missing
from nurture.rules.refusing import reason_of
from nurture.rules.spoken_time import say_day_of

Said = tuple[bool, str]
"""Whether it holds, and why, in plain words."""


def mailable(book: Rulebook, state: LeadState, now: datetime) -> Said:
    """Whether the address may be mailed at all."""
    if state.suppressed is not None:
        return False, f"the address must not be mailed: {_SUPPRESSED.get(state.suppressed, state.suppressed)}"
    lacks = missing(book, state, now)
    if lacks is not None:
        return False, lacks.because
    ground = "" if state.basis is None else f"; on record is {SPOKEN[state.basis]} (`{state.basis}`)"
    if state.left_topics:
        return True, f"yes, but nothing of what it left: {', '.join(sorted(state.left_topics))}{ground}"
    return True, f"nobody asked us not to, and no mail bounced{ground}"


def with_nurture(book: Rulebook, state: LeadState) -> Said:
    """Whether the lead is nurture's to write to."""
    label = _label(book, state)
    if state.stage in WITH_SALES:
        kept = f", who keeps it ({label})" if state.handoff is None and label else ""
        return False, f"sales has the lead{kept}: its stage is {state.stage}, and nurture is silent"
    if state.stage == "disqualified":
        return False, f"the lead is out of the question{f': {label}' if label else ''}"
    refused = f", after sales gave it back: {label}" if state.refused and label else ""
    return True, f"its stage is {state.stage}{refused}"


def ready(book: Rulebook, state: LeadState, now: datetime) -> Said:
    """Whether a line of `qualify` holds."""
    score = scoring.score(book.agreement, state.counts, now.date())
    graded = grading.grade(book.agreement, known(book, state, now))
    decision = qualification.decide(book.agreement, graded, score, hand_raise=None, barred=False)
    if not decision.qualifies:
        return False, decision.because
    return True, f"{decision.because}{_offered(book, state, now)}"


def _offered(book: Rulebook, state: LeadState, now: datetime) -> str:
    """What comes, or has come, of being ready."""
    if state.handoff is not None:
        at = say_day_of(state.handoff.offered_at, zone_of(state.profile.timezone, book.agreement), now)
        return f"; it was offered on {at}, and sales has not said yet what came of it"
    if may_be_offered(state):
        return "; it is offered when it next does something, or by `nurture qualify`"
    return ""


def _label(book: Rulebook, state: LeadState) -> str | None:
    """Why sales refused the lead last, in sales' words."""
    if state.reason is None:
        return None
    said = reason_of(book, state.reason)
    return state.reason if said is None else f"“{said.label}”"


_SUPPRESSED = {
    "unsubscribed": "it unsubscribed",
    "bounced": "mail to it bounced",
    "complained": "it complained of our mail as spam",
    "suppressed": "sales or an operator said so",
    "erased": "the lead asked to be erased",
}
