"""Why: what happens next to a lead, when, and every rule that decided, in order and in plain words.

It asks the same functions that decide (`taking`, `planning`, `conditions`, `qualification`); it decides nothing itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from nurture.campaign import Campaign
from nurture.facts import MICRO, ON_THE_WAY, WITH_SALES, EnrollmentFact, LeadState
from nurture.rules import conditions, grading, qualification, scoring, taking
from nurture.rules.book import Rulebook
from nurture.rules.known import known
from nurture.rules.planning import Plan, plan, unanswered

Action = Literal["send", "wait", "exhausted", "exit", "none"]


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next if nothing else happens first."""

    action: Action
    because: str
    campaign: str | None = None
    step: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule that was asked, whether it holds for this lead, and why."""

    rule: str
    holds: bool
    because: str


@dataclass(frozen=True, slots=True)
class Why:
    """The next thing, and the rules in the order in which they were asked."""

    next: Next
    rules: tuple[Ruling, ...]


def why(book: Rulebook, state: LeadState, now: datetime) -> Why:
    """Explain a lead as it stands at `now`."""
    rulings = [_mailable(state), _with_nurture(state), _ready(book, state, now)]
    if state.suppressed is not None or state.stage in WITH_SALES or state.stage == "disqualified":
        stops = next(ruling for ruling in rulings if not ruling.holds)
        return Why(Next("none", stops.because), tuple(rulings))
    if state.enrollment is None:
        following = _not_enrolled(book, state, now, rulings)
    else:
        following = _enrolled(book, state, state.enrollment, now, rulings)
    return Why(following, tuple(rulings))


def _mailable(state: LeadState) -> Ruling:
    if state.suppressed is None:
        return Ruling("may be mailed", holds=True, because="the address is on no list")
    return Ruling("may be mailed", holds=False, because=f"the address must not be mailed: {state.suppressed}")


def _with_nurture(state: LeadState) -> Ruling:
    if state.stage in WITH_SALES:
        return Ruling("is with nurture", holds=False, because=f"sales has the lead ({state.stage}); nurture is silent")
    if state.stage == "disqualified":
        return Ruling("is with nurture", holds=False, because=f"the lead is disqualified ({state.reason})")
    return Ruling("is with nurture", holds=True, because=f"its stage is {state.stage}")


def _ready(book: Rulebook, state: LeadState, now: datetime) -> Ruling:
    score = scoring.score(book.agreement, state.counts, now.date())
    graded = grading.grade(book.agreement, known(book, state, now))
    decision = qualification.decide(book.agreement, graded, score, hand_raise=None, barred=False)
    so_far = f"grade {graded.grade}, score {score.micro / MICRO:.1f}"
    missing = "; ".join(decision.missing)
    because = decision.because if not missing else f"{so_far}; missing: {missing}"
    return Ruling("is ready for sales", holds=decision.qualifies, because=because)


def _not_enrolled(book: Rulebook, state: LeadState, now: datetime, rulings: list[Ruling]) -> Next:
    if state.ask_at is not None and state.ask_at > now:
        because = "mail waits, as the agreement says for this reason; signals count meanwhile"
        rulings.append(Ruling("wait is over", holds=False, because=f"it ends on {state.ask_at:%d %b %Y}"))
        return Next("wait", because, at=state.ask_at)
    taken = taking.choose(book, state, now)
    rulings += [
        Ruling(
            f"{campaign} takes the lead",
            holds=taken.campaign is not None and taken.campaign.id == campaign,
            because=said,
        )
        for campaign, said in taken.because
    ]
    if taken.campaign is not None:
        return Next("wait", f"{taken.campaign.id} takes the lead when something about it changes", taken.campaign.id)
    return Next("none", "no campaign takes the lead; its signals count, and it is asked again when something changes")


def _enrolled(
    book: Rulebook, state: LeadState, enrollment: EnrollmentFact, now: datetime, rulings: list[Ruling]
) -> Next:
    campaign = book.campaigns.get(enrollment.campaign)
    if campaign is None or campaign.status != "live":
        said = "its file is gone" if campaign is None else f"it is {campaign.status}"
        rulings.append(Ruling(f"{enrollment.campaign} runs", holds=False, because=said))
        return Next("none", f"the campaign does not run: {said}", enrollment.campaign)
    rulings.append(Ruling(f"{campaign.id} runs", holds=True, because="it is live"))
    leaving = _leaving(book, campaign, state, now, rulings)
    if leaving is not None:
        return leaving
    on_the_way = [delivery for delivery in state.deliveries if delivery.state in ON_THE_WAY]
    if on_the_way:
        first = min(on_the_way, key=lambda delivery: delivery.at)
        rulings.append(Ruling("a mail is on its way", holds=True, because=f"{first.step}, on {first.local_on}"))
        return Next("send", "the mail is queued", first.campaign, first.step, first.at)
    planned = plan(book, campaign, state, enrollment, now)
    rulings += [Ruling(f"step {step} comes next", holds=False, because=said) for step, said in planned.passed]
    return _planned(campaign, state, enrollment, planned, rulings)


def _leaving(book: Rulebook, campaign: Campaign, state: LeadState, now: datetime, rulings: list[Ruling]) -> Next | None:
    here = known(book, state, now, campaign=campaign)
    for line in campaign.exit:
        holds = conditions.holds(line.when, here) is True
        rulings.append(Ruling(f"leaves as {line.reason}", holds=holds, because=conditions.explain(line.when, here)))
        if holds:
            return Next("exit", f"the campaign's exit line holds: {line.reason}", campaign.id, at=now)
    return None


def _planned(
    campaign: Campaign, state: LeadState, enrollment: EnrollmentFact, planned: Plan, rulings: list[Ruling]
) -> Next:
    if planned.step is None:
        because = "every step is received or passed over"
        rulings.append(Ruling("something is left to receive", holds=False, because=because))
        until = "it waits for new steps" if planned.finish_at is None else "then it moves on"
        return Next("exhausted", f"{because}; {until}", campaign.id, at=planned.finish_at)
    rulings.append(Ruling(f"step {planned.step.id} comes next", holds=True, because="it is the first that is left"))
    count = unanswered(state, enrollment)
    rulings.append(Ruling("slow-down", holds=planned.slow, because=f"{count} mails in a row unanswered"))
    if planned.slot is None:
        because = "no day within two years is allowed"
        return Next("none", because, campaign.id, planned.step.id)
    rulings += [Ruling("moves the day", holds=True, because=said) for said in planned.slot.held_by]
    because = f"the first day that the cadence allows, {planned.slot.local_on:%a %d %b} in {planned.slot.zone}"
    at = planned.slot.at if enrollment.due_at is None else max(planned.slot.at, enrollment.due_at)
    return Next("send", because, campaign.id, planned.step.id, at)
