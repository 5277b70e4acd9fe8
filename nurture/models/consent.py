"""Who agreed to what, who was asked to confirm, and how the list of those who must not be mailed has changed."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, Uuid, text
from sqlmodel import Field, SQLModel

from nurture.models.columns import (
    CONFIRMATION_STATES,
    CONSENT_BASES,
    count_column,
    instant_column,
    key_column,
    lead_column,
    one_of,
    text_column,
)


class Consent(SQLModel, table=True):
    """A lead agreed to something, or took that back. Rows are added, never changed; the latest of a purpose holds.

    `at` is when it was given or withdrawn, `noted_at` when we heard of it. `wording` is what the lead agreed to, as it
    read. `asked_at`: when a form was sent that was confirmed at `at`. `address_hash`, `agent`: from where that was.
    """

    __table_args__ = (
        CheckConstraint("purpose IN ('mail', 'tracking')", name="consent_purpose"),
        one_of("basis", CONSENT_BASES, "consent_basis"),
        CheckConstraint("given = (basis IS NOT NULL) OR purpose = 'tracking'", name="consent_has_a_basis"),
        Index("consent_of_lead", "lead_id", "purpose", "at"),
    )
    id: int | None = key_column()
    lead_id: int = lead_column()
    purpose: str = text_column(nullable=False, default="mail")
    given: bool = Field()
    basis: str | None = text_column()
    source: str | None = text_column()
    wording: str | None = text_column()
    at: datetime = instant_column()
    noted_at: datetime = instant_column()
    asked_at: datetime | None = instant_column(nullable=True)
    by: str = text_column(nullable=False)
    address_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    agent: str | None = text_column()


class Confirmation(SQLModel, table=True):
    """Somebody gave an address in a form and is asked, by one mail, whether it was them: the mail's outbox.

    `address_hash` is kept for a while after the lead is forgotten, so that nobody is asked again and again.
    """

    __table_args__ = (
        one_of("state", CONFIRMATION_STATES, "confirmation_state"),
        CheckConstraint("octet_length(address_hash) = 32", name="confirmation_sha256"),
        Index("confirmation_of_lead", "lead_id"),
        Index("confirmation_of_address", "address_hash", "asked_at"),
        Index("confirmation_to_send", "next_at", postgresql_where=text("state IN ('queued', 'sending')")),
    )
    id: int | None = key_column()
    lead_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("lead.id", ondelete="SET NULL"), nullable=True)
    )
    address_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    source: str = text_column(nullable=False)
    basis: str = text_column(nullable=False, default="consent")
    wording: str | None = text_column()
    agent: str | None = text_column()
    state: str = text_column(nullable=False, default="queued")
    tries: int = count_column()
    asked_at: datetime = instant_column()
    expires_at: datetime = instant_column()
    next_at: datetime = instant_column()
    lease_token: Any = Field(default=None, sa_column=Column(Uuid, nullable=True))
    leased_until: datetime | None = instant_column(nullable=True)
    sent_at: datetime | None = instant_column(nullable=True)
    confirmed_at: datetime | None = instant_column(nullable=True)
    last_error: str | None = text_column()


class SuppressionChange(SQLModel, table=True):
    """An address was put on the list of those that must not be mailed, or taken off it: who said so, why, when.

    Rows are added, never changed. They know the address by its hash only.
    """

    __tablename__: ClassVar[str] = "suppression_change"
    __table_args__ = (
        CheckConstraint("what IN ('suppressed', 'released')", name="suppression_change_what"),
        CheckConstraint("octet_length(address_hash) = 32", name="suppression_change_sha256"),
        Index("suppression_change_of_address", "address_hash", "at"),
    )
    id: int | None = key_column()
    address_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    topic: str = text_column(nullable=False, default="")
    what: str = text_column(nullable=False)
    reason: str = text_column(nullable=False)
    by: str = text_column(nullable=False, default="")
    why: str = text_column(nullable=False, default="")
    at: datetime = instant_column()
