"""What connectors to CRMs remember."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, json_column, key_column, lead_column, one_of, text_column

ANSWER_OUTCOMES = ("taking", "applied", "nothing", "conflict", "unclear")


class CrmState(SQLModel, table=True):
    """How far a connector has come. `read_to` is the CRM's time up to which changes there were read.

    `held_until`: it rests because the CRM lets nobody in, or asked us to wait; `error` says why.
    """

    __tablename__: ClassVar[str] = "crm_state"
    channel: str = Field(primary_key=True, sa_type=Text)
    read_to: datetime = instant_column()
    read_at: datetime | None = instant_column(nullable=True)
    pushed_at: datetime | None = instant_column(nullable=True)
    refreshed_at: datetime | None = instant_column(nullable=True)
    held_until: datetime | None = instant_column(nullable=True)
    error: str | None = text_column()
    error_at: datetime | None = instant_column(nullable=True)


class CrmLink(SQLModel, table=True):
    """Which record of a CRM is a lead's.

    `seen`: the fields that reps set, as they were when somebody looked last, or as we wrote them. `told`: what of these
    we wanted last. `digest`: of all that was written last. `changed_at`: when that was, by the CRM's clock.
    """

    __tablename__: ClassVar[str] = "crm_link"
    __table_args__ = (
        Index("crm_link_of_record", "channel", "record_id"),
        Index("crm_link_of_lead", "lead_id"),
    )
    channel: str = Field(primary_key=True, sa_type=Text)
    lead_id: int = lead_column(primary_key=True)
    record_id: str = text_column(nullable=False)
    seen: dict[str, Any] = json_column()
    told: dict[str, Any] = json_column()
    digest: str | None = text_column()
    score_micro: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    changed_at: datetime | None = instant_column(nullable=True)
    pushed_at: datetime = instant_column()


class CrmAnswer(SQLModel, table=True):
    """A change that somebody made in a CRM, once, and what became of it here.

    `words`: what was set there. `handoff_id`, `cycle`: what it was an answer to, so that it is never one to another.
    """

    __tablename__: ClassVar[str] = "crm_answer"
    __table_args__ = (
        UniqueConstraint("channel", "change_id", name="crm_answer_once"),
        one_of("outcome", ANSWER_OUTCOMES, "crm_answer_outcome"),
        Index("crm_answer_of_lead", "lead_id"),
        Index("crm_answer_taking", "channel", postgresql_where=text("outcome = 'taking'")),
    )
    id: int | None = key_column()
    channel: str = text_column(nullable=False)
    change_id: str = text_column(nullable=False)
    lead_id: int = lead_column()
    handoff_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("handoff.id", ondelete="SET NULL"), nullable=True)
    )
    cycle: int = Field()
    record_id: str = text_column(nullable=False)
    at: datetime = instant_column()
    taken_at: datetime = instant_column()
    by: str = text_column(nullable=False)
    words: str = text_column(nullable=False)
    meaning: str = text_column(nullable=False)
    reason: str | None = text_column()
    outcome: str = text_column(nullable=False, default="taking")
    said: str | None = text_column()
