"""Whose database this is."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, SmallInteger, Uuid, text
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, text_column


class Installation(SQLModel, table=True):
    """One row, written at the first start: where this database lives. A copy elsewhere finds that it does not.

    `cluster` is PostgreSQL's own identifier of a server and its followers, `database` the number of the database in it,
    `home` the host of BASE_URL; each is null where it is not known.
    """

    __table_args__ = (CheckConstraint("one = 1", name="installation_once"),)
    one: int = Field(
        default=1, sa_column=Column(SmallInteger, primary_key=True, autoincrement=False, server_default=text("1"))
    )
    id: Any = Field(sa_column=Column(Uuid, nullable=False, server_default=text("gen_random_uuid()")))
    cluster: str | None = text_column()
    database: int = Field(sa_type=BigInteger)
    home: str | None = text_column()
    made_at: datetime = instant_column()
    adopted_at: datetime | None = instant_column(nullable=True)
    adopted_by: str | None = text_column()
