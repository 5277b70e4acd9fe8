"""Why a lead did not get a step (or when it did, or will): from its mails, its campaign and the rules as they are.

Like `why`, it asks the functions that decide. What became of mails in the past is told from their rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from nurture.campaign import Campaign, Step
from nurture.facts import RECEIVED, EnrollmentFact, LeadState
from nurture.rules import next_step, taking
from nurture.rules.ahead import ahead, is_silent
from nurture.rules.book import Rulebook
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.rules.itinerary import itinerary
from nurture.rules.past_mails import PastMail, became
from nurture.rules.spoken_time import say_date, say_moment
from nurture.rules.standing import Standing, place_of, standings
from nurture.rules.why import why

Verdict = Literal[
    "received", "on_its_way", "next", "later", "passed_over", "does_not_fit", "failed", "gone", "not_live",
    "other_campaign", "waits", "not_taken", "leaves", "silent",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepWhy:
    """Why a lead has, will get, or does not get a step.

    Attributes:
        campaign, step: which.
        verdict: one word for programs.
        because: the same for people.
        at: when it goes, where that can be told: at the earliest, if nothing else happens first.
        variant: the one that this lead gets, for ever the same.
        mails: what became of its mails so far, oldest first.
    """

    campaign: str
    step: str
    verdict: Verdict
    because: str
    at: datetime | None = None
    variant: str | None = None
    mails: tuple[str, ...] = ()


def why_not(
    book: Rulebook, state: LeadState, now: datetime, campaign: str, step: str, mails: Sequence[PastMail] = ()
) -> StepWhy:
    """Explain one step of one campaign to one lead. The campaign or step may be gone from the files."""
    asking = _Asking(book, state, now, campaign, step)
    verdict, because, at = asking.verdict()
    told = tuple(asking.told(mail) for mail in mails)
    return StepWhy(campaign, step, verdict, because, at, asking.variant(), told)


Answer = tuple[Verdict, str, datetime | None]


@dataclass(frozen=True, slots=True)
class _Asking:
    book: Rulebook
    state: LeadState
    now: datetime
    campaign_id: str
    step_id: str

    @property
    def zone(self) -> str:
        return zone_of(self.state.profile.timezone, self.book.agreement)

    @property
    def campaign(self) -> Campaign | None:
        return self.book.campaigns.get(self.campaign_id)

    @property
    def step(self) -> Step | None:
        steps = () if self.campaign is None else self.campaign.steps
        return next((step for step in steps if step.id == self.step_id), None)

    def variant(self) -> str | None:
        return None if self.step is None else next_step.variant(self.step, self.state.profile.key)[0]

    def verdict(self) -> Answer:
        had = self._had()
        if had is not None:
            return had
        if is_silent(self.state):
            return "silent", why(self.book, self.state, self.now).next.because + self._left_before(), None
        campaign, live = self.campaign, self.state.enrollment
        if campaign is None or self.step is None:
            what = f"the campaign {self.campaign_id}" if campaign is None else f"the step `{self.step_id}`"
            return "gone", f"{what} is not in the files any more", None
        if campaign.status != "live":
            return "not_live", f"the campaign is {campaign.status}: it takes nobody and sends nothing", None
        if live is None:
            return self._not_in_any(campaign)
        if live.campaign != campaign.id:
            return self._in_another(campaign, live)
        return self._in_it(campaign, live)

    def _had(self) -> Answer | None:
        """The step was received, and does not come again."""
        mine = [m for m in self.state.deliveries if (m.campaign, m.step) == (self.campaign_id, self.step_id)]
        again = self.step is not None and self.step.repeat
        had = [m for m in mine if m.state in RECEIVED and (not again or m.cycle == self.state.cycle)]
        if not had:
            return None
        last = max(had, key=lambda mail: mail.at)
        once = "once in every cycle" if again else "only once, whatever the cycle"
        lost = ", as far as we know: the mail server's answer was lost" if last.state == "unknown" else ""
        return "received", f"it was received on {self._day(last.local_on)}{lost}; a step comes {once}", last.at

    def _in_it(self, campaign: Campaign, live: EnrollmentFact) -> Answer:
        found = ahead(self.book, self.state, self.now)
        standing = place_of(standings(self.book, campaign, found.before, live, found.decided_at), self.step_id)
        if standing is None:
            return "gone", f"the step `{self.step_id}` is not in the files any more", None
        if found.action == "exit":
            return "leaves", f"the lead leaves the campaign first: its exit line `{found.word}` holds", None
        if found.action == "send" and found.step == self.step_id and found.at is not None:
            way = "on_its_way" if found.slot is None else "next"
            return way, f"it comes next, on {self._moment(found.at)}", found.at  # type: ignore[return-value]
        if standing.place in ("next", "later"):
            return self._still_to_come(campaign, standing)
        return standing.place, standing.because, None

    def _still_to_come(self, campaign: Campaign, standing: Standing) -> Answer:
        """When it would come at the earliest: the lead does nothing, and is never slowed down."""
        cadence = campaign.cadence.model_copy(update={"slow_down": None})
        awake = campaign.model_copy(update={"cadence": cadence})
        book = replace(self.book, campaigns={**self.book.campaigns, campaign.id: awake})
        for mail in itinerary(book, self.state, self.now).mails:
            if (mail.campaign, mail.step) == (campaign.id, self.step_id):
                because = f"it is still to come, on {self._moment(mail.at)} at the earliest: {standing.because}"
                return "later", because, mail.at
        if not standing.fits:
            return "does_not_fit", f"it is still to come, but not for this lead: {standing.because}", None
        return "later", f"it is still to come, on a day that cannot be told yet: {standing.because}", None

    def _in_another(self, campaign: Campaign, live: EnrollmentFact) -> Answer:
        because = f"the lead is in {live.campaign}, and one campaign at a time has it"
        refused = taking.refusal(self.book, campaign, self.state, self.now)
        follows = self.book.campaigns.get(live.campaign)
        if follows is not None and follows.finish is not None and follows.finish.then == campaign.id:
            because += f"; {campaign.id} follows when that one has ended"
        if refused is not None:
            because += f"; {campaign.id} would not take it: {refused}"
        return "other_campaign", because, None

    def _not_in_any(self, campaign: Campaign) -> Answer:
        state = self.state
        if state.ask_at is not None and state.ask_at > self.now:
            takes = taking.choose(self.book, state, state.ask_at).campaign
            then = "no campaign takes it" if takes is None else f"{takes.id} takes it"
            return "waits", f"mail waits until {self._moment(state.ask_at)}, and then {then}", state.ask_at
        taken = taking.choose(self.book, state, self.now)
        said = dict(taken.because).get(campaign.id)
        if taken.campaign is not None and taken.campaign.id == campaign.id:
            because = f"the lead is in no campaign; {campaign.id} takes it when something about it changes"
        elif said is None and taken.campaign is not None:
            because = f"the lead is in no campaign, and {taken.campaign.id} would take it before {campaign.id}"
        else:
            because = f"the lead is in no campaign, and {campaign.id} does not take it: {said}"
        return "not_taken", because + self._left_before(), None

    def _left_before(self) -> str:
        """How the lead's last time in the campaign ended, if it was there."""
        left = [past for past in self.state.past if past.campaign == self.campaign_id]
        if not left:
            return ""
        last = max(left, key=lambda past: past.n)
        return f"; it was in {self.campaign_id} until {self._moment(last.ended_at)} (`{last.left_as}`)"

    def told(self, mail: PastMail) -> str:
        """What became of one mail, in a sentence."""
        variant = f" (variant {mail.variant})" if mail.variant else ""
        return f"cycle {mail.cycle}, {self._day(mail.on)}{variant}: {became(mail)}"

    def _day(self, day: date) -> str:
        return say_date(day, local_date(self.now, self.zone).year)

    def _moment(self, at: datetime) -> str:
        return say_moment(at, self.zone, self.now)
