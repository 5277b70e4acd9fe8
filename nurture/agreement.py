"""The shape of `campaigns/agreement.yaml`: what marketing and sales signed."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nurture.facts import Grade, Stage
from nurture.grammar.addresses import Address, Mailbox
from nurture.grammar.assignees import Assignees
from nurture.grammar.conditions import AssignCondition, FitCondition
from nurture.grammar.durations import CalendarDuration, Duration
from nurture.grammar.matchers import Matcher
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Identifier, Percent, PerDay, Points, Text, Whole
from nurture.grammar.shape import Shape
from nurture.grammar.windows import ClockTime, Weekdays
from nurture.grammar.zones import HolidayCalendar, Zone

ATTEMPTS_A_DAY = 2
"""At most so many attempts of one day count."""


class Company(Shape):
    """Who sends."""

    name: Text
    address: Text
    sender: Mailbox
    reply_to: Address
    timezone: Zone
    holidays: HolidayCalendar | None = None


class Criterion(Shape):
    """One line of fit: points, or a grade that decides alone."""

    name: Text
    when: FitCondition
    points: Points | None = None
    grade: Grade | None = None

    @model_validator(mode="after")
    def _gives_one_thing(self) -> "Criterion":
        if (self.points is None) == (self.grade is None):
            both = "not both" if self.grade else "one of them"
            raise Mistake(f"a line of `fit` gives `points` or a `grade`, {both}")
        return self


class Grades(Shape):
    """Points from which a grade is given; below C it is D. `unknown` where nothing but an address is known."""

    A: Whole = 60
    B: Whole = 35
    C: Whole = 10
    unknown: Grade = "C"

    @model_validator(mode="after")
    def _descend(self) -> "Grades":
        if not self.A > self.B > self.C:
            said = f"`A` ({self.A}) must need more points than `B` ({self.B}), and `B` more than `C` ({self.C})"
            raise Mistake(said)
        return self


class Signal(Shape):
    """A kind of event that is worth points, raises the hand, or tells the owner."""

    when: Matcher
    points: Points = 0
    at_most: PerDay | None = None
    half_life: CalendarDuration | None = None
    hand_raise: bool = False
    tell: Literal["owner"] | None = None

    @model_validator(mode="after")
    def _does_something(self) -> "Signal":
        if not (self.points or self.hand_raise or self.tell):
            raise Mistake("a signal needs `points`, or `hand_raise: true`", hint="as it stands it does nothing")
        return self


class Qualification(Shape):
    """One line of `qualify`: grades × score × number of different signals."""

    grades: tuple[Grade, ...] = Field(min_length=1)
    score: Annotated[Whole, Field(ge=0)]
    signals: Annotated[Whole, Field(ge=0)] = 1


class RejectReason(Shape):
    """Why sales refuses, and what becomes of the lead then."""

    label: Text
    then: Literal["nurture", "sales", "disqualify", "suppress"]
    wait: CalendarDuration | None = None

    @model_validator(mode="after")
    def _waits_for_mail(self) -> "RejectReason":
        if self.wait and self.then != "nurture":
            raise Mistake(f"`wait` puts off the first mail, and `then: {self.then}` sends none").below("wait")
        return self


class WorkingHours(Shape):
    """When sales works."""

    days: Weekdays
    start: Annotated[ClockTime, Field(alias="from")]
    end: Annotated[ClockTime, Field(alias="to")]
    timezone: Zone
    holidays: HolidayCalendar | None = None

    @model_validator(mode="after")
    def _run_forward(self) -> "WorkingHours":
        if self.end <= self.start:
            said = f"`to` ({self.end:%H:%M}) must be later than `from` ({self.start:%H:%M})"
            raise Mistake(said, hint="hours do not run over midnight").below("to")
        return self


class Attempts(Shape):
    """How often sales must try, within how long."""

    count: Annotated[Whole, Field(ge=1, le=100)]
    within: CalendarDuration

    @model_validator(mode="after")
    def _can_be_made(self) -> "Attempts":
        most = self.within.days * ATTEMPTS_A_DAY
        if self.count > most:
            said = f"{self.count} attempts cannot be made within {self.within}: at most {ATTEMPTS_A_DAY} a day count"
            raise Mistake(said, hint=f"at most {most}").below("count")
        return self


class HandRaiseSla(Shape):
    """The shorter deadline of a lead that asked for sales."""

    accept_within: Duration


Rung = Literal["remind", "escalate", "reassign", "return_to_nurture"]


class Sla(Shape):
    """The promises of sales, and what happens when one is broken."""

    hours: WorkingHours
    accept_within: Duration
    first_attempt_within: Duration
    attempts: Attempts
    outcome_within: CalendarDuration
    hand_raise: HandRaiseSla | None = None
    on_breach: tuple[Rung, ...] = ()
    manager: Address


class Assignment(Shape):
    """One line of `assign`: whom a handoff goes to. A word, or addresses that take turns."""

    when: AssignCondition | None = None
    to: Assignees


class Limits(Shape):
    """Nurture mails to one lead over all campaigns, in local days."""

    per_day: Literal[1] = 1
    per_7_days: Annotated[Whole, Field(ge=1)] | None = None
    per_30_days: Annotated[Whole, Field(ge=1)] | None = None


class Targets(Shape):
    """What the reports hold the figures against."""

    active_share: Percent | None = None
    sla_met: Percent | None = None
    recycled_share: Percent | None = None


class Agreement(Shape):
    """The whole file."""

    company: Company
    fit: tuple[Criterion, ...] = ()
    grades: Grades = Grades()
    signals: dict[Identifier, Signal]
    half_life: CalendarDuration
    horizon: CalendarDuration
    qualify: tuple[Qualification, ...] = Field(min_length=1)
    reject_reasons: dict[Identifier, RejectReason]
    sla: Sla
    assign: tuple[Assignment, ...] = ()
    sources: dict[Text, Literal["active", "passive"]] = Field(default_factory=dict)
    stages: dict[Stage, Text] = Field(default_factory=dict)
    targets: Targets = Targets()
    limits: Limits = Limits()
    notify: tuple[Literal["email", "slack", "webhook"], ...] = ("email",)

    @model_validator(mode="after")
    def _built_in_reasons_stay(self) -> "Agreement":
        for reason in BUILT_IN_REASONS:
            if reason in self.reject_reasons and self.reject_reasons[reason].then != "nurture":
                said = f"`{reason}` is built in: the SLA returns such a lead to nurture"
                raise Mistake(said, hint="write `then: nurture`, or leave it out").below(
                    "reject_reasons", reason, "then"
                )
        return self


BUILT_IN_REASONS: tuple[str, ...] = ("no_follow_up", "unreachable", "no_outcome")
"""Reasons that the SLA gives; all lead to nurture, each names itself."""
