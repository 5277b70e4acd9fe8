"""What leads ask for on the pages that their mails link to."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, key_column, lead_column, text_column


class AddressChange(SQLModel, table=True):
    """A lead asked to be written to at another address. Nothing changes before that is confirmed there.

    `email` is gone once the link is too old; the hash stays for a while, so that nobody is asked again and again.
    `taken_at`: it was confirmed, and the address is another lead's: a person has to look.
    """

    __tablename__: ClassVar[str] = "address_change"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="address_change_lower"),
        CheckConstraint("octet_length(address_hash) = 32", name="address_change_sha256"),
        Index("address_change_of_lead", "lead_id", "asked_at"),
        Index("address_change_of_address", "address_hash", "asked_at"),
        Index("address_change_to_forget", "expires_at", postgresql_where=text("email IS NOT NULL")),
    )
    id: int | None = key_column()
    lead_id: int = lead_column()
    email: str | None = text_column()
    address_hash: bytes = Field(sa_type=LargeBinary)
    how: str = text_column(nullable=False)
    asked_at: datetime = instant_column()
    expires_at: datetime = instant_column()
    sent_at: datetime | None = instant_column(nullable=True)
    confirmed_at: datetime | None = instant_column(nullable=True)
    taken_at: datetime | None = instant_column(nullable=True)
