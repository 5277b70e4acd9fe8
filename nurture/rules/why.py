"""Why: what happens next to a lead, when, and every rule that decided, in order and in plain words.

It asks the same functions that decide (`ahead`, `taking`, `planning`, `conditions`, `qualification`); it decides
nothing itself. Days and times in its words are the lead's own, but for deadlines of sales.
"""

from dataclasses import dataclass
from datetime import datetime

from nurture.campaign import Campaign
from nurture.facts import EnrollmentFact, HandoffFact, LeadState
from nurture.rules import conditions, taking
from nurture.rules.ahead import Action, Ahead, ahead, is_silent
from nurture.rules.book import Rulebook
from nurture.rules.cadence import zone_of
from nurture.rules.known import known
from nurture.rules.owed import next_rung, owed
from nurture.rules.pacing import pacing
from nurture.rules.planning import plan
from nurture.rules.ruling import Ruling
from nurture.rules.spoken_time import say_day_of, say_moment
from nurture.rules.standing import standings
from nurture.rules.whereabouts import mailable, ready, with_nurture

__all__ = ["Next", "Ruling", "Why", "why"]


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next if nothing else happens first."""

    action: Action
    because: str
    campaign: str | None = None
    step: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """The next thing, the rules in the order in which they were asked, and the zone in which times are told."""

    next: Next
    rules: tuple[Ruling, ...]
    zone: str


def why(book: Rulebook, state: LeadState, now: datetime) -> Why:
    """Explain a lead as it stands at `now`."""
    return _Explaining(book, state, now).all()


class _Explaining:
    """One lead being explained; the rules are noted as they are asked."""

    def __init__(self, book: Rulebook, state: LeadState, now: datetime) -> None:
        self.book, self.state, self.now = book, state, now
        self.zone = zone_of(state.profile.timezone, book.agreement)
        self.rules: list[Ruling] = []

    def all(self) -> Why:
        self.note("may be mailed", *mailable(self.book, self.state, self.now))
        self.note("is with nurture", *with_nurture(self.book, self.state))
        self.note("is ready for sales", *ready(self.book, self.state, self.now))
        if self.state.handoff is not None:
            following = self._with_sales(self.state.handoff)
        elif is_silent(self.state):
            following = Next("none", next(rule for rule in self.rules if not rule.holds).because)
        elif self.state.enrollment is None:
            following = self._resting()
        else:
            following = self._enrolled(self.state.enrollment)
        return Why(following, tuple(self.rules), self.zone)

    def _with_sales(self, handoff: HandoffFact) -> Next:
        """What sales owes; days and times are told by the clocks of sales."""
        terms = self.book.agreement.sla
        self.rules += owed(terms, handoff, self.now)
        found = next_rung(terms, handoff, self.now)
        if found is None:
            return Next("none", with_nurture(self.book, self.state)[1])
        at, because = found
        return Next("wait", because, at=at)

    def note(self, rule: str, holds: bool, because: str) -> None:
        self.rules.append(Ruling(rule, holds, because))

    def day(self, at: datetime) -> str:
        return say_day_of(at, self.zone, self.now)

    def moment(self, at: datetime) -> str:
        return say_moment(at, self.zone, self.now)

    def _resting(self) -> Next:
        found = ahead(self.book, self.state, self.now)
        if found.action != "none":
            return self._after_a_wait(found)
        if self.state.ask_at is not None:
            until = self.day(self.state.ask_at)
            self.note("the wait is over", self.state.ask_at <= self.now, f"it ends on {until}")
            if self.state.ask_at > self.now:
                then = self._asked(self.state.ask_at)
                return Next("wait", f"the wait ends on {until}, and then {then}", at=self.state.ask_at)
        taken = taking.choose(self.book, self.state, self.now).campaign
        said = self._asked(self.now)
        if taken is None:
            return Next("none", f"{said}; the lead rests, its signals count, and all are asked again when it changes")
        because = f"{said} when something about the lead changes; nothing has to come of that by itself"
        return Next("wait", because, taken.id)

    def _after_a_wait(self, found: Ahead) -> Next:
        """Something comes of a wait: a campaign takes the lead."""
        at = found.at or self.now
        self.note("the wait is over", at <= self.now, f"it ends on {self.moment(at)}; signals count meanwhile")
        said = self._asked(at)
        mail = ahead(self.book, found.after, at) if found.after is not None else found
        if mail.action == "send" and mail.at is not None:
            said += f"; its first mail would be `{mail.step}`, on {self.moment(mail.at)}"
        return Next("wait", f"mail waits until {self.day(at)}, and then {said}", found.campaign, at=at)

    def _asked(self, at: datetime) -> str:
        """Note what each campaign says to this lead at some time; gives who takes it."""
        taken = taking.choose(self.book, self.state, at)
        for campaign, said in taken.because:
            holds = taken.campaign is not None and taken.campaign.id == campaign
            self.note(f"{campaign} takes the lead", holds, "it may, and it is the first in order" if holds else said)
        return "no campaign takes the lead" if taken.campaign is None else f"{taken.campaign.id} takes it"

    def _enrolled(self, enrollment: EnrollmentFact) -> Next:
        campaign = self.book.campaigns.get(enrollment.campaign)
        since = f"the lead has been in it since {self.day(enrollment.started_at)}"
        if campaign is None or campaign.status != "live":
            said = "its file is gone" if campaign is None else f"it is {campaign.status}"
            self.note(f"{enrollment.campaign} runs", False, f"{said}; {since}, and stays without mail")
            return Next("none", f"{enrollment.campaign} does not run: {said}", enrollment.campaign)
        self.note(f"{campaign.id} runs", True, f"it is live; {since}")
        found = ahead(self.book, self.state, self.now)
        asked_at, before = found.decided_at, found.before
        self._exit_lines(campaign, before, asked_at)
        if before.enrollment is not None and found.action != "exit":
            self._steps(campaign, before, before.enrollment, asked_at)
        return self._said(campaign, found)

    def _exit_lines(self, campaign: Campaign, state: LeadState, at: datetime) -> None:
        here = known(self.book, state, at, campaign=campaign)
        for line in campaign.exit:
            holds = conditions.holds(line.when, here) is True
            self.note(f"leaves as {line.reason}", holds, conditions.explain(line.when, here))

    def _steps(self, campaign: Campaign, state: LeadState, enrollment: EnrollmentFact, at: datetime) -> None:
        for step in standings(self.book, campaign, state, enrollment, at):
            self.note(f"step {step.step} comes next", step.place == "next", step.because)
        planned = plan(self.book, campaign, self.state, enrollment, self.now)
        if planned.step is not None:
            self.rules += pacing(self.book, campaign, self.state, enrollment, planned, self.now)

    def _said(self, campaign: Campaign, found: Ahead) -> Next:
        then = f"then {found.then} takes the lead" if found.then else "then the lead rests"
        if found.action == "send" and found.at is not None:
            at = self.moment(found.at)
            because = f"`{found.step}` is what comes next, and {at} is the first time that everything allows"
            if found.slot is None:
                because = f"`{found.step}` is queued for {at}"
            return Next("send", because, found.campaign, found.step, found.at)
        if found.action == "exit":
            because = f"the campaign's exit line `{found.word}` holds; {then}"
            return Next("exit", because, campaign.id, at=found.at)
        if found.at is None and self._awaits_adoption(campaign):
            because = "the campaign's file has changed and is not adopted yet; when the clock does so, it decides again"
            return Next("none", because, campaign.id)
        if found.action == "exhausted":
            return self._out_of_steps(campaign, found, then)
        because = "no day within two years is allowed by the cadence and the limits"
        return Next("none", because, campaign.id)

    def _out_of_steps(self, campaign: Campaign, found: Ahead, then: str) -> Next:
        because = "nothing is left for this lead: every step is received or passed over"
        self.note("something is left to receive", False, because)
        if found.at is None:
            return Next("exhausted", f"{because}; it waits for new steps", campaign.id)
        ends = f"the campaign ends for it on {self.day(found.at)}, {then}"
        return Next("exhausted", f"{because}; {ends}, unless a step is added before", campaign.id, at=found.at)

    def _awaits_adoption(self, campaign: Campaign) -> bool:
        """Whether the files as they are would send a mail, and nobody has been woken for them yet."""
        live = self.state.enrollment
        return live is not None and plan(self.book, campaign, self.state, live, self.now).slot is not None
