"""Leads offered to sales."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Numeric, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import (
    GRADES,
    HANDOFF_ORIGINS,
    HANDOFF_STATES,
    OPEN_HANDOFF,
    count_column,
    flag_column,
    instant_column,
    json_column,
    key_column,
    lead_column,
    one_of,
    text_column,
)


class Handoff(SQLModel, table=True):
    """A re-qualified lead offered to sales, with its evidence and its SLA clock.

    `origin`: offered here, or another CRM's that was imported under its `external_id` there. `owner` has it since
    `given_at`. `value` is what a deal is worth, in the currency of whoever said so.
    """

    __table_args__ = (
        one_of("state", HANDOFF_STATES, "handoff_state"),
        one_of("grade", GRADES, "handoff_grade"),
        one_of("origin", HANDOFF_ORIGINS, "handoff_origin"),
        Index("handoff_one_open", "lead_id", unique=True, postgresql_where=text(OPEN_HANDOFF)),
        Index("handoff_of_lead", "lead_id", "cycle"),
        Index("handoff_open_of_owner", "owner", postgresql_where=text(OPEN_HANDOFF)),
        Index("handoff_external", "external_id", unique=True, postgresql_where=text("external_id IS NOT NULL")),
        Index("handoff_deadline", "accept_due_at", postgresql_where=text("state = 'offered'")),
        Index("handoff_to_look_at", "look_at", postgresql_where=text(OPEN_HANDOFF)),
    )
    id: int | None = key_column()
    lead_id: int = lead_column()
    cycle: int = Field()
    state: str = text_column(nullable=False, default="offered")
    grade: str = text_column(nullable=False)
    score_micro: int = Field(sa_type=BigInteger)
    hand_raise: bool = flag_column()
    because: str = text_column(nullable=False)
    evidence: dict[str, Any] = json_column()
    was_customer: bool = flag_column()
    owner: str | None = text_column()
    offered_at: datetime = instant_column()
    accept_due_at: datetime | None = instant_column(nullable=True)
    attempt_due_at: datetime | None = instant_column(nullable=True)
    attempts_due_at: datetime | None = instant_column(nullable=True)
    outcome_due_at: datetime | None = instant_column(nullable=True)
    look_at: datetime | None = instant_column(nullable=True)
    accepted_at: datetime | None = instant_column(nullable=True)
    contacted_at: datetime | None = instant_column(nullable=True)
    qualified_at: datetime | None = instant_column(nullable=True)
    closed_at: datetime | None = instant_column(nullable=True)
    answered_by: str | None = text_column()
    reason: str | None = text_column()
    note: str | None = text_column()
    origin: str = text_column(nullable=False, default="nurture")
    external_id: str | None = text_column()
    value: Decimal | None = Field(default=None, sa_column=Column(Numeric, nullable=True))
    given_at: datetime | None = instant_column(nullable=True)
    link_version: int = count_column()


class Attempt(SQLModel, table=True):
    """Sales tried to reach the lead."""

    __table_args__ = (
        CheckConstraint("kind IN ('call', 'mail', 'meeting')", name="attempt_kind"),
        CheckConstraint("outcome IN ('reached', 'not_reached')", name="attempt_outcome"),
        Index("attempt_of_handoff", "handoff_id", "at"),
    )
    id: int | None = key_column()
    handoff_id: int = Field(sa_column=Column(BigInteger, ForeignKey("handoff.id", ondelete="CASCADE"), nullable=False))
    kind: str = text_column(nullable=False)
    outcome: str = text_column(nullable=False)
    at: datetime = instant_column()
    by: str = text_column(nullable=False)
    note: str | None = text_column()


class Rota(SQLModel, table=True):
    """When each rep was last given a lead by turns."""

    rep: str = Field(primary_key=True, sa_type=Text)
    given_at: datetime = instant_column()
    given_n: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
