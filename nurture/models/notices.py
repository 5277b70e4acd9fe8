"""The outbox: what sales, and marketing, are told, channel by channel."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import NOTICE_STATES, count_column, instant_column, key_column, one_of, text_column

_WAITS = "state IN ('queued', 'leased')"


class NoticeRow(SQLModel, table=True):
    """One channel to be told of one thing, once; written in the transaction of what it tells of.

    `about` names the thing, such as `handoff:12`, `handoff:12/accept/1` or `lead:5/event:99`. What it says of a handoff
    or a lead is read when it is sent, so that a row that waits holds next to nothing of a person, and goes with it.
    `data` is what cannot be read again, such as which promise was broken.
    """

    __tablename__: ClassVar[str] = "notice"
    __table_args__ = (
        UniqueConstraint(
            "about", "kind", "channel", "recipient", name="notice_once_a_channel", postgresql_nulls_not_distinct=True
        ),
        one_of("state", NOTICE_STATES, "notice_state"),
        Index("notice_to_send", "next_at", postgresql_where=text(f"{_WAITS} AND kind <> 'lead.changed'")),
        Index("notice_to_sync", "channel", "next_at", postgresql_where=text(f"{_WAITS} AND kind = 'lead.changed'")),
        Index("notice_failed", "at", postgresql_where=text("state = 'failed'")),
        Index("notice_of_activity", "at", postgresql_where=text("kind = 'lead.active'")),
        Index("notice_of_handoff", "handoff_id", postgresql_where=text("handoff_id IS NOT NULL")),
        Index("notice_of_lead", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
    )
    id: int | None = key_column()
    about: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'?' || gen_random_uuid()")))
    handoff_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("handoff.id", ondelete="CASCADE"), nullable=True)
    )
    lead_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("lead.id", ondelete="CASCADE"), nullable=True)
    )
    channel: str = text_column(nullable=False)
    kind: str = text_column(nullable=False)
    recipient: str | None = text_column()
    data: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    state: str = text_column(nullable=False, default="queued")
    tries: int = count_column()
    at: datetime = instant_column()
    next_at: datetime = instant_column()
    lease_token: Any = Field(default=None, sa_column=Column(Uuid, nullable=True))
    leased_until: datetime | None = instant_column(nullable=True)
    sent_at: datetime | None = instant_column(nullable=True)
    last_error: str | None = text_column()


class ClosedChannel(SQLModel, table=True):
    """A channel whose receiver said that it is gone for good: nothing more is sent to that address of it.

    `address_hash` is the SHA-256 of the address, which is a secret: another address opens the channel again.
    """

    __tablename__: ClassVar[str] = "closed_channel"
    channel: str = Field(primary_key=True, sa_type=Text)
    address_hash: bytes = Field(sa_type=LargeBinary)
    at: datetime = instant_column()
    words: str = text_column(nullable=False)
