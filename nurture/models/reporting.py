"""What reports still know of people who were erased."""

from datetime import date
from typing import ClassVar

from sqlalchemy import BigInteger
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import one_of

ERASED = ("leads", "handoffs", "won", "mails")


class ErasedTally(SQLModel, table=True):
    """How much of each kind was erased with people, by the UTC day on which it had been; numbers and nothing else."""

    __tablename__: ClassVar[str] = "erased_tally"
    __table_args__ = (one_of("what", ERASED, "erased_tally_what"),)
    what: str = Field(primary_key=True, sa_type=Text)
    day: date = Field(primary_key=True)
    n: int = Field(sa_type=BigInteger)
