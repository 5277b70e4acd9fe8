"""What could not be worked on, and is tried again later."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import count_column, instant_column, lead_column, one_of, text_column

SET_ASIDE_KINDS = ("lead", "score", "handoff", "hits")


class SetAside(SQLModel, table=True):
    """Something of which a batch was freed, because it fails by itself.

    `id` is that of the lead (`lead`, `score`), of the handoff, or of the mail whose hits these are. The row counts
    while what it speaks of waits for just `again_at`; else it is history, and goes in time. One of kind `score` counts
    until it is taken away.
    """

    __tablename__: ClassVar[str] = "set_aside"
    __table_args__ = (
        one_of("kind", SET_ASIDE_KINDS, "set_aside_kind"),
        Index("set_aside_of_lead", "lead_id"),
        Index("set_aside_score_due", "again_at", postgresql_where=text("kind = 'score'")),
    )
    kind: str = Field(primary_key=True, sa_type=Text)
    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    lead_id: int = lead_column()
    reason: str = text_column(nullable=False)
    since: datetime = instant_column()
    last_at: datetime = instant_column()
    tries: int = count_column(1)
    again_at: datetime = instant_column()
