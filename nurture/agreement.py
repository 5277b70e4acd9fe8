"""The shape of `campaigns/agreement.yaml`: what marketing and sales signed."""

from typing import Annotated, Literal

from pydantic import Field

from nurture.facts import Grade
from nurture.grammar.addresses import Address, Mailbox
from nurture.grammar.conditions import Condition
from nurture.grammar.durations import CalendarDuration, Duration
from nurture.grammar.matchers import Matcher
from nurture.grammar.quantities import PerDay, Percent
from nurture.grammar.shape import Shape
from nurture.grammar.windows import ClockTime, Weekdays
from nurture.grammar.zones import HolidayCalendar, Zone


class Company(Shape):
    """Who sends."""

    name: str
    address: str
    sender: Mailbox
    reply_to: Address
    timezone: Zone
    holidays: HolidayCalendar | None = None


class Criterion(Shape):
    """One line of fit: points, or a grade that decides alone."""

    name: str
    when: Condition
    points: int | None = None
    grade: Grade | None = None


class Grades(Shape):
    """Points from which a grade is given; below C it is D. `unknown` where nothing but an address is known."""

    A: int = 60
    B: int = 35
    C: int = 10
    unknown: Grade = "C"


class Signal(Shape):
    """A kind of event that is worth points, or raises the hand."""

    when: Matcher
    points: int = 0
    at_most: PerDay | None = None
    half_life: CalendarDuration | None = None
    hand_raise: bool = False
    tell: Literal["owner"] | None = None


class Qualification(Shape):
    """One line of `qualify`: grades × score × number of different signals."""

    grades: tuple[Grade, ...] = Field(min_length=1)
    score: int
    signals: int = Field(default=1, ge=0)


class RejectReason(Shape):
    """Why sales refuses, and what becomes of the lead then."""

    label: str
    then: Literal["nurture", "sales", "disqualify", "suppress"]
    wait: CalendarDuration | None = None


class WorkingHours(Shape):
    """When sales works."""

    days: Weekdays
    start: Annotated[ClockTime, Field(alias="from")]
    end: Annotated[ClockTime, Field(alias="to")]
    timezone: Zone
    holidays: HolidayCalendar | None = None


class Attempts(Shape):
    """How often sales must try, within how long."""

    count: int = Field(ge=1)
    within: CalendarDuration


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

    when: Condition | None = None
    to: Literal["previous", "owner", "colleague"] | tuple[Address, ...]


class Limits(Shape):
    """Nurture mails to one lead over all campaigns, in local days."""

    per_day: Literal[1] = 1
    per_7_days: int | None = Field(default=None, ge=1)
    per_30_days: int | None = Field(default=None, ge=1)


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
    signals: dict[str, Signal]
    half_life: CalendarDuration
    horizon: CalendarDuration
    qualify: tuple[Qualification, ...] = Field(min_length=1)
    reject_reasons: dict[str, RejectReason]
    sla: Sla
    assign: tuple[Assignment, ...] = ()
    sources: dict[str, Literal["active", "passive"]] = Field(default_factory=dict)
    stages: dict[str, str] = Field(default_factory=dict)
    targets: Targets = Targets()
    limits: Limits = Limits()
    notify: tuple[Literal["email", "slack", "webhook"], ...] = ("email",)


BUILT_IN_REASONS: tuple[str, ...] = ("no_follow_up", "unreachable", "no_outcome")
"""Reasons that the SLA gives; all lead to nurture, each names itself."""
