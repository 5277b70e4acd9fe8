"""Promises of sales that were not kept in time, and what was done about it."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, key_column, one_of, text_column

PROMISES = ("accept", "first_attempt", "attempts", "outcome")
RUNG_ACTIONS = ("remind", "escalate", "reassign", "return_to_nurture", "ask")


class Breach(SQLModel, table=True):
    """One rung of a promise's ladder that was climbed: due at `due_at`, climbed `at`, while the handoff was `owner`'s.

    Rung 1 is the promise broken. Rung 0 is none: all attempts were made, nobody was reached, and the manager was told
    because the lead had raised its hand. Each is climbed once, whoever looks, however often.
    """

    __table_args__ = (
        UniqueConstraint("handoff_id", "promise", "rung", name="breach_once_a_rung"),
        one_of("promise", PROMISES, "breach_promise"),
        one_of("action", RUNG_ACTIONS, "breach_action"),
        CheckConstraint("rung >= 0", name="breach_rung"),
        Index("breach_at", "at"),
    )
    id: int | None = key_column()
    handoff_id: int = Field(sa_column=Column(BigInteger, ForeignKey("handoff.id", ondelete="CASCADE"), nullable=False))
    promise: str = text_column(nullable=False)
    rung: int = Field(sa_column=Column(SmallInteger, nullable=False))
    action: str = text_column(nullable=False)
    due_at: datetime = instant_column()
    at: datetime = instant_column()
    owner: str | None = text_column()
