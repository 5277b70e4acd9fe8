"""The shape of `campaigns/agreement.yaml`: what marketing and sales signed.

The words below the fields are for whoever writes the file; see `Shape`.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.config import JsonDict, JsonValue

from nurture.facts import BASES, Basis, Grade, Stage
from nurture.grammar.addresses import Address, Mailbox
from nurture.grammar.assignees import Assignees
from nurture.grammar.conditions import AssignCondition, FitCondition
from nurture.grammar.durations import CalendarDuration, Duration
from nurture.grammar.labels import Question, Topic
from nurture.grammar.matchers import Matcher
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Identifier, Percent, PerDay, Points, Text, Truth, Whole
from nurture.grammar.shape import Shape, exactly_one
from nurture.grammar.warming import Day, Growth
from nurture.grammar.windows import ClockTime, Weekdays
from nurture.grammar.zones import HolidayCalendar, Zone

ATTEMPTS_A_DAY = 2
"""At most so many attempts of one day count."""
BUILT_IN_REASONS: tuple[str, ...] = ("no_follow_up", "unreachable", "no_outcome")
"""Reasons that the SLA gives; all lead to nurture, each names itself."""


class Company(Shape):
    """Who sends."""

    name: Text
    """Your company's name, in the frame and the footer of every mail.

    Example: Acme Robotics
    """
    address: Text
    """Your postal address, in the footer of every mail. The law of most countries asks for it.

    Example: 1 Main Street, Springfield, IL 62701, USA
    """
    sender: Mailbox
    """Who the mails are from: a name and an address of a domain that you may send for."""
    reply_to: Address
    """Where replies to the mails go."""
    timezone: Zone
    """The time zone of leads whose own is unknown."""
    holidays: HolidayCalendar | None = None
    """Whose public holidays are kept: no nurture mail goes on these days."""


class Criterion(Shape, json_schema_extra=exactly_one("points", "grade")):
    """One line of fit: points, or a grade that decides alone."""

    name: Text
    """What the line is about, in a few words. Sales reads it beside the grade.

    Example: Decision maker
    """
    when: FitCondition
    """For whom the line holds: a condition over what is known of the lead. An empty field holds nothing."""
    points: Points | None = None
    """What the line adds to the fit; may be negative.

    Example: 30
    Example: -20
    """
    grade: Grade | None = None
    """A grade that decides alone, whatever the points say.

    Example: D
    """

    @model_validator(mode="after")
    def _gives_one_thing(self) -> "Criterion":
        if (self.points is None) == (self.grade is None):
            both = "not both" if self.grade else "one of them"
            raise Mistake(f"a line of `fit` gives `points` or a `grade`, {both}")
        return self


class Grades(Shape):
    """Points from which a grade is given; below C it is D. `unknown` where nothing but an address is known."""

    A: Whole = 60
    """From so many points of fit the grade is A.

    Example: 60
    """
    B: Whole = 35
    """From so many points the grade is B; fewer than for A.

    Example: 35
    """
    C: Whole = 10
    """From so many points the grade is C; fewer than for B. Below it is D.

    Example: 10
    """
    unknown: Grade = "C"
    """The grade of a lead of whom nothing but an address is known."""

    @model_validator(mode="after")
    def _descend(self) -> "Grades":
        if not self.A > self.B > self.C:
            said = f"`A` ({self.A}) must need more points than `B` ({self.B}), and `B` more than `C` ({self.C})"
            raise Mistake(said)
        return self


def _no(key: str, *nothing: JsonValue) -> JsonDict:
    return {"not": {"required": [key], "properties": {key: {"not": {"enum": list(nothing)}}}}}


_DOES_SOMETHING: JsonDict = {
    "if": {"allOf": [_no("points", 0), _no("hand_raise", False, 0), _no("tell", None)]},
    "then": {
        "required": ["points"],
        "properties": {"points": False},
        "errorMessage": "a signal needs `points`, or `hand_raise: true`",
    },
}


class Signal(Shape, json_schema_extra=_DOES_SOMETHING):
    """A kind of event that is worth points, raises the hand, or tells the owner. Its name is yours; sales reads it."""

    when: Matcher
    """What the lead must have done: a `page` seen, a `track` event, a survey's `answer`, or `clicked`."""
    points: Points = 0
    """What it is worth on the day it happens; may be negative.

    Example: 20
    """
    at_most: PerDay | None = None
    """More than so many on one day count nothing."""
    half_life: CalendarDuration | None = None
    """After so long it is worth half, after twice as long a quarter. Absent: the agreement's own `half_life`."""
    hand_raise: Truth = False
    """`true`: the lead asked for sales, and is handed over at once, whatever its score."""
    tell: Literal["owner"] | None = None
    """`owner`: the rep who owns the lead is told; nothing is handed over."""

    @model_validator(mode="after")
    def _does_something(self) -> "Signal":
        if not (self.points or self.hand_raise or self.tell):
            raise Mistake("a signal needs `points`, or `hand_raise: true`", hint="as it stands it does nothing")
        return self


