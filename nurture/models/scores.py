"""What is counted for leads, and what it is worth."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, lead_column, one_of, text_column


class SignalDay(SQLModel, table=True):
    """How often, on one UTC day of one cycle, a lead did what a matcher asks for; human events only."""

    __tablename__: ClassVar[str] = "signal_day"
    lead_id: int = lead_column(primary_key=True)
    cycle: int = Field(primary_key=True)
    matcher: str = Field(primary_key=True, sa_type=Text)
    day: date = Field(primary_key=True)
    count: int = Field()


class LeadScore(SQLModel, table=True):
    """The score as it was when last decided, for lists; `score explain` computes it afresh."""

    __tablename__: ClassVar[str] = "lead_score"
    lead_id: int = lead_column(primary_key=True)
    cycle: int = Field()
    day: date = Field()
    micro: int = Field(sa_type=BigInteger)


class Decay(SQLModel, table=True):
    """What is left of a million after so many days, by half-life: the rules made it, for sums in the database."""

    half_life: int = Field(primary_key=True)
    age: int = Field(primary_key=True)
    micro: int = Field()


class MatcherRow(SQLModel, table=True):
    """What some signal asks for, as its `when` says. `counting`: what leads did so far is still being counted."""

    __tablename__: ClassVar[str] = "matcher"
    __table_args__ = (one_of("state", ("counting", "ready"), "matcher_state"),)
    fingerprint: str = Field(primary_key=True, sa_type=Text)
    says: Any = Field(sa_column=Column(JSONB, nullable=False))
    state: str = text_column(nullable=False)
    since: datetime = instant_column()


class AgreedSignal(SQLModel, table=True):
    """What a signal of the adopted agreement asks for; `former` is what rules until that has been counted."""

    __tablename__: ClassVar[str] = "agreed_signal"
    signal: str = Field(primary_key=True, sa_type=Text)
    fingerprint: str = Field(foreign_key="matcher.fingerprint", sa_type=Text)
    former: str | None = Field(default=None, foreign_key="matcher.fingerprint", sa_type=Text)


class ScoreBasis(SQLModel, table=True):
    """What grades and scores rest on: one row. `version` rises whenever another thing is counted, or another rules.

    `fit` and `worth` are hashes of those parts of the adopted agreement that grades and points follow from.
    """

    __tablename__: ClassVar[str] = "score_basis"
    __table_args__ = (CheckConstraint("one", name="score_basis_one"),)
    one: bool = Field(default=True, primary_key=True)
    version: int = Field(sa_type=BigInteger)
    fit: str = text_column(nullable=False)
    worth: str = text_column(nullable=False)


class Walk(SQLModel, table=True):
    """How far something that does to every lead what its `parts` say has come: it is done up to the id `after_id`."""

    name: str = Field(primary_key=True, sa_type=Text)
    aim: str = text_column(nullable=False)
    parts: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    after_id: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    leads: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    began_at: datetime = instant_column()
    moved_at: datetime = instant_column()
