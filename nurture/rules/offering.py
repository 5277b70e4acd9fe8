"""Grade a lead, and offer it to sales when its behaviour says so."""

from nurture.facts import HandoffFact, LeadState, Score
from nurture.rules import grading, qualification, scoring
from nurture.rules.draft import Draft
from nurture.rules.effects import GradeChanged, HandedOver, ScoreChanged
from nurture.rules.engagement import Raised
from nurture.rules.enrolling import leave
from nurture.rules.evolving import evolve
from nurture.rules.known import known
from nurture.rules.qualification import REPLIED

NEVER_OFFERED: frozenset[str] = frozenset({"complained", "suppressed", "erased"})
"""Suppressions after which a lead is not offered either: it asked for peace, or sales said never."""


def grade_again(draft: Draft) -> None:
    """Grade the lead as its profile and the agreement are now."""
    grade = grading.grade(draft.book.agreement, known(draft.book, draft.state, draft.now)).grade
    if grade != draft.state.grade:
        draft.state = evolve(draft.state, grade=grade)
        draft.add(GradeChanged(grade))


def score_again(draft: Draft) -> Score:
    """Score the lead as it is counted now."""
    score = scoring.score(draft.book.agreement, draft.state.counts, draft.now.date())
    draft.add(ScoreChanged(score))
    return score


def may_be_offered(state: LeadState) -> bool:
    """Whether the lead is with nurture, and nothing bars it from being offered."""
    return (
        state.stage in ("inquiry", "nurture", "customer")
        and state.handoff is None
        and state.suppressed not in NEVER_OFFERED
    )


def offer_if_ready(draft: Draft, raised: Raised | None = None) -> bool:
    """Score the lead and hand it over if a line of `qualify` holds or it raised its hand."""
    state, agreement = draft.state, draft.book.agreement
    score = _since_won(draft, score_again(draft))
    if not may_be_offered(state) or (raised is None and not qualification.is_within_reach(agreement, score)):
        return False
    graded = grading.grade(agreement, known(draft.book, state, draft.now))
    decision = qualification.decide(
        agreement, graded, score, hand_raise=None if raised is None else raised.by, barred=False
    )
    if not decision.qualifies:
        return False
    was_customer = state.stage == "customer"
    leave(draft, _word(raised))
    because = decision.because
    if raised is not None and raised.said:
        because += f": “{raised.said}”"
    draft.move("mql", decision.because)
    draft.wait(mail_from=None, ask_at=None)
    by, said = (None, None) if raised is None else (raised.by, raised.said)
    draft.add(HandedOver(state.cycle, graded.grade, score, raised is not None, because, was_customer, by, said))
    handoff = HandoffFact("offered", state.cycle, draft.now, None, was_customer, raised is not None)
    draft.state = evolve(draft.state, handoff=handoff, handed_over=True)
    return True


def _since_won(draft: Draft, score: Score) -> Score:
    """The score by which the lead may be handed over. A customer's begins on the day after the deal."""
    won_at = draft.state.won_at
    if won_at is None:
        return score
    counts = tuple(count for count in draft.state.counts if count.day > won_at.date())
    return scoring.score(draft.book.agreement, counts, draft.now.date())


def _word(raised: Raised | None) -> str:
    if raised is None:
        return "qualified"
    return REPLIED if raised.by == REPLIED else "hand_raise"
