"""What came back of mails: reports of providers and servers, and addresses whose mails bounce for the moment."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import DateTime
from sqlmodel import Field, SQLModel

from nurture.models.columns import flag_column, instant_column, key_column, one_of, text_column

REPORT_TYPES = (
    "queued", "sent", "rejected", "failed", "bounced", "deferred", "delivered", "autoresponded", "opened", "clicked",
    "complained", "unsubscribed", "subscribed", "inbound", "inbound_failed", "unknown",
)  # fmt: skip


class MailReport(SQLModel, table=True):
    """One report on one mail to one recipient; `seen` makes it one however often it is sent.

    `delivery_id` is null where the report names no mail of ours; `lead_id` too where the address is no lead's, and the
    report belongs to nobody. `recipient` and `raw` are emptied after a while; the hash of the address stays.
    """

    __tablename__ = "mail_report"
    __table_args__ = (
        UniqueConstraint("provider", "seen", name="mail_report_once"),
        one_of("type", REPORT_TYPES, "mail_report_type"),
        CheckConstraint("severity IN ('hard', 'soft', 'policy')", name="mail_report_severity"),
        Index("mail_report_of_delivery", "delivery_id", postgresql_where=text("delivery_id IS NOT NULL")),
        Index("mail_report_of_lead", "lead_id", "at", postgresql_where=text("lead_id IS NOT NULL")),
        Index("mail_report_of_address", "address_hash", "at", postgresql_where=text("address_hash IS NOT NULL")),
        Index("mail_report_in_time", "received_at", postgresql_using="brin"),
        Index("mail_report_to_empty", "received_at", postgresql_where=text("raw IS NOT NULL")),
    )
    id: int | None = key_column()
    provider: str = text_column(nullable=False)
    event_id: str = text_column(nullable=False)
    seen: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    type: str = text_column(nullable=False)
    at: datetime = instant_column()
    received_at: datetime = instant_column()
    lead_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("lead.id", ondelete="CASCADE"), nullable=True)
    )
    delivery_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("delivery.id", ondelete="CASCADE"), nullable=True)
    )
    recipient: str | None = text_column()
    address_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    message_id: str | None = text_column()
    reject_reason: str | None = text_column()
    severity: str | None = text_column()
    said: str | None = text_column()
    automatic: bool = flag_column()
    raw: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class SoftBounce(SQLModel, table=True):
    """An address at which mails bounced for the moment: the last bounce of each day since its last sign of life."""

    __tablename__ = "soft_bounce"
    __table_args__ = (CheckConstraint("octet_length(address_hash) = 32", name="soft_bounce_sha256"),)
    address_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    bounced_at: list[datetime] = Field(
        sa_column=Column(ARRAY(DateTime(timezone=True)), nullable=False, server_default=text("'{}'"))
    )
    alive_at: datetime | None = instant_column(nullable=True)


class HookToken(SQLModel, table=True):
    """A token that signs one call, and what was in it: nobody can say anything else by it."""

    __tablename__ = "hook_token"
    __table_args__ = (Index("hook_token_in_time", "at"),)
    token: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = instant_column()
