"""Leads in campaigns, the mails to them, and who must not be mailed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import (
    DAY_CLAIM,
    DELIVERY_STATES,
    ENROLLMENT_STATUSES,
    PHASE,
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
    on the same day, before anybody knew that they are one. `batch_id`: with which others it was leased last, whatever
    became of it. `phase`: its state as indexes have it. None of them names a column that changes between `leased` and
    `sent`, so these changes are written in the row's own page and nowhere else.
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
        CheckConstraint("batch_id IS NOT NULL OR state NOT IN ('leased', 'sending')", name="delivery_in_a_batch"),
        Index("delivery_one_a_local_day", "lead_id", "local_on", "day_claim", unique=True),
        Index("delivery_to_send", "mailer", "slot_at", "id", postgresql_where=text("phase = 'queued'")),
        Index("delivery_of_batch", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        Index("delivery_unknown", "mailer", postgresql_where=text("phase = 'unknown'")),
        Index("delivery_failed", "id", postgresql_where=text("phase = 'failed'")),
        Index("delivery_sent", "sent_at", postgresql_using="brin", postgresql_with={"pages_per_range": 16}),
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
    batch_id: int | None = Field(default=None, sa_type=BigInteger)
    day_claim: int | None = Field(
        default=None, sa_column=Column(BigInteger, Computed(DAY_CLAIM, persisted=True), nullable=False)
    )
    phase: str | None = Field(default=None, sa_column=Column(Text, Computed(PHASE, persisted=True), nullable=False))


class DeliveryBatch(SQLModel, table=True):
    """Mails that a worker took at once, until none of them is leased or being sent: by these they are found."""

    __tablename__ = "delivery_batch"

    id: int | None = key_column()
    token: Any = Field(sa_column=Column(Uuid, nullable=False))


class Suppression(SQLModel, table=True):
    """An address that must not be mailed; `topic` is empty for all mail. The hash outlives an erased lead."""

    __table_args__ = (CheckConstraint("octet_length(address_hash) = 32", name="suppression_sha256"),)
    address_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    topic: str = Field(default="", primary_key=True, sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    reason: str = text_column(nullable=False)
    how: str = text_column(nullable=False, default="")
    at: datetime = instant_column()
