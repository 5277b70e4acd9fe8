"""What other files would do to one lead: decided by the production rules by the files before and by those after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from nurture.campaign import Campaign
from nurture.facts import EnrollmentFact, LeadState, Slot
from nurture.lab.plan_change import Change, Kind, Moved
from nurture.lab.plan_scope import Scope
from nurture.rules import conditions, grading, life, next_step, qualification, scoring, taking
from nurture.rules.ahead import is_silent
from nurture.rules.book import Rulebook
from nurture.rules.effects import Enrolled
from nurture.rules.evolving import evolve
from nurture.rules.happenings import CameDue
from nurture.rules.known import known
from nurture.rules.offering import may_be_offered
from nurture.rules.planning import plan


@dataclass(frozen=True, slots=True)
class _Decision:
    """What follows for an enrollment once it is decided again: what the clock makes due when it adopts files."""

    kind: Literal["send", "exhausted", "leaves", "stopped", "no_day"]
    step: str | None = None
    slot: Slot | None = None
    ends_at: datetime | None = None
    word: str | None = None
    then: str | None = None


def changes(scope: Scope, state: LeadState, now: datetime) -> Iterator[Moved]:
    """Everything that changes for this lead when the files before give way to those after, at `now`."""
    live = state.enrollment
    if not is_silent(state):
        then = _regraded(scope, state, now)
        if live is not None and live.campaign in scope.campaigns:
            yield from _next_things(scope, state, then, live, now)
            yield from _steps(scope, state, then, live, now)
        elif live is None and scope.takes:
            yield from _takers(scope, state, then, now)
    if scope.fit and may_be_offered(state):
        yield from _worth(scope, state, now)


def _regraded(scope: Scope, state: LeadState, now: datetime) -> LeadState:
    """The lead by the files after: all leads are graded again, and campaigns may ask for the grade."""
    if not scope.regrades:
        return state
    return evolve(state, grade=_graded(scope.after, state, now).grade)


def _next_things(
    scope: Scope, state: LeadState, then: LeadState, live: EnrollmentFact, now: datetime
) -> Iterator[Moved]:
    before, after = _decided(scope.before, state, live, now), _decided(scope.after, then, live, now)
    if before == after:
        return
    if before.kind != after.kind:
        yield Moved(_turned(live.campaign, before, after))
    elif before.kind == "send":
        yield from _moved(live.campaign, before, after)
    elif before.kind == "exhausted":
        yield from _ends(live.campaign, before, after)
    elif before.kind == "leaves":
        yield Moved(Change("leaves", live.campaign, was=before.word, becomes=_bound(after)))


def _decided(book: Rulebook, state: LeadState, live: EnrollmentFact, now: datetime) -> _Decision:
    campaign = book.campaigns.get(live.campaign)
    if campaign is None or campaign.status != "live":
        return _Decision("stopped", word="its file is gone" if campaign is None else campaign.status)
    here = known(book, state, now, campaign=campaign) if campaign.exit else None
    for line in campaign.exit:
        if here is not None and conditions.holds(line.when, here) is True:
            return _Decision("leaves", word=line.reason, then=_taken_after(book, state, now))
    planned = plan(book, campaign, state, live, now)
    if planned.step is None:
        then = campaign.finish.then if campaign.finish is not None else None
        return _Decision("exhausted", ends_at=planned.finish_at, then=then)
    return _Decision("no_day" if planned.slot is None else "send", planned.step.id, planned.slot)


def _taken_after(book: Rulebook, state: LeadState, now: datetime) -> str | None:
    """The campaign that takes a lead which leaves by an exit line."""
    followed = life.apply(book, state, CameDue(), now).effects
    return next((effect.enrollment.campaign for effect in followed if isinstance(effect, Enrolled)), None)


def _turned(campaign: str, before: _Decision, after: _Decision) -> Change:
    """What follows is of another kind now."""
    match after.kind:
        case "leaves":
            return Change("leaves", campaign, becomes=_bound(after))
        case "stopped":
            return Change("stops", campaign, becomes=after.word)
        case "exhausted":
            return Change("runs_out", campaign, before.step)
        case "no_day":
            return Change("no_day", campaign, after.step)
    kinds: dict[str, Kind] = {"stopped": "starts", "leaves": "stays"}
    return Change(kinds.get(before.kind, "resumes"), campaign, after.step)


def _moved(campaign: str, before: _Decision, after: _Decision) -> Iterator[Moved]:
    if before.step != after.step:
        yield Moved(Change("another_step", campaign, after.step, was=before.step))
        return
    if before.slot is None or after.slot is None or before.slot.at == after.slot.at:
        return
    days = (after.slot.local_on - before.slot.local_on).days
    kind: Kind = "other_hour" if not days else "later" if days > 0 else "earlier"
    yield Moved(Change(kind, campaign, after.step), days)


def _ends(campaign: str, before: _Decision, after: _Decision) -> Iterator[Moved]:
    if before.then != after.then:
        yield Moved(Change("ends_elsewhere", campaign, was=before.then, becomes=after.then))
    elif before.ends_at is not None and after.ends_at is not None:
        days = (after.ends_at - before.ends_at).days
        yield Moved(Change("ends_later" if days > 0 else "ends_earlier", campaign), days)


def _bound(after: _Decision) -> str:
    return f"{after.word}, then {after.then}" if after.then else str(after.word)


def _steps(scope: Scope, state: LeadState, then: LeadState, live: EnrollmentFact, now: datetime) -> Iterator[Moved]:
    """For each changed step, whether the lead would still get it before and after."""
    touched = scope.steps.get(live.campaign)
    if not touched:
        return
    had = _to_come(scope.before, state, live, now)
    has = _to_come(scope.after, then, live, now)
    for step in touched:
        if step in has and step not in had:
            yield Moved(Change("gets", live.campaign, step))
        elif step in had and step not in has:
            yield Moved(Change("loses", live.campaign, step))
        elif step in has and scope.other_text(live.campaign, step, state.profile.key):
            yield Moved(Change("text", live.campaign, step))


def _to_come(book: Rulebook, state: LeadState, live: EnrollmentFact, now: datetime) -> frozenset[str]:
    campaign = book.campaigns.get(live.campaign)
    if campaign is None:
        return frozenset()
    steps = next_step.still_to_come(
        campaign, state, live.n, lambda step: known(book, state, now, campaign=campaign, step=step)
    )
    return frozenset(step.id for step in steps)


def _takers(scope: Scope, state: LeadState, then: LeadState, now: datetime) -> Iterator[Moved]:
    """Which campaign would take a lead that rests or waits, when it is asked."""
    at = now if state.ask_at is None else max(now, state.ask_at)
    was, becomes = _taker(scope.before, state, at), _taker(scope.after, then, at)
    if was == becomes:
        return
    if was is None:
        yield Moved(Change("taken", becomes))
    elif becomes is None:
        yield Moved(Change("not_taken", was))
    else:
        yield Moved(Change("taken_elsewhere", becomes, was=was))


def _taker(book: Rulebook, state: LeadState, at: datetime) -> str | None:
    taken: Campaign | None = taking.choose(book, state, at).campaign
    return None if taken is None else taken.id


def _worth(scope: Scope, state: LeadState, now: datetime) -> Iterator[Moved]:
    """Another grade; and whether the lead newly qualifies, for whom a changed agreement does nothing by itself."""
    was, becomes = (_graded(book, state, now) for book in (scope.before, scope.after))
    if was.grade != becomes.grade:
        yield Moved(Change("grade", was=was.grade, becomes=becomes.grade))
    if _qualifies(scope.after, becomes, state, now) and not _qualifies(scope.before, was, state, now):
        yield Moved(Change("qualifies"))


def _graded(book: Rulebook, state: LeadState, now: datetime) -> grading.Grading:
    return grading.grade(book.agreement, known(book, state, now))


def _qualifies(book: Rulebook, graded: grading.Grading, state: LeadState, now: datetime) -> bool:
    score = scoring.score(book.agreement, state.counts, now.date())
    return qualification.decide(book.agreement, graded, score, hand_raise=None, barred=False).qualifies
