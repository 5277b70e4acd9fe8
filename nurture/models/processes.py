"""The processes that run, as they last told."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, json_column, one_of, text_column

PROCESS_KINDS = ("web", "worker", "clock", "gone")


class Process(SQLModel, table=True):
    """A process: when it was alive last, by the database's clock, and what it has counted since it started.

    The one row of kind `gone` holds what processes had counted that are no more, so that sums never fall.
    """

    __tablename__: ClassVar[str] = "process"
    __table_args__ = (one_of("kind", PROCESS_KINDS, "process_kind"),)
    name: str = Field(primary_key=True, sa_type=Text)
    kind: str = text_column(nullable=False)
    host: str = text_column(nullable=False)
    started_at: datetime = instant_column()
    beat_at: datetime = instant_column()
    peak_octets: int | None = Field(default=None, sa_type=BigInteger)
    counts: dict[str, Any] = json_column()
