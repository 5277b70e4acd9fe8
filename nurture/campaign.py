"""The shape of `campaigns/<id>.yaml`: a nurture track. The file's name is the campaign's id.

The words below the fields are for whoever writes the file; see `Shape`.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nurture.facts import Stage
from nurture.grammar.conditions import CampaignCondition, StepCondition
from nurture.grammar.durations import CalendarDuration
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Identifier, Text, Truth, Whole
from nurture.grammar.shape import Shape, exactly_one
from nurture.grammar.windows import Again, Hours, Weekdays

Status = Literal["draft", "live", "paused"]
STATUSES: tuple[Status, ...] = ("draft", "live", "paused")


class Enroll(Shape):
    """Whom the campaign takes."""

    reasons: tuple[Identifier, ...] = ()
    """Reasons of the agreement, built-in ones too: a lead that sales refused for one of them comes here.

    Example: [not_ready, no_follow_up]
    """
    unready: Truth = False
    """`true`: new inquiries that do not qualify come here too."""
    stages: tuple[Stage, ...] = Field(default=("inquiry", "nurture"), min_length=1)
    """In which stages a lead may be; `[inquiry, nurture]` where absent. `customer` for cross-selling.

    Example: [inquiry, nurture]
    """
    when: CampaignCondition | None = None
    """Only leads for whom this holds."""
    again: Again | None = None
    """When a lead may come a second time, counted from the end of its last time here; absent: at once."""


class SlowDown(Shape):
    """After so many mails in a row that the lead left unanswered, only every so often."""

    after: Annotated[Whole, Field(ge=1)]
    """So many mails in a row without a click, a visit, an answer or a reply. Opens do not count.

    Example: 4
    """
    every: CalendarDuration
    """From one mail to the next then; not shorter than the cadence's own `every`.

    Example: 4 weeks
    """


class Cadence(Shape):
    """When mails go, in the lead's own zone."""

    every: CalendarDuration
    """From one mail to the next.

    Example: 1 week
    """
    days: Weekdays
    """On which weekdays mails go.

    Example: [tue, wed, thu]
    """
    hours: Hours
    """At which hours, in quotes, in the lead's own time zone. Nothing goes outside them."""
    slow_down: SlowDown | None = None
    """Fewer mails for a lead that shows no sign of life, until it shows one."""

    @model_validator(mode="after")
    def _slows_down(self) -> "Cadence":
        if self.slow_down and self.slow_down.every.days < self.every.days:
            said = f"`slow_down` must not be faster than `every: {self.every}`, and {self.slow_down.every} are"
            raise Mistake(said).below("slow_down", "every")
        return self


class Step(Shape, json_schema_extra=exactly_one("email", "survey")):
    """One item of a campaign: an e-mail or a survey."""

    id: Identifier
    """The step's name. Never change it: what a lead has received is remembered by it, and a new name is a new step.

    Example: case-study
    """
    email: Text | None = None
    """The mail: a file below `templates/`, without its ending.

    Example: not-ready/case-study
    """
    survey: Text | None = None
    """A mail that asks one question: a file below `templates/`, without its ending. A step has this or `email`.

    Example: not-ready/timing
    """
    when: StepCondition | None = None
    """The step is only for leads for whom this holds; others go on to the next one."""
    after: CalendarDuration | None = None
    """At least so long after the previous mail, where that is longer than the cadence's `every`.

    Example: 2 weeks
    """
    repeat: Truth = False
    """`true`: once in every round between nurture and sales, instead of once ever."""
    variants: dict[Identifier, Text] = Field(default_factory=dict)
    """Mails of which each lead gets one, split evenly, for ever the same. Name the mail of `email` among them.

    Example: {control: not-ready/roi, short: not-ready/roi-short}
    """

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Step":
        if (self.email is None) == (self.survey is None):
            both = "not both" if self.email else "one of them"
            raise Mistake(f"a step has an `email` or a `survey`, {both}")
        return self

    @property
    def template(self) -> str:
        """The template of the mail, where no variant says otherwise."""
        return self.email or self.survey or ""


class Exit(Shape):
    """A condition that ends the enrollment, with its own word."""

    when: CampaignCondition
    """A lead for whom this holds leaves the campaign.

    Example: lead.industry == 'education'
    """
    reason: Identifier
    """The word that stands in the lead's history and in reports.

    Example: not_our_market
    """


class Finish(Shape):
    """What happens so long after the campaign's last mail: another campaign's id, or `rest`."""

    after: CalendarDuration
    """So long after the campaign's last mail. A step that you append before then still reaches the lead.

    Example: 60 days
    """
    then: Identifier = "rest"
    """Another campaign's id (its file's name), or `rest`: no mail, but what the lead does still counts.

    Example: long-term
    Example: rest
    """


class Tracking(Shape):
    """What of its mails is seen. A lead that is not to be tracked is not, whatever stands here."""

    opens: Truth = True
    """`false`: no open pixel. `true` where absent."""
    clicks: Truth = True
    """`false`: links lead straight to where they go, and no click is seen. `true` where absent. Answers, replies and
    unsubscribing work all the same."""


class Campaign(Shape):
    """A nurture track: whom it takes, when its mails go, its mails in order, how it ends. Its id is the file's name."""

    id: Identifier
    name: Text
    """The campaign's name, for people.

    Example: Not ready yet
    """
    status: Status
    """`draft`: takes nobody, sends nothing. `live`: it runs. `paused`: takes nobody, sends nothing, keeps its leads.

    Example: live
    """
    topic: Identifier | None = None
    """What a lead can leave without leaving everything you send.

    Example: product
    """
    priority: Whole = 100
    """The lower one goes first, where several campaigns would take a lead; 100 where absent.

    Example: 10
    """
    enroll: Enroll = Enroll()
    """Whom the campaign takes. With neither `reasons` nor `unready`, leads come by another campaign's `finish.then`, or
    by hand.

    Example: {reasons: [not_ready, no_follow_up], unready: true}
    """
    cadence: Cadence
    """When the mails go: how often, on which weekdays, at which hours of the lead's own day."""
    order: Literal["sequence", "unseen"] = "sequence"
    """`sequence`: one step after the other; what was passed over stays passed over. `unseen`: always the first step
    that the lead has not received, wherever it stands."""
    steps: tuple[Step, ...] = Field(min_length=1)
    """The mails, in order.

    Example: [{id: questions, email: not-ready/three-questions}, {id: timing, survey: not-ready/timing, after: 2 weeks}]
    """
    exit: tuple[Exit, ...] = ()
    """Who leaves early: the first line that holds ends the lead's time here, with its own word.

    Example: [{when: "lead.industry == 'education'", reason: not_our_market}]
    """
    finish: Finish | None = None
    """What follows when a lead has received everything. Absent: it waits here for steps that you append.

    Example: {after: 60 days, then: long-term}
    """
    tracking: Tracking = Tracking()
    """Whether opens and clicks of its mails are seen; both, where absent.

    Example: {opens: false, clicks: true}
    """
    utm: Truth = True
    """`false`: tracked links get no `utm_` parameters. `true` where absent: they say `nurture`, `email`, the campaign
    and the step to whatever counts visitors on your site; what a link has of them already stays as it is."""
