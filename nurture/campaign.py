"""The shape of `campaigns/<id>.yaml`: a nurture track. The file's name is the campaign's id."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nurture.facts import Stage
from nurture.grammar.conditions import CampaignCondition, StepCondition
from nurture.grammar.durations import CalendarDuration
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Identifier, Text, Whole
from nurture.grammar.shape import Shape
from nurture.grammar.windows import Again, Hours, Weekdays

Status = Literal["draft", "live", "paused"]
STATUSES: tuple[Status, ...] = ("draft", "live", "paused")


class Enroll(Shape):
    """Whom the campaign takes."""

    reasons: tuple[Identifier, ...] = ()
    unready: bool = False
    stages: tuple[Stage, ...] = Field(default=("inquiry", "nurture"), min_length=1)
    when: CampaignCondition | None = None
    again: Again | None = None


class SlowDown(Shape):
    """After so many mails in a row that the lead left unanswered, only every so often."""

    after: Annotated[Whole, Field(ge=1)]
    every: CalendarDuration


class Cadence(Shape):
    """When mails go, in the lead's own zone."""

    every: CalendarDuration
    days: Weekdays
    hours: Hours
    slow_down: SlowDown | None = None

    @model_validator(mode="after")
    def _slows_down(self) -> "Cadence":
        if self.slow_down and self.slow_down.every.days < self.every.days:
            said = f"`slow_down` must not be faster than `every: {self.every}`, and {self.slow_down.every} are"
            raise Mistake(said).below("slow_down", "every")
        return self


class Step(Shape):
    """One item of a campaign: an e-mail or a survey."""

    id: Identifier
    email: Text | None = None
    survey: Text | None = None
    when: StepCondition | None = None
    after: CalendarDuration | None = None
    repeat: bool = False
    variants: dict[Identifier, Text] = Field(default_factory=dict)

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
    reason: Identifier


class Finish(Shape):
    """What happens so long after the campaign's last mail: another campaign's id, or `rest`."""

    after: CalendarDuration
    then: Identifier = "rest"


class Campaign(Shape):
    """The whole file; `id` is the file's name."""

    id: Identifier
    name: Text
    status: Status
    topic: Identifier | None = None
    priority: Whole = 100
    enroll: Enroll = Enroll()
    cadence: Cadence
    order: Literal["sequence", "unseen"] = "sequence"
    steps: tuple[Step, ...] = Field(min_length=1)
    exit: tuple[Exit, ...] = ()
    finish: Finish | None = None
