"""What happened to handoffs: every change, kept as long as the handoff is."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, json_column, key_column, one_of, text_column

CHANGES = (
    "offered", "accepted", "contacted", "qualified", "won", "lost", "rejected", "returned", "reassigned", "reminded",
    "escalated", "asked", "attempt", "revoked", "merged", "imported",
)  # fmt: skip


class HandoffChange(SQLModel, table=True):
    """One thing that happened to a handoff: when, by whom, whose it was then, why in a code and in words."""

    __tablename__: ClassVar[str] = "handoff_change"
    __table_args__ = (
        one_of("what", CHANGES, "handoff_change_what"),
        Index("handoff_change_of", "handoff_id", "id"),
        Index("handoff_change_at", "at"),
    )
    id: int | None = key_column()
    handoff_id: int = Field(sa_column=Column(BigInteger, ForeignKey("handoff.id", ondelete="CASCADE"), nullable=False))
    at: datetime = instant_column()
    what: str = text_column(nullable=False)
    by: str = text_column(nullable=False, default="")
    owner: str | None = text_column()
    reason: str | None = text_column()
    note: str | None = text_column()
    details: dict[str, Any] = json_column()
