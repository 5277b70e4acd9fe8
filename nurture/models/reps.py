"""The people who sell: who is away."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from nurture.models.columns import instant_column, key_column, text_column


class Absence(SQLModel, table=True):
    """A rep is away from the first to the last of these days; without a last one, until further notice.

    What the agreement says of a rep (`away`) is not here: these were told by command.
    """

    __table_args__ = (
        UniqueConstraint("rep", "first_on", "last_on", name="absence_once", postgresql_nulls_not_distinct=True),
        CheckConstraint("last_on >= first_on", name="absence_runs_forward"),
    )
    id: int | None = key_column()
    rep: str = text_column(nullable=False)
    first_on: date = Field()
    last_on: date | None = Field(default=None)
    noted_at: datetime = instant_column()
