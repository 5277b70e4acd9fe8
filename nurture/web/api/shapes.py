"""What calls are answered with, for the description. More keys may come to stand beside these."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from nurture.facts import Grade, Stage


class Shape(BaseModel):
    """An object of an answer."""

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=True)


class Profile(Shape):
    """Who a lead is, as far as that is known."""

    email: str = Field(description="In lower case.")
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    company: str | None = None
    country: str | None = None
    timezone: str | None = None
    locale: str | None = None
    industry: str | None = None
    employees: int | None = None
    source: str | None = None
    owner: str | None = Field(None, description="The rep whose lead it is, as it was imported or last accepted.")
    attributes: dict[str, Any] = Field(description="Whatever else is known, by name.")


class Lead(Profile):
    """A lead in a list."""

    stage: Stage
    cycle: int = Field(description="The round between nurture and sales, from 1; 0 before a first refusal is known.")
    reason: str | None = Field(description="Why sales refused it last.")
    grade: Grade | None = Field(description="How well it matches whom sales wants.")
    score: float = Field(description="What its signals are worth today.")
    suppressed: str | None = Field(description="Why it must not be mailed; null: it may.")
    created_at: datetime
    updated_at: datetime


class LeadPage(Shape):
    """A page of leads."""

    leads: list[Lead]
    next: str | None = Field(description="The `cursor` of the next page; null: there is none.")


class LeadTaken(Lead):
    """A lead that was taken in, as it is now."""

    status: Literal["created", "updated"]
    offered: bool = Field(description="Whether it was handed to sales by that.")


class Error(BaseModel):
    """What is wrong with one value: of the body, or of a parameter."""

    pointer: str | None = Field(None, description="Where it stands in the body: a JSON pointer (RFC 6901).")
    parameter: str | None = Field(None, description="Which parameter of the address it is.")
    detail: str


class TakenOne(Shape):
    """What became of one lead of a batch."""

    status: Literal["created", "updated", "rejected"]
    email: str | None = Field(description="Its lead's address; null where none could be read.")
    errors: list[Error]


class BatchTaken(Shape):
    """What became of a batch."""

    created: int
    updated: int
    rejected: int
    offered: int = Field(description="How many leads were handed to sales by that.")
    results: list[TakenOne]


class LeadWhole(Profile):
    """All that is kept of one lead."""

    stage: Stage
    cycle: int
    reason: str | None
    grade: Grade | None
    score: float
    enrollment: dict[str, Any] | None = Field(description="The campaign it is in: campaign, status, next_due_at, slow.")
    suppressed: dict[str, Any] | None = Field(description="Why and since when it must not be mailed.")
    deliveries: list[dict[str, Any]]
    handoffs: list[dict[str, Any]]
    events: list[dict[str, Any]]
    cycles: list[dict[str, Any]]


class LeadRejected(Shape):
    """Where a lead stands after it was refused."""

    email: str
    stage: Stage
    cycle: int
    reason: str | None
    mail_from: datetime | None = Field(description="No mail of nurture before this.")


class Reason(Shape):
    """A reject reason, and what it leads to."""

    reason: str = Field(description="What to send.")
    label: str = Field(description="What people read.")
    then: Literal["nurture", "sales", "disqualify", "suppress"] = Field(
        description="`nurture`: a campaign takes the lead. `sales`: the rep keeps it. `disqualify`: it is over. "
        "`suppress`: it is over, and it is never mailed again."
    )
    wait_days: int | None = Field(description="Days that the first mail waits.")


class Reasons(Shape):
    """The reject reasons of the agreement."""

    reasons: list[Reason]


class Report(Shape):
    """A report, as `nurture report NAME --json` prints it."""

    report: str
    since: datetime | None
    until: datetime | None
    rows: list[dict[str, Any]]
