"""`sla`: what sales promises, and what happens when a promise is broken."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nurture.grammar.addresses import Address
from nurture.grammar.durations import CalendarDuration, Duration
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Whole
from nurture.grammar.shape import Shape
from nurture.grammar.windows import ClockTime, Weekdays
from nurture.grammar.zones import HolidayCalendar, Zone

ATTEMPTS_A_DAY = 2
"""At most so many attempts of one day count."""
WEEKS = 52
"""No promise that is counted at work may be longer than what is worked in so many weeks."""


class WorkingHours(Shape):
    """When sales works."""

    days: Weekdays
    """On which weekdays sales works."""
    start: Annotated[ClockTime, Field(alias="from")]
    """When work begins, in quotes.

    Example: "09:00"
    """
    end: Annotated[ClockTime, Field(alias="to")]
    """When work ends, in quotes; later on the same day.

    Example: "17:30"
    """
    timezone: Zone
    """The time zone of these hours."""
    holidays: HolidayCalendar | None = None
    """Whose public holidays are free: no working time passes on them."""

    @property
    def minutes_a_week(self) -> int:
        """How long sales works in a week without holidays."""
        minutes = (self.end.hour - self.start.hour) * 60 + self.end.minute - self.start.minute
        return minutes * len(self.days)

    @model_validator(mode="after")
    def _run_forward(self) -> "WorkingHours":
        if self.end <= self.start:
            said = f"`to` ({self.end:%H:%M}) must be later than `from` ({self.start:%H:%M})"
            raise Mistake(said, hint="hours do not run over midnight").below("to")
        return self


class Attempts(Shape):
    """How often sales must try, within how long."""

    count: Annotated[Whole, Field(ge=1, le=100)]
    """So many calls, mails or meetings, of which two a day count. After that the lead is `unreachable`.

    Example: 6
    """
    within: CalendarDuration
    """The time for these attempts."""

    @model_validator(mode="after")
    def _can_be_made(self) -> "Attempts":
        most = self.within.days * ATTEMPTS_A_DAY
        if self.count > most:
            said = f"{self.count} attempts cannot be made within {self.within}: at most {ATTEMPTS_A_DAY} a day count"
            raise Mistake(said, hint=f"at most {most}").below("count")
        return self


class HandRaiseSla(Shape):
    """The shorter deadlines of a lead that asked for sales, which the SLA never returns to nurture."""

    accept_within: Duration
    """From the offer of such a lead to `accept` or `reject`.

    Example: 15 minutes
    """
    first_attempt_within: Duration | None = None
    """From the offer of such a lead to the first call or mail; absent: as for any other.

    Example: 1 hour
    """


Rung = Literal["remind", "escalate", "reassign", "return_to_nurture"]


class Sla(Shape):
    """The promises of sales, and what happens when one is broken."""

    hours: WorkingHours
    """When sales works. Minutes and hours of the deadlines below run only then."""
    accept_within: Duration
    """From the offer of a lead to `accept` or `reject`. Hours are working time, days are calendar days.

    Example: 4 hours
    """
    first_attempt_within: Duration
    """From the offer to the first call or mail.

    Example: 8 hours
    """
    attempts: Attempts
    """How often sales tries before a lead counts as `unreachable`."""
    outcome_within: CalendarDuration
    """From `accept` to won, lost or rejected; after that the lead comes back as `no_outcome`.

    Example: 90 days
    """
    hand_raise: HandRaiseSla | None = None
    """The shorter deadlines of leads that asked for sales."""
    on_breach: tuple[Rung, ...] = ()
    """What happens when a deadline passes: the first of these, and the next one each time its length passes again.

    `remind` the owner, `escalate` to the manager, `reassign` to somebody else, `return_to_nurture` as `no_follow_up`.

    Example: [remind, escalate, reassign, return_to_nurture]
    """
    manager: Address
    """Who is told when a promise is broken.

    Example: sales-manager@acme.example
    """

    @model_validator(mode="after")
    def _climb_once_and_in_order(self) -> "Sla":
        for index, rung in enumerate(self.on_breach):
            if rung in self.on_breach[:index]:
                said = f"`{rung}` stands twice: each rung is climbed once"
                raise Mistake(said, hint="leave one of them out").below("on_breach", index)
            if "return_to_nurture" in self.on_breach[:index]:
                said = f"`{rung}` never comes: after `return_to_nurture` sales has lost the lead"
                raise Mistake(said, hint="write `return_to_nurture` last").below("on_breach", index)
        return self

    @model_validator(mode="after")
    def _fall_due_in_time(self) -> "Sla":
        lengths: dict[tuple[str, ...], Duration | None] = {
            ("accept_within",): self.accept_within,
            ("first_attempt_within",): self.first_attempt_within,
        }
        if self.hand_raise is not None:
            lengths["hand_raise", "accept_within"] = self.hand_raise.accept_within
            lengths["hand_raise", "first_attempt_within"] = self.hand_raise.first_attempt_within
        for path, length in lengths.items():
            if length is not None and not length.is_calendar and length.minutes > WEEKS * self.hours.minutes_a_week:
                said = f"{length} of work are more than a year of these `hours`"
                raise Mistake(said, hint="write days, which are counted by the calendar").below(*path)
        return self
