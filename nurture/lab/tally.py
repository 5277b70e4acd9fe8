"""What many lives come to: counts only, so that it stays small however many leads live however long."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from nurture.facts import WITH_SALES, LeadState
from nurture.lab import dead_ends, resting
from nurture.lab.assigning import Offer, assigned, offer
from nurture.lab.dead_ends import DeadEnd, Kind
from nurture.lab.reach import Seen, beyond
from nurture.lab.records import Delivery, Exit, Handoff, Lived
from nurture.lab.resting import Rest
from nurture.rules import taking
from nurture.rules.book import Rulebook

WEEK = 7


@dataclass(slots=True)
class CampaignTally:
    """One campaign. Weeks count from 1. `ran_out` are leads for whom nothing was left, by the week it showed.

    `first` is when each step first went, `due` when the next mail goes to somebody who is in the campaign at the end.
    """

    entered: int = 0
    mails: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    ran_out: Counter[int] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    first: dict[str, datetime] = field(default_factory=dict)
    due: datetime | None = None

    def join(self, later: "CampaignTally") -> None:
        """Count what leads that come later in the file made of it."""
        self.entered += later.entered
        self.mails += later.mails
        self.steps.update(later.steps)
        self.ran_out.update(later.ran_out)
        self.exits.update(later.exits)
        for step, at in later.first.items():
            self.first[step] = min(at, self.first.get(step, at))
        if later.due is not None:
            self.due = later.due if self.due is None else min(self.due, later.due)


_COUNTERS = ("per_day", "held", "waited", "failed", "stages", "exits", "endings", "told")


@dataclass(slots=True)
class Tally:
    """Everything that is told of a simulation but single leads.

    Attributes:
        per_day: mails by the local date of their lead.
        held: mails that went on a later day than the first thinkable one, by the rule that moved them.
        waited: leads whose first mail waited after a refusal, by its reason.
        failed: mails that were not taken, by what the mail server said.
        stages: where leads stand at the end.
        endings: how handoffs ended; `open` for those that have not.
        newcomers: leads that the file lacks and events brought.
        told: days on which owners are told what a lead did, by the signal that was first.
        ripe: why sales refused leads that are not waiting for it any more.
        examples: some lives, by what they are examples of.
    """

    book: Rulebook
    start: datetime
    end: datetime
    leads: int = 0
    newcomers: int = 0
    mails: int = 0
    mailed: int = 0
    per_day: Counter[date] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    moved: int = 0
    waited: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    campaigns: dict[str, CampaignTally] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    offers: list[Offer] = field(default_factory=list)
    ends: dict[Kind, DeadEnd] = field(default_factory=dict)
    rests: dict[resting.Kind, Rest] = field(default_factory=dict)
    ripe: set[str] = field(default_factory=set)
    examples: dict[str, Lived] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.campaigns = {campaign.id: CampaignTally() for campaign in self.book.campaigns.values()}

    def add(self, lived: Lived) -> None:
        """Count one life."""
        self.leads += 1
        self.newcomers += not lived.line
        self.stages[lived.state.stage] += 1
        self.mailed += bool(lived.deliveries)
        for mail in lived.deliveries:
            self._mail(mail)
        for name in lived.entered:
            self.campaigns[name].entered += 1
        for out in lived.ran_out:
            self.campaigns[out.campaign].ran_out[self.week(out.at)] += 1
        for left in lived.exits:
            self._left(left)
        for handoff in lived.handoffs:
            self._handed_over(handoff)
        for reason in {wait.reason for wait in lived.waited}:
            self.waited[reason] += 1
        self.told.update(told.signals[0] for told in lived.told)
        self.failed.update(lived.failed)
        self._standing(lived.state)
        self._keep(lived)

    def join(self, later: "Tally") -> None:
        """Count lives that come after these in the file, which were counted elsewhere."""
        self.offers += [one._replace(order=one.order + self.leads) for one in later.offers]
        self.leads += later.leads
        self.newcomers += later.newcomers
        self.mails += later.mails
        self.mailed += later.mailed
        self.moved += later.moved
        for name in _COUNTERS:
            getattr(self, name).update(getattr(later, name))
        for campaign, one in later.campaigns.items():
            self.campaigns[campaign].join(one)
        dead_ends.join(self.ends, later.ends)
        resting.join(self.rests, later.rests)
        self.ripe |= later.ripe
        for kind, lived in later.examples.items():
            self.examples.setdefault(kind, lived)

    def __getstate__(self) -> dict[str, Any]:
        """All but the rules: whoever joins it has these."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "book"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def week(self, at: datetime) -> int:
        """Which week of the simulation an instant lies in, from 1."""
        return (at - self.start).days // WEEK + 1

    def handoffs_by_rep(self) -> dict[str, Counter[int]]:
        """How many handoffs each rep gets in each week; reps in the order of their addresses."""
        by_rep: dict[str, Counter[int]] = defaultdict(Counter)
        for one, rep in assigned(self.book.agreement, self.offers):
            by_rep[rep][self.week(one.at)] += 1
        return dict(sorted(by_rep.items()))

    def dead_ends(self) -> list[DeadEnd]:
        """Kinds of dead ends, those of most leads first."""
        return sorted(self.ends.values(), key=lambda end: (-end.leads, end.example))

    def resting(self) -> list[Rest]:
        """Kinds of leads that rest, those of most leads first."""
        return sorted(self.rests.values(), key=lambda rest: (-rest.leads, rest.example))

    def beyond(self) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
        """Campaigns and steps for which the time was too short for anybody."""
        first = {name: one.first for name, one in self.campaigns.items()}
        due = {name: one.due for name, one in self.campaigns.items() if one.due is not None}
        entered = {name for name, one in self.campaigns.items() if one.entered}
        out = {name for name, one in self.campaigns.items() if one.ran_out}
        return beyond(self.book, Seen(self.start, self.end, first, due, entered, self.ripe, out))

    def unreached(self) -> list[tuple[str, str]]:
        """Steps of campaigns that were entered, which nobody was sent: (campaign, step)."""
        return [
            (campaign.id, step.id)
            for campaign in self.book.campaigns.values()
            for step in campaign.steps
            if self.campaigns[campaign.id].entered and not self.campaigns[campaign.id].steps[step.id]
        ]

    def unentered(self) -> Mapping[str, str]:
        """Live campaigns that took nobody, and what would lead into them."""
        return {
            campaign.id: _ways_in(self.book, campaign.id)
            for campaign in self.book.by_priority
            if not self.campaigns[campaign.id].entered
        }

    def _mail(self, mail: Delivery) -> None:
        self.mails += 1
        self.per_day[mail.local_on] += 1
        campaign = self.campaigns[mail.campaign]
        campaign.mails += 1
        campaign.steps[mail.step] += 1
        campaign.first[mail.step] = min(mail.at, campaign.first.get(mail.step, mail.at))
        if mail.held:
            self.moved += 1
            self.held.update(set(mail.held))

    def _standing(self, state: LeadState) -> None:
        """Where the lead stands at the end: with whom, waiting, resting, or nowhere."""
        enrollment = state.enrollment
        if enrollment is not None and enrollment.status == "active" and enrollment.due_at is not None:
            campaign = self.campaigns[enrollment.campaign]
            campaign.due = enrollment.due_at if campaign.due is None else min(campaign.due, enrollment.due_at)
        waits = state.ask_at is not None or state.suppressed is not None or state.stage in WITH_SALES
        if state.reason is not None and not waits:
            self.ripe.add(state.reason)
        if dead_ends.is_idle(state):
            asked = taking.choose(self.book, state, self.end)
            if not resting.note(self.rests, self.book, state, asked):
                dead_ends.note(self.ends, state, asked)

    def _left(self, left: Exit) -> None:
        self.exits[left.reason] += 1
        self.campaigns[left.campaign].exits[left.reason] += 1

    def _handed_over(self, handoff: Handoff) -> None:
        self.offers.append(offer(handoff, self.leads))
        self.endings[handoff.ended_as or "open"] += 1

    def _keep(self, lived: Lived) -> None:
        """The first life of each kind serves as an example."""
        kinds = {
            "handed to sales": bool(lived.handoffs),
            "ran out of content": bool(lived.ran_out) and not lived.handoffs,
            "left": bool(lived.exits) and not lived.handoffs and not lived.ran_out,
            "on its way": bool(lived.deliveries) and not (lived.exits or lived.ran_out or lived.handoffs),
        }
        for kind, fits in kinds.items():
            if fits and kind not in self.examples:
                self.examples[kind] = lived


def _ways_in(book: Rulebook, campaign: str) -> str:
    """What leads into a campaign."""
    enroll = book.campaigns[campaign].enroll
    ways = []
    if enroll.reasons:
        ways.append(f"sales refuses for {' or '.join(enroll.reasons)}")
    if enroll.unready:
        ways.append("an inquiry is not ready")
    ways += [
        f"{other.id} is finished" for other in book.campaigns.values() if other.finish and other.finish.then == campaign
    ]
    return ", or ".join(ways) or "it is entered by hand only"
