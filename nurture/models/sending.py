"""How each way of sending is doing: one row a mailer, shared by all workers."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import count_column, instant_column, one_of, text_column

MAILER_STATES = ("sending", "resting", "trying")


class MailerRow(SQLModel, table=True):
    """A mailer: whether it may send, how fast it has been, and how much it has sent today.

    Times are the database's own (machine time), except `day`, which is a day of business time.
    """

    __tablename__: ClassVar[str] = "mailer"
    __table_args__ = (one_of("state", MAILER_STATES, "mailer_state"),)
    name: str = Field(primary_key=True, sa_type=Text)
    state: str = text_column(nullable=False, default="sending")
    since: datetime | None = instant_column(nullable=True)
    until: datetime | None = instant_column(nullable=True)
    why: str = text_column(nullable=False, default="")
    rests: int = count_column()
    recent: str = text_column(nullable=False, default="")
    paused_at: datetime | None = instant_column(nullable=True)
    paused_why: str | None = text_column()
    free_at: datetime | None = instant_column(nullable=True)
    day: date | None = Field(default=None)
    day_count: int = count_column()
