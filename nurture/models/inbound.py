"""Mail that came in, what of it goes on to people, and how far a mailbox has been read."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import NOTICE_STATES, count_column, instant_column, key_column, one_of, text_column

INBOUND_KINDS = ("reply", "stop", "away", "automatic", "bounce", "complaint", "loop", "unreadable")
MATCHES = ("references", "token", "sender")


class InboundMail(SQLModel, table=True):
    """One mail that came in, as it came, once, whichever ways it came by.

    `digest` is what makes it the same mail; `kind` what it turned out to be; `matched_by` how its lead was found.
    """

    __tablename__: ClassVar[str] = "inbound_mail"
    __table_args__ = (
        UniqueConstraint("digest", name="inbound_mail_once"),
        CheckConstraint("octet_length(digest) = 32", name="inbound_mail_sha256"),
        one_of("kind", INBOUND_KINDS, "inbound_mail_kind"),
        one_of("matched_by", MATCHES, "inbound_mail_matched_by"),
        Index("inbound_mail_of_lead", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
        Index("inbound_mail_of_sender", "sender_hash", "received_at"),
        Index("inbound_mail_received", "received_at"),
    )
    id: int | None = key_column()
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime = instant_column()
    source: str = text_column(nullable=False)
    envelope_to: str | None = text_column()
    sender_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    kind: str = text_column(nullable=False)
    lead_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("lead.id", ondelete="CASCADE"), nullable=True)
    )
    delivery_id: int | None = Field(default=None, sa_type=BigInteger)
    matched_by: str | None = text_column()
    said: str | None = text_column()
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class MailForward(SQLModel, table=True):
    """A mail that came in and is to reach a person: the outbox, written with what came in."""

    __tablename__: ClassVar[str] = "mail_forward"
    __table_args__ = (
        one_of("state", NOTICE_STATES, "mail_forward_state"),
        Index("mail_forward_to_send", "next_at", postgresql_where=text("state IN ('queued', 'leased')")),
    )
    inbound_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("inbound_mail.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    recipient: str = text_column(nullable=False)
    state: str = text_column(nullable=False, default="queued")
    tries: int = count_column()
    at: datetime = instant_column()
    next_at: datetime = instant_column()
    lease_token: Any = Field(default=None, sa_column=Column(Uuid, nullable=True))
    leased_until: datetime | None = instant_column(nullable=True)
    sent_at: datetime | None = instant_column(nullable=True)
    last_error: str | None = text_column()


class InboxPosition(SQLModel, table=True):
    """How far a mailbox has been read: every mail up to this UID, of this UIDVALIDITY (RFC 9051 section 2.3.1.1)."""

    __tablename__: ClassVar[str] = "inbox_position"
    mailbox: str = Field(primary_key=True, sa_type=Text)
    uid_validity: int = Field(sa_type=BigInteger)
    uid: int = Field(sa_type=BigInteger)
    read_at: datetime = instant_column()
