"""The whole life of a lead: `apply(book, state, happening, now) -> Outcome(state, effects)`.

Production flows load a state, apply, and write the effects; `lab` applies in a loop and counts them. What a rule means
is written once, in the files this one calls; here is only the order in which they are asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nurture.facts import WITH_SALES, EventFact, LeadState
from nurture.rules import happenings as h
from nurture.rules.book import Rulebook
from nurture.rules.climbing import climb
from nurture.rules.draft import Draft
from nurture.rules.effects import Effect
from nurture.rules.elsewhere import stood_elsewhere
from nurture.rules.engagement import count, engage
from nurture.rules.enrolling import ask_who_takes, decide_again, enroll, leave, leave_by_exit_line, replan
from nurture.rules.evolving import evolve, in_state
from nurture.rules.offering import grade_again, offer_if_ready, score_again
from nurture.rules.postponing import postpone
from nurture.rules.qualification import REPLIED
from nurture.rules.refusing import progress, refuse
from nurture.rules.suppressing import may_be_mailed
from nurture.rules.telling import tell_owner
from nurture.values import quick


@quick
@dataclass(frozen=True, slots=True)
class Outcome:
    """The next state, and what followed, in order."""

    state: LeadState
    effects: tuple[Effect, ...]


def apply(book: Rulebook, state: LeadState, happening: h.Happening, now: datetime) -> Outcome:
    """What becomes of a lead when this happens. A function of its arguments alone."""
    draft = Draft(book, state, now)
    _HANDLERS[type(happening)](draft, happening)
    return Outcome(draft.state, tuple(draft.effects))


def _arrived(draft: Draft, happening: h.Arrived) -> None:
    _remember(draft, happening.remembered)
    raised = count(draft, happening.events)
    engage(draft, happening.events)
    grade_again(draft)
    if offer_if_ready(draft, raised):
        return
    tell_owner(draft, happening.events)
    if draft.state.stage in ("inquiry", "nurture", "customer"):
        ask_who_takes(draft)


def _did(draft: Draft, happening: h.Did) -> None:
    _remember(draft, happening.remembered)
    raised = count(draft, happening.events)
    engaged = engage(draft, happening.events)
    kinds = {event.kind for event in happening.events}
    if happening.profile_changed or "answer" in kinds or any(event.kind == "answer" for event in happening.remembered):
        grade_again(draft)
    if offer_if_ready(draft, raised):
        return
    tell_owner(draft, happening.events)
    if "reply" in kinds:
        leave(draft, REPLIED)  # a person answers from here on, also where the lead may not be offered
        return
    if leave_by_exit_line(draft):
        return
    enrollment = draft.state.enrollment
    if enrollment is None:
        _take_if_resting(draft)
    elif enrollment.status == "exhausted" or happening.profile_changed or (engaged and enrollment.slow):
        replan(draft, tomorrow_at_the_earliest=engaged and enrollment.slow)


def _remembered(draft: Draft, happening: h.Remembered) -> None:
    _remember(draft, happening.events)
    grade_again(draft)
    score_again(draft)


def _remember(draft: Draft, events: Sequence[EventFact]) -> None:
    """What was done long ago counts; a hand that was raised then is not raised now."""
    if events:
        count(draft, events)
        engage(draft, events)


def _profile_changed(draft: Draft, _: h.ProfileChanged) -> None:
    grade_again(draft)
    if offer_if_ready(draft) or leave_by_exit_line(draft):
        return
    if draft.state.enrollment is not None:
        replan(draft)
    else:
        _take_if_resting(draft)


def _merged(draft: Draft, happening: h.Merged) -> None:
    """What the one was, both are now: with sales, not to be mailed, of another stage, in a cycle of other mails."""
    grade_again(draft)
    score_again(draft)
    word = _may_not_stay(draft)
    if word is not None:
        leave(draft, word)
    if draft.state.stage in WITH_SALES or draft.state.stage == "disqualified":
        draft.wait(mail_from=None, ask_at=None)
        return
    if (happening.news and offer_if_ready(draft)) or leave_by_exit_line(draft):
        return
    if draft.state.enrollment is not None:
        draft.wait(mail_from=draft.state.mail_from, ask_at=None)
        replan(draft)
    elif happening.news:
        _take_if_resting(draft)


def _may_not_stay(draft: Draft) -> str | None:
    """Why the live enrollment has to end, in its word, now that the lead is one of two; None if it may go on."""
    state = draft.state
    campaign = draft.book.campaigns.get(state.enrollment.campaign) if state.enrollment is not None else None
    if state.suppressed is not None:
        return state.suppressed
    if state.stage in WITH_SALES:
        return "qualified"
    if state.stage == "disqualified":
        return "disqualified"
    if campaign is not None and campaign.topic is not None and campaign.topic in state.left_topics:
        return "topic_left"
    if campaign is not None and state.stage not in campaign.enroll.stages:
        return "customer" if state.stage == "customer" else "moved"
    return None


def _placed(draft: Draft, happening: h.Placed) -> None:
    """While sales has the lead, only sales says where it stands."""
    grade_again(draft)
    if draft.state.handoff is not None or draft.state.stage == happening.stage:
        return
    draft.move(happening.stage, f"placed: {happening.stage}")
    enrollment = draft.state.enrollment
    campaign = draft.book.campaigns.get(enrollment.campaign) if enrollment is not None else None
    if campaign is None or happening.stage not in campaign.enroll.stages:
        leave(draft, happening.stage)
    _take_if_resting(draft)


def _take_if_resting(draft: Draft) -> None:
    """A lead that no campaign holds is asked for again when something about it changes, but never during a `wait`."""
    waiting = draft.state.ask_at is not None and draft.state.ask_at > draft.now
    if draft.state.enrollment is None and not waiting:
        ask_who_takes(draft)


def _came_due(draft: Draft, _: h.CameDue) -> None:
    if draft.state.enrollment is not None:
        decide_again(draft)
    elif draft.state.ask_at is not None and draft.state.ask_at <= draft.now:
        ask_who_takes(draft)


def _send_failed(draft: Draft, happening: h.SendFailed) -> None:
    def is_it(delivery: Any) -> bool:
        mine = (happening.campaign, happening.step, happening.cycle)
        return (delivery.campaign, delivery.step, delivery.cycle) == mine

    deliveries = tuple(
        in_state(delivery, "failed", for_good=happening.for_good) if is_it(delivery) else delivery
        for delivery in draft.state.deliveries
    )
    draft.state = evolve(draft.state, deliveries=deliveries)
    if draft.state.enrollment is not None:
        replan(draft, tomorrow_at_the_earliest=not happening.for_good)


def _must_not_be_mailed(draft: Draft, happening: h.MustNotBeMailed) -> None:
    if happening.topic is not None:
        draft.state = evolve(draft.state, left_topics=draft.state.left_topics | {happening.topic})
        enrollment = draft.state.enrollment
        campaign = draft.book.campaigns.get(enrollment.campaign) if enrollment is not None else None
        if campaign is not None and campaign.topic == happening.topic:
            leave(draft, "topic_left")
            ask_who_takes(draft)
        return
    draft.state = evolve(draft.state, suppressed=happening.word)
    leave(draft, happening.word)
    draft.wait(mail_from=draft.state.mail_from, ask_at=None)


def _enrolled_by_hand(draft: Draft, happening: h.EnrolledByHand) -> None:
    if draft.state.enrollment is not None:
        leave(draft, "moved")
    enroll(draft, draft.book.campaigns[happening.campaign])


def _offered_by_hand(draft: Draft, _: h.OfferedByHand) -> None:
    grade_again(draft)
    offer_if_ready(draft)


_HANDLERS: dict[type, Callable[[Draft, Any], None]] = {
    h.Arrived: _arrived,
    h.Refused: refuse,
    h.Progressed: progress,
    h.Did: _did,
    h.Remembered: _remembered,
    h.ProfileChanged: _profile_changed,
    h.Merged: _merged,
    h.Placed: _placed,
    h.StoodElsewhere: stood_elsewhere,
    h.CameDue: _came_due,
    h.DeadlineCame: climb,
    h.SendFailed: _send_failed,
    h.MustNotBeMailed: _must_not_be_mailed,
    h.MayBeMailed: may_be_mailed,
    h.Postponed: postpone,
    h.EnrolledByHand: _enrolled_by_hand,
    h.OfferedByHand: _offered_by_hand,
}
