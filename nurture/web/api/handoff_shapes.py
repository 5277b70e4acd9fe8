"""What calls about handoffs are answered with, for the description."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from nurture.facts import Grade, HandoffState
from nurture.web.api.shapes import Shape


class Handoff(Shape):
    """A lead offered to sales. The dues are null where nothing of the kind is promised (any more)."""

    id: int
    lead: str = Field(description="The lead's address.")
    state: HandoffState
    cycle: int
    grade: Grade
    score: float = Field(description="When it was offered.")
    hand_raise: bool = Field(description="Whether it asked for sales itself.")
    because: str = Field(description="Why now, in one sentence.")
    owner: str | None
    given_at: datetime | None = Field(description="Since when the owner has it.")
    offered_at: datetime
    accept_due_at: datetime | None
    attempt_due_at: datetime | None
    attempts_due_at: datetime | None
    outcome_due_at: datetime | None
    accepted_at: datetime | None
    contacted_at: datetime | None
    qualified_at: datetime | None
    closed_at: datetime | None
    answered_by: str | None = Field(description="Who closed it, or accepted it.")
    attempts: int = Field(description="How often sales tried to reach the lead.")
    reason: str | None = Field(description="Why it was rejected, lost or returned.")
    note: str | None
    value: float | None = Field(description="What a deal is worth, where another program said so.")
    url: str | None = Field(
        description="The rep's page. Whoever has this address may answer; it expires. Null for keys that may only look."
    )


class HandoffPage(Shape):
    """A page of handoffs."""

    handoffs: list[Handoff]
    next: str | None = Field(description="The `cursor` of the next page; null: there is none.")


class Attempt(Shape):
    """Sales tried to reach a lead."""

    id: int
    kind: Literal["call", "mail", "meeting"]
    outcome: Literal["reached", "not_reached"]
    at: datetime
    by: str
    note: str | None


class Attempts(Shape):
    """The attempts of a handoff."""

    attempts: list[Attempt]


class Change(Shape):
    """One thing that happened to a handoff. Nothing is ever taken out of its log."""

    at: datetime
    what: str = Field(description="offered, accepted, contacted, qualified, won, lost, rejected, returned, reassigned, "
                      "reminded, escalated, asked, attempt, revoked, merged or imported.")  # fmt: skip
    by: str = Field(description="Who did it; empty where nobody did.")
    owner: str | None = Field(description="Whose it was from then on.")
    reason: str | None
    note: str | None
    details: dict[str, Any]


class HandoffWhole(Handoff):
    """A handoff with all that sales is told."""

    packet: dict[str, Any] = Field(description="Who, grade, score and their rows, why now, timeline, mails, answers, "
                                   "earlier cycles: what the webhook carries too.")  # fmt: skip
    log: list[Change]
    attempts_made: list[Attempt]
