"""What keeps the house: who leads, how far long work has come, which files rule, what time it is."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, key_column, text_column


class Lease(SQLModel, table=True):
    """Who leads, and until when by the database's clock."""

    name: str = Field(primary_key=True, sa_type=Text)
    holder: str = text_column(nullable=False)
    until: datetime = instant_column()
    beat_at: datetime | None = instant_column(nullable=True)


class Housekeeping(SQLModel, table=True):
    """One row: since when every event is kept (UTC), when the clock looked last, since when it has gone steadily."""

    __table_args__ = (CheckConstraint("id = 1", name="housekeeping_once"),)
    id: int = Field(
        default=1, sa_column=Column(SmallInteger, primary_key=True, autoincrement=False, server_default=text("1"))
    )
    kept_since: date = Field()
    looked_at: datetime | None = instant_column(nullable=True)
    steady_since: datetime | None = instant_column(nullable=True)


class ImportedFile(SQLModel, table=True):
    """How far a file of events was imported: so many bytes and lines, which had this digest.

    Known again by where its events come from and the digest of its first line: a file that has grown is the same.
    """

    __tablename__: ClassVar[str] = "imported_file"
    source: str = Field(primary_key=True, sa_type=Text)
    first_line: str = Field(primary_key=True, sa_type=Text)
    position: int = Field(sa_type=BigInteger)
    line: int = Field(sa_type=BigInteger)
    digest: str = text_column(nullable=False)
    updated_at: datetime = instant_column()


class SourceVersion(SQLModel, table=True):
    """A file of the workspace as a release adopted it."""

    __tablename__: ClassVar[str] = "source_version"
    __table_args__ = (Index("source_version_latest", "name", "adopted_at"),)
    id: int | None = key_column()
    name: str = text_column(nullable=False)
    sha256: str = text_column(nullable=False)
    content: str = text_column(nullable=False)
    adopted_at: datetime = instant_column()


class SteppedClock(SQLModel, table=True):
    """The demo's clock: one row, moved by hand. Empty wherever time is real."""

    __tablename__: ClassVar[str] = "stepped_clock"
    __table_args__ = (CheckConstraint("one", name="stepped_clock_one"),)
    one: bool = Field(default=True, primary_key=True)
    now: datetime = instant_column()
