"""Who the leads are, what else they are known by, and how they have changed."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from nurture.models.columns import (
    GRADES,
    STAGES,
    count_column,
    flag_column,
    instant_column,
    json_column,
    key_column,
    lead_column,
    one_of,
    text_column,
)


class Lead(SQLModel, table=True):
    """A person, unique by e-mail address (lower case). `key` is what hashes are taken of and never changes.

    `tracked`: what it does may be observed. `unconfirmed_at`: since when a mail asks whether a form was its own.
    `consent_basis`, `consent_at`: on what ground it may be mailed, since when; what `consent` says last, for the gate.
    """

    __table_args__ = (
        UniqueConstraint("email", name="lead_email_once"),
        CheckConstraint("email = lower(email)", name="lead_email_lower"),
        one_of("stage", STAGES, "lead_stage"),
        one_of("grade", GRADES, "lead_grade"),
        Index("lead_to_ask", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
        Index("lead_untracked", "id", postgresql_where=text("NOT tracked")),
        Index(
            "lead_with_sales",
            text("split_part(email, '@', 2)"),
            postgresql_where=text("stage IN ('mql', 'sal', 'sql')"),
        ),
        Index("lead_unconfirmed", "unconfirmed_at", postgresql_where=text("unconfirmed_at IS NOT NULL")),
    )
    id: int | None = key_column()
    email: str = text_column(nullable=False)
    key: str = text_column(nullable=False)
    first_name: str | None = text_column()
    last_name: str | None = text_column()
    title: str | None = text_column()
    company: str | None = text_column()
    country: str | None = text_column()
    timezone: str | None = text_column()
    locale: str | None = text_column()
    industry: str | None = text_column()
    employees: int | None = Field(default=None, sa_type=BigInteger)
    source: str | None = text_column()
    owner: str | None = text_column()
    attributes: dict[str, Any] = json_column()
    stage: str = text_column(nullable=False, default="inquiry")
    cycle: int = count_column(1)
    cycle_started_at: datetime = instant_column()
    handed_over: bool = flag_column()
    refused: bool = flag_column()
    reason: str | None = text_column()
    grade: str | None = text_column()
    mail_from: datetime | None = instant_column(nullable=True)
    ask_at: datetime | None = instant_column(nullable=True)
    engaged_at: datetime | None = instant_column(nullable=True)
    postponed: dict[str, Any] = json_column()
    created_at: datetime = instant_column()
    updated_at: datetime = instant_column()
    tracked: bool = flag_column(default=True)
    unconfirmed_at: datetime | None = instant_column(nullable=True)
    consent_basis: str | None = text_column()
    consent_at: datetime | None = instant_column(nullable=True)


class KnownAs(SQLModel, table=True):
    """What else a lead is known by: an anonymous id of a browser, a user id of the product, a further address.

    Of a browser this is the latest owner, since when; `moved` tells that it had others before (`browser_claim`).
    """

    __tablename__: ClassVar[str] = "identity"
    __table_args__ = (
        CheckConstraint("kind IN ('anonymous', 'user', 'email')", name="identity_kind"),
        Index("identity_of_lead", "lead_id"),
    )
    kind: str = Field(primary_key=True, sa_type=Text)
    value: str = Field(primary_key=True, sa_type=Text)
    lead_id: int = lead_column()
    since: datetime = instant_column()
    moved: bool = flag_column()


class BrowserClaim(SQLModel, table=True):
    """Somebody was seen to use a browser, at this time: whose it is at which time follows from all of them.

    `moves`: a form or an `identify`, which moves it; anything else only ties one that is nobody's. A claim of a user id
    that is nobody's yet waits with that id instead of a lead.
    """

    __tablename__: ClassVar[str] = "browser_claim"
    __table_args__ = (
        UniqueConstraint(
            "anonymous_id", "at", "lead_id", "user_id", name="browser_claim_once", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("num_nonnulls(lead_id, user_id) = 1", name="browser_claim_of_somebody"),
        Index("browser_claim_of_lead", "lead_id"),
        Index("browser_claim_of_user", "user_id", postgresql_where=text("user_id IS NOT NULL")),
    )
    id: int | None = key_column()
    anonymous_id: str = text_column(nullable=False)
    at: datetime = instant_column()
    lead_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("lead.id", ondelete="CASCADE"), nullable=True)
    )
    user_id: str | None = text_column()
    moves: bool = Field()


class MergedLead(SQLModel, table=True):
    """A lead that turned out to be another one. `lost` is its row as it was; `kept_id` always is a lead that lives."""

    __tablename__: ClassVar[str] = "merged_lead"
    __table_args__ = (Index("merged_lead_of_kept", "kept_id"),)
    lost_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kept_id: int = lead_column()
    at: datetime = instant_column()
    by: str = text_column(nullable=False)
    lost: dict[str, Any] = json_column()


class IdentityConflict(SQLModel, table=True):
    """An event said that two leads are one, and was not believed; a person has to look."""

    __tablename__: ClassVar[str] = "identity_conflict"
    __table_args__ = (
        CheckConstraint("lead_id < other_id", name="identity_conflict_in_order"),
        Index("identity_conflict_of_other", "other_id"),
    )
    lead_id: int = lead_column(primary_key=True)
    other_id: int = lead_column(primary_key=True)
    at: datetime = instant_column()
    source: str = text_column(nullable=False)
    because: str = text_column(nullable=False)


class LeadChange(SQLModel, table=True):
    """A change of a lead's profile: `{field: [before, after]}`."""

    __tablename__: ClassVar[str] = "lead_change"
    __table_args__ = (Index("lead_change_of_lead", "lead_id", "at"),)
    id: int | None = key_column()
    lead_id: int = lead_column()
    at: datetime = instant_column()
    source: str = text_column(nullable=False)
    changes: dict[str, Any] = json_column()


class StageChange(SQLModel, table=True):
    """A lead moved from one stage to another, and why."""

    __tablename__: ClassVar[str] = "stage_change"
    __table_args__ = (
        one_of("before", STAGES, "stage_change_before"),
        one_of("after", STAGES, "stage_change_after"),
        Index("stage_change_of_lead", "lead_id", "at"),
    )
    id: int | None = key_column()
    lead_id: int = lead_column()
    at: datetime = instant_column()
    cycle: int = Field()
    before: str = text_column(nullable=False)
    after: str = text_column(nullable=False)
    because: str = text_column(nullable=False)


class Cycle(SQLModel, table=True):
    """The n-th round of a lead between nurture and sales. Cycle 0 is what came before a first refusal."""

    lead_id: int = lead_column(primary_key=True)
    n: int = Field(primary_key=True)
    started_at: datetime = instant_column()
    reason: str | None = text_column()
    note: str | None = text_column()
    refused_by: str | None = text_column()
