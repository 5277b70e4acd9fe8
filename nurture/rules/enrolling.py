"""In and out of campaigns: who takes a lead, its next mail, running out, leaving."""

from nurture.campaign import Campaign
from nurture.facts import ON_THE_WAY, WITH_SALES, DeliveryFact, EnrollmentFact, EnrollmentStatus, Left, PastEnrollment
from nurture.rules import alike, conditions, next_step, taking
from nurture.rules.draft import Draft
from nurture.rules.effects import Cancelled, Enrolled, LeftCampaign, Planned, Queued
from nurture.rules.evolving import evolve, in_state
from nurture.rules.known import known
from nurture.rules.permission import NO_CONSENT, missing
from nurture.rules.planning import Plan, Planning, plan


def ask_who_takes(draft: Draft) -> None:
    """Ask the campaigns; the first that may takes the lead. None: the lead rests, its signals count."""
    state = draft.state
    if state.enrollment is not None or state.stage in WITH_SALES or state.stage == "disqualified":
        draft.wait(mail_from=state.mail_from, ask_at=None)
        return
    taken = taking.choose(draft.book, state, draft.now)
    draft.wait(mail_from=state.mail_from, ask_at=taken.ask_at)
    if taken.campaign is not None:
        enroll(draft, taken.campaign)


def enroll(draft: Draft, campaign: Campaign) -> None:
    """Begin an enrollment and plan its first mail, on a later day than this one."""
    state = draft.state
    if state.stage == "inquiry":
        draft.move("nurture", f"taken by {campaign.id}")
    ordinal = max((past.n for past in state.past), default=0) + 1
    enrollment = EnrollmentFact(ordinal, campaign.id, state.cycle, draft.now)
    planned = plan(draft.book, campaign, draft.state, enrollment, draft.now)
    enrollment = _with(enrollment, planned)
    draft.state = evolve(draft.state, enrollment=enrollment)
    draft.wait(mail_from=draft.state.mail_from, ask_at=None)
    draft.add(Enrolled(enrollment, planned.slot))


def replan(draft: Draft, *, tomorrow_at_the_earliest: bool = False) -> None:
    """Set the live enrollment's next decision afresh."""
    enrollment = draft.state.enrollment
    campaign = _campaign(draft)
    if enrollment is None:
        return
    if campaign is None:
        planned = Plan(None, None, None, enrollment.slow)
    else:
        planned = plan(
            draft.book, campaign, draft.state, enrollment, draft.now, tomorrow_at_the_earliest=tomorrow_at_the_earliest
        )
    _set(draft, enrollment, planned)


def decide_again(draft: Draft) -> None:
    """The enrollment came due: leave, queue the mail of today's slot and plan the next, move on, or finish."""
    if draft.state.enrollment is not None and missing(draft.book, draft.state, draft.now) is not None:
        leave(draft, NO_CONSENT)
        return
    if leave_by_exit_line(draft):
        return
    enrollment, campaign = draft.state.enrollment, _campaign(draft)
    if enrollment is None:
        return
    if campaign is None:
        _set(draft, enrollment, Plan(None, None, None, enrollment.slow))
        return
    planning = Planning(draft.book, campaign, enrollment, draft.now, draft.state)
    planned = planning.plan(draft.state)
    if planned.step is None and planned.finish_at is not None and planned.finish_at <= draft.now:
        _finish(draft, campaign)
        return
    if planned.step is not None and planned.slot is not None and planning.is_for_today(planned.slot):
        _queue(draft, campaign, enrollment, planned)
        planning.queue(planned.step, planned.slot, draft.state.engaged_at)
        planned = planning.plan(draft.state)
    _set(draft, enrollment, planned)


def leave_by_exit_line(draft: Draft) -> bool:
    """End the enrollment if one of the campaign's own exit lines holds."""
    campaign = _campaign(draft)
    if campaign is None or not campaign.exit:
        return False
    lines = alike.kinds(campaign).of(draft.state).exit
    if not lines:
        return False
    here = known(draft.book, draft.state, draft.now, campaign=campaign)
    for line in lines:
        if conditions.holds(line.when, here) is True:
            leave(draft, line.reason)
            ask_who_takes(draft)
            return True
    return False


def leave(draft: Draft, word: Left) -> None:
    """End the live enrollment, if there is one; mails on their way do not go."""
    if any(delivery.state in ON_THE_WAY for delivery in draft.state.deliveries):
        draft.add(Cancelled(word))
        deliveries = tuple(
            in_state(delivery, "cancelled") if delivery.state in ON_THE_WAY else delivery
            for delivery in draft.state.deliveries
        )
        draft.state = evolve(draft.state, deliveries=deliveries)
    enrollment = draft.state.enrollment
    if enrollment is None:
        return
    draft.add(LeftCampaign(enrollment.n, enrollment.campaign, word))
    past = PastEnrollment(enrollment.n, enrollment.campaign, enrollment.cycle, draft.now, word)
    draft.state = evolve(draft.state, enrollment=None, past=(*draft.state.past, past))


def _finish(draft: Draft, campaign: Campaign) -> None:
    """Out of content for so long: on to the campaign that `then` names, if it may, or rest."""
    leave(draft, "finished")
    after = campaign.finish.then if campaign.finish is not None else "rest"
    following = draft.book.campaigns.get(after)
    if following is None:
        return
    again_at = taking.again_at(following, draft.state)
    if taking.refusal(draft.book, following, draft.state, draft.now) is None and (
        again_at is None or again_at <= draft.now
    ):
        enroll(draft, following)


def _queue(draft: Draft, campaign: Campaign, enrollment: EnrollmentFact, planned: Plan) -> None:
    step, slot = planned.step, planned.slot
    if step is None or slot is None:
        return
    cycle = enrollment.cycle
    name, template = next_step.variant(step, draft.state.profile.key)
    draft.add(Queued(campaign.id, step.id, cycle, enrollment.n, name, template, slot))
    this, whose = step.id, campaign.id
    others = [
        delivery
        for delivery in draft.state.deliveries
        if delivery.step != this or delivery.campaign != whose or delivery.cycle != cycle
    ]
    queued = DeliveryFact(whose, this, cycle, enrollment.n, "queued", slot.local_on, slot.at)
    draft.state = evolve(draft.state, deliveries=(*others, queued))


def _campaign(draft: Draft) -> Campaign | None:
    """The live enrollment's campaign; None while its file is gone or does not run: nothing is planned then."""
    enrollment = draft.state.enrollment
    campaign = None if enrollment is None else draft.book.campaigns.get(enrollment.campaign)
    return campaign if campaign is not None and campaign.status == "live" else None


def _set(draft: Draft, enrollment: EnrollmentFact, planned: Plan) -> None:
    changed, before = _with(enrollment, planned), draft.state.enrollment
    if before is not None and changed.due_at == before.due_at and changed == before:
        return
    draft.state = evolve(draft.state, enrollment=changed)
    draft.add(Planned(changed.n, changed.status, changed.due_at, changed.due_until, changed.slow, planned.slot))


def _with(enrollment: EnrollmentFact, planned: Plan) -> EnrollmentFact:
    """The enrollment with its plan written in. Without a day it waits to be woken by a changed file."""
    status: EnrollmentStatus = "active" if planned.step is not None else "exhausted"
    slot = planned.slot
    due_at = planned.finish_at if slot is None else slot.at
    due_until = None if slot is None else slot.until
    return EnrollmentFact(
        enrollment.n, enrollment.campaign, enrollment.cycle, enrollment.started_at, status, due_at, due_until,
        planned.slow,
    )  # fmt: skip
