"""The shape of `campaigns/<id>.yaml`: a nurture track. The file's name is the campaign's id."""

from typing import Literal

from pydantic import Field

from nurture.facts import Stage
from nurture.grammar.conditions import Condition
from nurture.grammar.durations import CalendarDuration
from nurture.grammar.shape import Shape
from nurture.grammar.windows import Again, Hours, Weekdays


class Enroll(Shape):
    """Whom the campaign takes."""

    reasons: tuple[str, ...] = ()
    unready: bool = False
    stages: tuple[Stage, ...] = ("inquiry", "nurture")
    when: Condition | None = None
    again: Again | None = None


class SlowDown(Shape):
    """After so many mails in a row that the lead left unanswered, only every so often."""

    after: int = Field(ge=1)
    every: CalendarDuration


class Cadence(Shape):
    """When mails go, in the lead's own zone."""

    every: CalendarDuration
    days: Weekdays
    hours: Hours
    slow_down: SlowDown | None = None


class Step(Shape):
    """One item of a campaign: an e-mail or a survey."""

    id: str
    email: str | None = None
    survey: str | None = None
    when: Condition | None = None
    after: CalendarDuration | None = None
    repeat: bool = False
    variants: dict[str, str] = Field(default_factory=dict)

    @property
    def template(self) -> str:
        """The template of the mail, where no variant says otherwise."""
        return self.email or self.survey or ""


class Exit(Shape):
    """A condition that ends the enrollment, with its own word."""

    when: Condition
    reason: str


class Finish(Shape):
    """What happens so long after the campaign's last mail: another campaign's id, or `rest`."""

    after: CalendarDuration
    then: str = "rest"


class Campaign(Shape):
    """The whole file; `id` is the file's name."""

    id: str
    name: str
    status: Literal["draft", "live", "paused"]
    topic: str | None = None
    priority: int = 100
    enroll: Enroll = Enroll()
    cadence: Cadence
    order: Literal["sequence", "unseen"] = "sequence"
    steps: tuple[Step, ...] = Field(min_length=1)
    exit: tuple[Exit, ...] = ()
    finish: Finish | None = None