class Qualification(Shape):
    """One line of `qualify`: a lead of these grades with this score, from so many different signals, goes to sales."""

    grades: tuple[Grade, ...] = Field(min_length=1)
    """The grades that the line is for.

    Example: [B, C]
    """
    score: Annotated[Whole, Field(ge=0)]
    """The score that a lead needs: the sum of what its signals are worth today.

    Example: 50
    """
    signals: Annotated[Whole, Field(ge=0)] = 1
    """From at least so many different signals; 1 where absent.

    Example: 2
    """


_WAITS_FOR_MAIL: JsonDict = {
    "if": {"required": ["wait"]},
    "then": {"properties": {"then": {"const": "nurture", "errorMessage": "`wait` goes only with `then: nurture`"}}},
}


class RejectReason(Shape, json_schema_extra=_WAITS_FOR_MAIL):
    """Why sales refuses, and what becomes of the lead then. The name is a code, for files and reports."""

    label: Text
    """What the rep reads and picks.

    Example: No budget this year
    """
    then: Literal["nurture", "sales", "disqualify", "suppress"]
    """What becomes of the lead. `nurture`: the campaign that lists the reason takes it. `sales`: the rep keeps it, and
    nurture is silent. `disqualify`: it is over. `suppress`: it is over, and the address is never mailed again."""
    wait: CalendarDuration | None = None
    """The first mail waits so long. What the lead does meanwhile counts, and it may qualify."""

    @model_validator(mode="after")
    def _waits_for_mail(self) -> "RejectReason":
        if self.wait and self.then != "nurture":
            raise Mistake(f"`wait` puts off the first mail, and `then: {self.then}` sends none").below("wait")
        return self


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
    """The shorter deadline of a lead that asked for sales."""

    accept_within: Duration
    """From the offer of such a lead to `accept` or `reject`.

    Example: 15 minutes
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
    """The shorter deadline of leads that asked for sales."""
    on_breach: tuple[Rung, ...] = ()
    """What happens when a deadline passes: the first of these, and the next one each time its length passes again.

    Example: [remind, escalate, reassign, return_to_nurture]
    """
    manager: Address
    """Who is told when a promise is broken.

    Example: sales-manager@acme.example
    """


class Assignment(Shape):
    """One line of `assign`: whom a handoff goes to. A word, or addresses that take turns."""

    when: AssignCondition | None = None
    """For which leads the line is; absent: for all."""
    to: Assignees
    """`previous` (who had the lead before), `owner` (the lead's own), `colleague` (who has an open lead of the same
    company), or addresses that take turns."""


class Limits(Shape):
    """Nurture mails to one lead over all campaigns, in local days."""

    per_day: Literal[1] = 1
    """Always 1: nobody gets two nurture mails on one day."""
    per_7_days: Annotated[Whole, Field(ge=1)] | None = None
    """At most so many in any 7 days.

    Example: 2
    """
    per_30_days: Annotated[Whole, Field(ge=1)] | None = None
    """At most so many in any 30 days.

    Example: 6
    """


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


class ConsentTerms(Shape):
    """On what ground leads may be mailed, and who has to confirm a form. What the law asks of you: docs/consent.md."""

    required: Truth = False
    """`true`: without a ground on record nobody gets a nurture mail. What the lead does counts all the same."""
    countries: tuple[Text, ...] = ()
    """Only for leads of these countries, as they stand in `lead.country`, and for those whose country is unknown;
    absent: for all.

    Example: [DE, AT, CA]
    """
    accepts: Annotated[tuple[Basis, ...], Field(min_length=1)] = BASES
    """Which grounds will do; absent: all of them.

    Example: [consent, existing_customer]
    """
    lapses: dict[Basis, CalendarDuration] = Field(default_factory=dict)
    """After how long a ground is over, counted from the day that stands on record.

    Example: {existing_customer: 2 years, inquiry: 6 months}
    """
    double_opt_in: tuple[Text, ...] = ()
    """Sources of leads (names of write keys) whose forms are confirmed: the address gets one mail that asks whether it
    was them, and no other before somebody says yes.

    Example: [website]
    """
    confirm_within: CalendarDuration = Duration(7, "day")
    """So long the question can be answered; after that a lead that did not answer is forgotten.

    Example: 7 days
    """
    wording: Text | None = None
    """What a lead agrees to, word by word as the form says it; kept with each consent that names no other wording.

    Example: I agree that Acme Robotics sends me mail about its products. I can take this back at any time.
    """

    @model_validator(mode="after")
    def _makes_sense(self) -> "ConsentTerms":
        if self.countries and not self.required:
            said = "`countries` says where a ground is required, and `required` is not `true`"
            raise Mistake(said, hint="write `required: true`, or leave out `countries`").below("countries")
        if self.confirm_within.days > 90:
            raise Mistake(f"`{self.confirm_within}` is too long", hint="at most 90 days").below("confirm_within")
        return self


class WarmUp(Shape):
    """A new sender begins with little and sends more each day, so that receivers come to know it."""

    start: Annotated[Day, Field(alias="from")]
    """The first day, in the company's time zone. Before it nothing is held back.

    Example: 2026-12-01
    """
    first_day: Annotated[Whole, Field(ge=1, le=1_000_000)]
    """So many nurture mails leave on the first day at most, all campaigns together.

    Example: 50
    """
    grow: Growth = 30
    """So many more on each day than on the day before; 30% where absent. What is over waits for its next slot.

    Example: 30% a day
    """


class Sending(Shape):
    """How fast nurture mails leave, all workers together."""

    per_second: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    """At most so many mails a second; absent: as fast as the mail server takes them.

    Example: 14
    """
    warm_up: WarmUp | None = None
    """For a new domain or address: a few mails on the first day, more on each day after; absent: none is held back.

    Example: {from: 2026-12-01, first_day: 50, grow: 30% a day}
    """


class Targets(Shape):
    """What the reports hold the figures against."""

    active_share: Percent | None = None
    """Of the new leads, so many came to us by themselves."""
    sla_met: Percent | None = None
    """Of the promises of sales, so many were kept.

    Example: 90%
    """
    recycled_share: Percent | None = None
    """Of the leads handed over, so many had been refused before.

    Example: 20%
    """


_BUILT_IN_REASONS_STAY: JsonDict = {
    "allOf": [
        {"properties": {reason: {"properties": {"then": {"const": "nurture"}}} for reason in BUILT_IN_REASONS}},
    ]
}


class Agreement(Shape):
    """What marketing and sales signed: whom sales wants, what a buyer does, when a lead is ready, what sales owes."""

    company: Company
    """Who sends the mails, and what stands in each one's footer."""
    fit: tuple[Criterion, ...] = ()
    """Whom sales wants: lines that give points, or a grade that decides alone.

    Example: [{name: Big enough, when: "lead.employees >= 200", points: 30}]
    """
    grades: Grades = Grades()
    """How many points of fit make an A, a B or a C; below C it is a D."""
    signals: dict[Identifier, Signal]
    """What a buyer does: one entry for each kind of event that counts, under a name of yours.

    Example: {pricing_page: {when: {page: "/pricing*"}, points: 20, at_most: 2 per day}}
    """
    half_life: CalendarDuration
    """After so long a signal is worth half, where it names no half-life of its own.

    Example: 14 days
    """
    horizon: CalendarDuration
    """What is older counts nothing.

    Example: 90 days
    """
    qualify: tuple[Qualification, ...] = Field(min_length=1)
    """When a lead is ready: the first line that fits hands it over to sales.

    Example: [{grades: [A], score: 50, signals: 2}, {grades: [B, C], score: 80, signals: 2}]
    """
    reject_reasons: Annotated[dict[Identifier, RejectReason], Field(json_schema_extra=_BUILT_IN_REASONS_STAY)]
    """Why sales may refuse a lead, and what becomes of it then. A reason that leads to nurture must stand in some
    campaign's `enroll.reasons`. `no_follow_up`, `unreachable` and `no_outcome` are there already.

    Example: {no_budget: {label: No budget this year, then: nurture, wait: 90 days}}
    """
    sla: Sla
    """What sales promises: how soon a lead is answered and called, and what happens when it is not."""
    assign: tuple[Assignment, ...] = ()
    """Who gets a lead: the first line that fits and has somebody free.

    Example: [{to: previous}, {to: [rep.one@acme.example, rep.two@acme.example]}]
    """
    sources: dict[Text, Literal["active", "passive"]] = Field(default_factory=dict)
    """Where leads come from, for the reports: `active`, they came to us, or `passive`, we bought a list.

    Example: {website: active, content_syndication: passive}
    """
    stages: dict[Stage, Text] = Field(default_factory=dict)
    """What you both mean by a stage, in a sentence; shown to reps.

    Example: {sal: "Agreed it meets the definition; mine to work"}
    """
    topics: dict[Identifier, Topic] = Field(default_factory=dict)
    """What leads call the topics of your campaigns, on the page where they choose what they get. One that is not here
    is shown by its own name.

    Example: {product: {label: Product news, description: What is new in our robots}}
    """
    questions: dict[Identifier, Question] = Field(default_factory=dict)
    """Your surveys' questions and answers in words, for the page that takes an answer.

    Example: {timing: {label: When will you decide?, answers: {now: In the next 3 months, next_year: Next year}}}
    """
    targets: Targets = Targets()
    """What the reports hold the figures against.

    Example: {sla_met: 90%}
    """
    limits: Limits = Limits()
    """How many nurture mails one lead gets at most, all campaigns together. A limit delays a mail, it never skips one.

    Example: {per_7_days: 2, per_30_days: 6}
    """
    consent: ConsentTerms = ConsentTerms()
    """Whether a lead needs a ground on record before its first mail, and which forms have to be confirmed by a mail.

    Example: {required: true, double_opt_in: [website], lapses: {existing_customer: 2 years}}
    """
    retention: Retention | None = None
    """How long events are kept; absent: for ever.

    Example: {events: 13 months, visitors: 90 days}
    """
    sending: Sending = Sending()
    """How fast mails leave, and how a new sender begins: with little. What is held back waits, it is never skipped.

    Example: {per_second: 14, warm_up: {from: 2026-12-01, first_day: 50, grow: 30% a day}}
    """
    notify: tuple[Literal["email", "slack", "webhook"], ...] = ("email",)
    """How sales is told of a lead. Addresses and secrets come from the environment.

    Example: [email, slack]
    """

    @model_validator(mode="after")
    def _keeps_what_counts(self) -> "Agreement":
        """Scores are counted again from the events: after a merge, a revised verdict, a changed signal."""
        if self.retention is not None and self.retention.events.days < self.horizon.days:
            said = f"events count for {self.horizon} (`horizon`), so they must be kept that long"
            raise RetentionMistake(said, hint=f"write `{self.horizon}` or more").below("retention", "events")
        return self

    @model_validator(mode="after")
    def _built_in_reasons_stay(self) -> "Agreement":
        for reason in BUILT_IN_REASONS:
            if reason in self.reject_reasons and self.reject_reasons[reason].then != "nurture":
                said = f"`{reason}` is built in: the SLA returns such a lead to nurture"
                raise Mistake(said, hint="write `then: nurture`, or leave it out").below(
                    "reject_reasons", reason, "then"
                )
        return self
