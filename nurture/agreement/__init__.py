"""The shape of `campaigns/agreement.yaml`: what marketing and sales signed. Its parts stand in files of their own.

The words below the fields are for whoever writes the file; see `Shape`.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.config import JsonDict

from nurture.agreement.assign import Assignment
from nurture.agreement.company import Company, Limits
from nurture.agreement.consent import ConsentTerms
from nurture.agreement.crm import Crm, CrmTerms, HubSpotTerms, SalesforceTerms
from nurture.agreement.digest import Digest
from nurture.agreement.fit import Criterion, Grades
from nurture.agreement.reasons import BUILT_IN_REASONS, RejectReason
from nurture.agreement.reps import Rep
from nurture.agreement.retention import Retention, RetentionMistake
from nurture.agreement.sending import Sending, WarmUp
from nurture.agreement.signals import Qualification, Signal
from nurture.agreement.sla import ATTEMPTS_A_DAY, Attempts, HandRaiseSla, Rung, Sla, WorkingHours
from nurture.agreement.targets import Targets
from nurture.facts import Stage
from nurture.grammar.addresses import Address
from nurture.grammar.durations import CalendarDuration
from nurture.grammar.labels import Question, Topic
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Identifier, Text
from nurture.grammar.shape import Shape

__all__ = [
    "ATTEMPTS_A_DAY",
    "BUILT_IN_REASONS",
    "Agreement",
    "Assignment",
    "Attempts",
    "Company",
    "ConsentTerms",
    "Criterion",
    "Crm",
    "CrmTerms",
    "Digest",
    "Grades",
    "HandRaiseSla",
    "HubSpotTerms",
    "Limits",
    "Qualification",
    "RejectReason",
    "Rep",
    "Retention",
    "RetentionMistake",
    "Rung",
    "SalesforceTerms",
    "Sending",
    "Signal",
    "Sla",
    "Targets",
    "WarmUp",
    "WorkingHours",
]

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
    reps: dict[Address, Rep] = Field(default_factory=dict)
    """The reps by address: what they are called, when they are in, how many leads each can work on at once. A rep of
    whom nothing is to be said need not stand here.

    Example: {rep.one@acme.example: {name: Ada Reyes, at_most: 20 open, away: [2026-12-21 to 2027-01-02]}}
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
    digest: Digest | None = None
    """The weekly mail to sales and to marketing; absent: none is sent.

    Example: {day: mon, at: "08:00", sales: [sales-manager@acme.example], marketing: [marketing@acme.example]}
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
    crm: Crm = Crm()
    """Which fields of your CRM hold what we tell it, and what your reps say by setting fields there. A CRM is connected
    by the environment; without it this says nothing.

    Example: {hubspot: {reasons: {Too expensive: no_budget}}}
    """

    @model_validator(mode="after")
    def _keeps_what_counts(self) -> "Agreement":
        """Scores are counted again from the events: after a merge, a revised verdict, a changed signal."""
        if self.retention is not None and self.retention.events.days < self.horizon.days:
            said = f"events count for {self.horizon} (`horizon`), so they must be kept that long"
            raise RetentionMistake(said, hint=f"write `{self.horizon}` or more").below("retention", "events")
        return self

    @model_validator(mode="after")
    def _digest_goes_by_mail(self) -> "Agreement":
        if self.digest is not None and "email" not in self.notify:
            said = "the digest goes by e-mail, and `notify` does not list `email`"
            raise Mistake(said, hint="add `email` to `notify`, or leave out `digest`").below("digest")
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
