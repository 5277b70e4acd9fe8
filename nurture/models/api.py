"""Who may call the API, and what was answered to calls that may come twice."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Index, LargeBinary, SmallInteger, UniqueConstraint, Uuid, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import flag_column, instant_column, key_column, text_column


class ApiKey(SQLModel, table=True):
    """A key that was made by `nurture api-keys create`: its name and its hash, never itself.

    `hint` is its last four signs, so that people can tell keys apart. `last_used_at` is written once an hour at most.
    """

    __tablename__: ClassVar[str] = "api_key"
    __table_args__ = (
        UniqueConstraint("digest", name="api_key_digest_once"),
        Index("api_key_name_once", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )
    id: int | None = key_column()
    name: str = text_column(nullable=False)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hint: str = text_column(nullable=False)
    read_only: bool = flag_column()
    created_at: datetime = instant_column()
    last_used_at: datetime | None = instant_column(nullable=True)
    revoked_at: datetime | None = instant_column(nullable=True)


class ApiAnswer(SQLModel, table=True):
    """The first answer to a call with an `Idempotency-Key`, or, while `status` is null, that somebody works on it.

    `holder` is the name of the API key, `key_hash` of what the client called the call, `request` of what it asked. All
    times are those of the database's clock.
    """

    __tablename__: ClassVar[str] = "api_answer"
    __table_args__ = (Index("api_answer_age", "at"),)
    holder: str = Field(primary_key=True, sa_type=Text)
    key_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    request: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    token: Any = Field(sa_column=Column(Uuid, nullable=False))
    leased_until: datetime = instant_column()
    at: datetime = instant_column()
    status: int | None = Field(default=None, sa_column=Column(SmallInteger, nullable=True))
    body: str | None = text_column()
