"""What leads and visitors did, and what of it could not be used."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import (
    EVENT_KINDS,
    VERDICTS,
    flag_column,
    instant_column,
    json_column,
    key_column,
    one_of,
    text_column,
)


class Event(SQLModel, table=True):
    """One thing that a lead, or a visitor not known yet, did. Partitioned by the month of the client's own timestamp.

    A retry carries the same timestamp, so (source, message, month) finds every duplicate whatever partition it is in.
    The id comes from a sequence: PostgreSQL below 17 knows no identity columns in partitions. `by_hand`: a person gave
    the verdict, and rules leave it alone. `revised_at`: when the verdict last turned into its opposite. `inferred`: the
    event names nobody whom we know; whose it is follows from whose the browser was then.
    """

    __table_args__ = (
        UniqueConstraint("source", "message_md5", "month", name="event_once"),
        one_of("kind", EVENT_KINDS, "event_kind"),
        one_of("verdict", VERDICTS, "event_verdict"),
        ForeignKeyConstraint(["lead_id"], ["lead.id"], ondelete="CASCADE", name="event_lead"),
        Index("event_of_lead", "lead_id", "occurred_at"),
        Index("event_of_visitor", "anonymous_id", "occurred_at", postgresql_where=text("lead_id IS NULL OR inferred")),
        Index(
            "event_of_user",
            "user_id",
            postgresql_where=text("user_id IS NOT NULL AND (lead_id IS NULL OR inferred)"),
        ),
        Index("event_pending", "settle_at", postgresql_where=text("verdict = 'pending'")),
        Index("event_of_delivery", "delivery_id", postgresql_where=text("delivery_id IS NOT NULL")),
        Index("event_from_address", "address_hash", "occurred_at", postgresql_where=text("address_hash IS NOT NULL")),
        Index("event_in_time", "occurred_at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (month)"},
    )
    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, server_default=text("nextval('event_id')"), primary_key=True)
    )
    month: date = Field(primary_key=True)
    source: str = text_column(nullable=False)
    message_id: str = text_column(nullable=False)
    message_md5: Any = Field(sa_column=Column(Uuid, nullable=False))
    lead_id: int | None = Field(default=None, sa_type=BigInteger)
    anonymous_id: str | None = text_column()
    kind: str = text_column(nullable=False)
    name: str | None = text_column()
    path: str | None = text_column()
    properties: dict[str, Any] = json_column()
    delivery_id: int | None = Field(default=None, sa_type=BigInteger)
    link: int | None = Field(default=None)
    campaign: str | None = text_column()
    step: str | None = text_column()
    agent: str | None = text_column()
    address_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    hit: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    occurred_at: datetime = instant_column()
    received_at: datetime = instant_column()
    verdict: str = text_column(nullable=False, default="human")
    reasons: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    settle_at: datetime | None = instant_column(nullable=True)
    by_hand: bool = flag_column()
    revised_at: datetime | None = instant_column(nullable=True)
    user_id: str | None = text_column()
    inferred: bool = flag_column()


class Rejudging(SQLModel, table=True):
    """How far judging everything again has come: at most one row, gone when it is done."""

    __tablename__: ClassVar[str] = "rejudging"
    __table_args__ = (CheckConstraint("one", name="rejudging_one"),)
    one: bool = Field(default=True, primary_key=True)
    since: datetime | None = instant_column(nullable=True)
    began_at: datetime = instant_column()
    mails_after: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    events_after: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    judged: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    to_human: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    to_automated: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))


class RejectedEvent(SQLModel, table=True):
    """A bounded copy of an event that nothing could be made of. Holds personal data; dropped by age and by number."""

    __tablename__: ClassVar[str] = "rejected_event"
    __table_args__ = (
        Index("rejected_event_of_reason", "source", "reason", "id"),
        Index("rejected_event_at", "at"),
    )
    id: int | None = key_column()
    at: datetime = instant_column()
    source: str = text_column(nullable=False)
    reason: str = text_column(nullable=False)
    message_id: str | None = text_column()
    body: str = text_column(nullable=False)


class RejectedDay(SQLModel, table=True):
    """How many events of a source nothing could be made of on one UTC day, by reason; those without a copy too."""

    __tablename__: ClassVar[str] = "rejected_day"
    day: date = Field(primary_key=True)
    source: str = Field(primary_key=True, sa_type=Text)
    reason: str = Field(primary_key=True, sa_type=Text)
    count: int = Field(sa_type=BigInteger)
