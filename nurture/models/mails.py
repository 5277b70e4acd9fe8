"""Leads in campaigns, the mails to them, and who must not be mailed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import (
    DELIVERY_STATES,
    ENROLLMENT_STATUSES,
    TAKES_A_DAY,
    count_column,
    flag_column,
    instant_column,
    key_column,
    lead_column,
    one_of,
    text_column,
)


class Enrollment(SQLModel, table=True):
    """A lead in a campaign, in one cycle. `n` counts the lead's enrollments."""

    __table_args__ = (
        UniqueConstraint("lead_id", "n", name="enrollment_nth"),
        one_of("status", ENROLLMENT_STATUSES, "enrollment_status"),
        Index("enrollment_one_live", "lead_id", unique=True, postgresql_where=text("status <> 'ended'")),
        Index("enrollment_due", "due_at", postgresql_where=text("status <> 'ended'")),
        Index("enrollment_of_campaign", "campaign", "status"),
    )
    id: int | None = key_column()
    lead_id: int = lead_column()
    n: int = Field()
    campaign: str = text_column(nullable=False)
    cycle: int = Field()
    status: str = text_column(nullable=False, default="active")
    started_at: datetime = instant_column()
    due_at: datetime | None = instant_column(nullable=True)
    due_until: datetime | None = instant_column(nullable=True)
    slow: bool = flag_column()
    ended_at: datetime | None = instant_column(nullable=True)
    left_as: str | None = text_column()


class Delivery(SQLModel, table=True):
    """One e-mail to one lead for one step in one cycle. The row is written before the mail is sent.

    `merged_from`: it was sent to a lead that turned out to be this one. Two leads may have had the same step, or a mail
    on the same day, before anybody knew that they are one.
    """

    __table_args__ = (
        Index(
            "delivery_step_once_a_cycle",
            "lead_id",
            "campaign",
            "step",
            "cycle",
            unique=True,
            postgresql_where=text("merged_from IS NULL"),
        ),
        one_of("state", DELIVERY_STATES, "delivery_state"),
        Index(
            "delivery_one_a_local_day",
            "lead_id",
            "local_on",
            unique=True,
            postgresql_where=text(f"merged_from IS NULL AND {TAKES_A_DAY}"),
        ),
        Index("delivery_of_lead", "lead_id", "local_on"),
        Index("delivery_to_send", "mailer", "slot_at", "id", postgresql_where=text("state = 'queued'")),
        Index("delivery_leased", "leased_until", postgresql_where=text("state IN ('leased', 'sending')")),
        Index("delivery_unknown", "mailer", postgresql_where=text("state = 'unknown'")),
        Index("delivery_failed", "id", postgresql_where=text("state = 'failed'")),
        Index("delivery_sent", "sent_at", postgresql_where=text("state = 'sent'")),
        Index("delivery_of_campaign", "campaign", "step", "state"),
    )
    id: int | None = key_column()
    lead_id: int = lead_column()
    enrollment_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("enrollment.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    campaign: str = text_column(nullable=False)
    step: str = text_column(nullable=False)
    cycle: int = Field()
    variant: str | None = text_column()
    template: str = text_column(nullable=False)
    mailer: str = text_column(nullable=False, default="default")
    state: str = text_column(nullable=False, default="queued")
    slot_at: datetime = instant_column()
    slot_until: datetime = instant_column()
    local_on: date = Field()
    zone: str = text_column(nullable=False)
    tries: int = count_column()
    lease_token: Any = Field(default=None, sa_column=Column(Uuid, nullable=True))
    leased_until: datetime | None = instant_column(nullable=True)
    message_id: str | None = text_column()
    queued_at: datetime = instant_column()
    sending_at: datetime | None = instant_column(nullable=True)
    sent_at: datetime | None = instant_column(nullable=True)
    for_good: bool = flag_column()
    reason: str | None = text_column()
    merged_from: int | None = Field(default=None, sa_type=BigInteger)


class Suppression(SQLModel, table=True):
    """An address that must not be mailed; `topic` is empty for all mail. The hash outlives an erased lead."""

    __table_args__ = (CheckConstraint("octet_length(address_hash) = 32", name="suppression_sha256"),)
    address_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    topic: str = Field(default="", primary_key=True, sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    reason: str = text_column(nullable=False)
    how: str = text_column(nullable=False, default="")
    at: datetime = instant_column()
