"""`retention`: how long events are kept."""

from pydantic import model_validator

from nurture.grammar.durations import CalendarDuration
from nurture.grammar.mistakes import Mistake
from nurture.grammar.shape import Shape


class RetentionMistake(Mistake):
    """Events would be dropped that are needed."""

    topic = "retention"


class Retention(Shape):
    """How long events are kept. What leads were counted for stays: scores and reports do not change."""

    events: CalendarDuration
    """So long what leads did is kept; at least the `horizon`. A month is dropped when all of it is older.

    Example: 13 months
    """
    visitors: CalendarDuration | None = None
    """So long what visitors did is kept who never said who they are; absent: as long as all events.

    Example: 90 days
    """

    @model_validator(mode="after")
    def _visitors_go_first(self) -> "Retention":
        if self.visitors is not None and self.visitors.days > self.events.days:
            said = f"visitors' events cannot be kept for {self.visitors}: all events are dropped after {self.events}"
            raise Mistake(said, hint="a shorter time, or leave it out").below("visitors")
        return self
