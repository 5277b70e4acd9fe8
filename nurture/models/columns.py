"""The kinds of column that the tables are made of, and the words that some of them allow."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import Text
from sqlmodel import Field

STAGES = ("inquiry", "nurture", "mql", "sal", "sql", "customer", "disqualified")
ENROLLMENT_STATUSES = ("active", "exhausted", "ended")
DELIVERY_STATES = ("queued", "leased", "sending", "sent", "failed", "unknown", "cancelled")
HANDOFF_STATES = ("offered", "accepted", "contacted", "qualified", "won", "lost", "rejected", "returned", "merged")
HANDOFF_ORIGINS = ("nurture", "imported")
NOTICE_STATES = ("queued", "leased", "sent", "failed", "cancelled")
EVENT_KINDS = ("page", "track", "identify", "click", "open", "reply", "answer", "look")
VERDICTS = ("human", "automated", "pending")
GRADES = ("A", "B", "C", "D")
CONSENT_BASES = ("consent", "legitimate_interest", "contract", "existing_customer", "inquiry")
CONFIRMATION_STATES = ("queued", "sending", "sent", "failed", "unknown")

OPEN_HANDOFF = "state IN ('offered', 'accepted', 'contacted', 'qualified')"
PHASE = "CASE WHEN state IN ('leased', 'sending', 'sent') THEN 'taken' ELSE state END"
"""What indexes know of a delivery's state. From `leased` to `sent` it stays, so that no index has to hear of these."""
DAY_CLAIM = "CASE WHEN merged_from IS NULL AND state NOT IN ('failed', 'cancelled') THEN 0 ELSE id END"
"""What is allowed once for a lead's local day: nought for a mail that takes it, for others a number of their own."""


def one_of(column: str, words: tuple[str, ...], name: str) -> CheckConstraint:
    """Let the database refuse every other word in this column."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def key_column() -> Any:
    """The primary key: numbers that the database gives."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))


def lead_column(*, primary_key: bool = False) -> Any:
    """The lead that a row belongs to, and goes with."""
    return Field(
        sa_column=Column(BigInteger, ForeignKey("lead.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False)
    )


def instant_column(*, nullable: bool = False) -> Any:
    """A time, aware."""
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=nullable))


def text_column(*, nullable: bool = True, default: str | None = None) -> Any:
    """Text; `default` is what the database writes where nothing is said."""
    server_default = None if default is None else text(f"'{default}'")
    return Field(default=default, sa_column=Column(Text, nullable=nullable, server_default=server_default))


def json_column(default: str = "{}") -> Any:
    """A JSON document; `default` as the database writes it."""
    return Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text(f"'{default}'::jsonb"))
    )


def count_column(default: int = 0) -> Any:
    """A number that begins at `default`."""
    return Field(default=default, sa_column_kwargs={"server_default": text(str(default))})


def flag_column(default: bool = False) -> Any:
    """True or false; `default` until something says otherwise."""
    return Field(default=default, sa_column_kwargs={"server_default": text(str(default).lower())})
