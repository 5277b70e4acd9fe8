"""The tables. The database itself forbids what must never be; each such constraint says so in its name.

No `Relationship()`: a lazy load is hidden I/O. Hot paths use `Model.__table__` with Core. Keys are `bigint`, states are
text with a CHECK, times are `timestamptz`.
"""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

STAGES = ("inquiry", "nurture", "mql", "sal", "sql", "customer", "disqualified")
ENROLLMENT_STATUSES = ("active", "exhausted", "ended")
DELIVERY_STATES = ("queued", "leased", "sending", "sent", "failed", "unknown", "cancelled")
HANDOFF_STATES = ("offered", "accepted", "contacted", "qualified", "won", "lost", "rejected", "returned", "merged")
NOTICE_STATES = ("queued", "leased", "sent", "failed")
EVENT_KINDS = ("page", "track", "identify", "click", "open", "reply", "answer", "look")
VERDICTS = ("human", "automated", "pending")
GRADES = ("A", "B", "C", "D")

OPEN_HANDOFF = "state IN ('offered', 'accepted', 'contacted', 'qualified')"
TAKES_A_DAY = "state IN ('queued', 'leased', 'sending', 'sent', 'unknown')"


def _one_of(column: str, words: tuple[str, ...], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def _key() -> Any:
    return Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))


def _lead(*, primary_key: bool = False) -> Any:
    return Field(
        sa_column=Column(BigInteger, ForeignKey("lead.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False)
    )


def _instant(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=nullable))


def _words(*, nullable: bool = True, default: str | None = None) -> Any:
    server_default = None if default is None else text(f"'{default}'")
    return Field(default=default, sa_column=Column(Text, nullable=nullable, server_default=server_default))


def _json(default: str = "{}") -> Any:
    return Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text(f"'{default}'::jsonb"))
    )


def _count(default: int = 0) -> Any:
    return Field(default=default, sa_column_kwargs={"server_default": text(str(default))})


def _flag() -> Any:
    return Field(default=False, sa_column_kwargs={"server_default": text("false")})


class Lead(SQLModel, table=True):
    """A person, unique by e-mail address (lower case). `key` is what hashes are taken of and never changes."""

    __table_args__ = (
        UniqueConstraint("email", name="lead_email_once"),
        CheckConstraint("email = lower(email)", name="lead_email_lower"),
        _one_of("stage", STAGES, "lead_stage"),
        _one_of("grade", GRADES, "lead_grade"),
        Index("lead_to_ask", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
    )
    id: int | None = _key()
    email: str = _words(nullable=False)
    key: str = _words(nullable=False)
    first_name: str | None = _words()
    last_name: str | None = _words()
    title: str | None = _words()
    company: str | None = _words()
    country: str | None = _words()
    timezone: str | None = _words()
    locale: str | None = _words()
    industry: str | None = _words()
    employees: int | None = Field(default=None, sa_type=BigInteger)
    source: str | None = _words()
    owner: str | None = _words()
    attributes: dict[str, Any] = _json()
    stage: str = _words(nullable=False, default="inquiry")
    cycle: int = _count(1)
    cycle_started_at: datetime = _instant()
    handed_over: bool = _flag()
    refused: bool = _flag()
    reason: str | None = _words()
    grade: str | None = _words()
    mail_from: datetime | None = _instant(nullable=True)
    ask_at: datetime | None = _instant(nullable=True)
    engaged_at: datetime | None = _instant(nullable=True)
    created_at: datetime = _instant()
    updated_at: datetime = _instant()


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
    lead_id: int = _lead()
    since: datetime = _instant()
    moved: bool = _flag()


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
    id: int | None = _key()
    anonymous_id: str = _words(nullable=False)
    at: datetime = _instant()
    lead_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("lead.id", ondelete="CASCADE"), nullable=True)
    )
    user_id: str | None = _words()
    moves: bool = Field()


class MergedLead(SQLModel, table=True):
    """A lead that turned out to be another one. `lost` is its row as it was; `kept_id` always is a lead that lives."""

    __tablename__: ClassVar[str] = "merged_lead"
    __table_args__ = (Index("merged_lead_of_kept", "kept_id"),)
    lost_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kept_id: int = _lead()
    at: datetime = _instant()
    by: str = _words(nullable=False)
    lost: dict[str, Any] = _json()


class IdentityConflict(SQLModel, table=True):
    """An event said that two leads are one, and was not believed; a person has to look."""

    __tablename__: ClassVar[str] = "identity_conflict"
    __table_args__ = (
        CheckConstraint("lead_id < other_id", name="identity_conflict_in_order"),
        Index("identity_conflict_of_other", "other_id"),
    )
    lead_id: int = _lead(primary_key=True)
    other_id: int = _lead(primary_key=True)
    at: datetime = _instant()
    source: str = _words(nullable=False)
    because: str = _words(nullable=False)


class LeadChange(SQLModel, table=True):
    """A change of a lead's profile: `{field: [before, after]}`."""

    __tablename__: ClassVar[str] = "lead_change"
    __table_args__ = (Index("lead_change_of_lead", "lead_id", "at"),)
    id: int | None = _key()
    lead_id: int = _lead()
    at: datetime = _instant()
    source: str = _words(nullable=False)
    changes: dict[str, Any] = _json()


class StageChange(SQLModel, table=True):
    """A lead moved from one stage to another, and why."""

    __tablename__: ClassVar[str] = "stage_change"
    __table_args__ = (
        _one_of("before", STAGES, "stage_change_before"),
        _one_of("after", STAGES, "stage_change_after"),
        Index("stage_change_of_lead", "lead_id", "at"),
    )
    id: int | None = _key()
    lead_id: int = _lead()
    at: datetime = _instant()
    cycle: int = Field()
    before: str = _words(nullable=False)
    after: str = _words(nullable=False)
    because: str = _words(nullable=False)


class Cycle(SQLModel, table=True):
    """The n-th round of a lead between nurture and sales. Cycle 0 is what came before a first refusal."""

    lead_id: int = _lead(primary_key=True)
    n: int = Field(primary_key=True)
    started_at: datetime = _instant()
    reason: str | None = _words()
    note: str | None = _words()
    refused_by: str | None = _words()


class Event(SQLModel, table=True):
    """One thing that a lead, or a visitor not known yet, did. Partitioned by the month of the client's own timestamp.

    A retry carries the same timestamp, so (source, message, month) finds every duplicate whatever partition it is in.
    The id comes from a sequence: PostgreSQL below 17 knows no identity columns in partitions. `by_hand`: a person gave
    the verdict, and rules leave it alone. `revised_at`: when the verdict last turned into its opposite. `inferred`: the
    event names nobody whom we know; whose it is follows from whose the browser was then.
    """

    __table_args__ = (
        UniqueConstraint("source", "message_md5", "month", name="event_once"),
        _one_of("kind", EVENT_KINDS, "event_kind"),
        _one_of("verdict", VERDICTS, "event_verdict"),
        ForeignKeyConstraint(["lead_id"], ["lead.id"], ondelete="CASCADE", name="event_lead"),
        Index("event_of_lead", "lead_id", "occurred_at"),
        Index("event_of_visitor", "anonymous_id", "occurred_at", postgresql_where=text("lead_id IS NULL OR inferred")),
        Index(
            "event_of_user",
            "user_id",
            postgresql_where=text("user_id IS NOT NULL AND (lead_id IS NULL OR inferred)"),
        ),
        Index("event_pending", "settle_at", postgresql_where=text("verdict = 'pending'")),
        Index("event_of_delivery", "delivery_id", postgresql_where=text("delivery_id IS NOT NULL")),
        Index("event_from_address", "address_hash", "occurred_at", postgresql_where=text("address_hash IS NOT NULL")),
        Index("event_in_time", "occurred_at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (month)"},
    )
    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, server_default=text("nextval('event_id')"), primary_key=True)
    )
    month: date = Field(primary_key=True)
    source: str = _words(nullable=False)
    message_id: str = _words(nullable=False)
    message_md5: Any = Field(sa_column=Column(Uuid, nullable=False))
    lead_id: int | None = Field(default=None, sa_type=BigInteger)
    anonymous_id: str | None = _words()
    kind: str = _words(nullable=False)
    name: str | None = _words()
    path: str | None = _words()
    properties: dict[str, Any] = _json()
    delivery_id: int | None = Field(default=None, sa_type=BigInteger)
    link: int | None = Field(default=None)
    campaign: str | None = _words()
    step: str | None = _words()
    agent: str | None = _words()
    address_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    hit: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    occurred_at: datetime = _instant()
    received_at: datetime = _instant()
    verdict: str = _words(nullable=False, default="human")
    reasons: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    settle_at: datetime | None = _instant(nullable=True)
    by_hand: bool = _flag()
    revised_at: datetime | None = _instant(nullable=True)
    user_id: str | None = _words()
    inferred: bool = _flag()


class SignalDay(SQLModel, table=True):
    """How often, on one UTC day of one cycle, a lead did what a matcher asks for; human events only."""

    __tablename__: ClassVar[str] = "signal_day"
    lead_id: int = _lead(primary_key=True)
    cycle: int = Field(primary_key=True)
    matcher: str = Field(primary_key=True, sa_type=Text)
    day: date = Field(primary_key=True)
    count: int = Field()


class LeadScore(SQLModel, table=True):
    """The score as it was when last decided, for lists; `score explain` computes it afresh."""

    __tablename__: ClassVar[str] = "lead_score"
    lead_id: int = _lead(primary_key=True)
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
    __table_args__ = (_one_of("state", ("counting", "ready"), "matcher_state"),)
    fingerprint: str = Field(primary_key=True, sa_type=Text)
    says: Any = Field(sa_column=Column(JSONB, nullable=False))
    state: str = _words(nullable=False)
    since: datetime = _instant()


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
    fit: str = _words(nullable=False)
    worth: str = _words(nullable=False)


class Walk(SQLModel, table=True):
    """How far something that does to every lead what its `parts` say has come: it is done up to the id `after_id`."""

    name: str = Field(primary_key=True, sa_type=Text)
    aim: str = _words(nullable=False)
    parts: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    after_id: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    leads: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    began_at: datetime = _instant()
    moved_at: datetime = _instant()


class Enrollment(SQLModel, table=True):
    """A lead in a campaign, in one cycle. `n` counts the lead's enrollments."""

    __table_args__ = (
        UniqueConstraint("lead_id", "n", name="enrollment_nth"),
        _one_of("status", ENROLLMENT_STATUSES, "enrollment_status"),
        Index("enrollment_one_live", "lead_id", unique=True, postgresql_where=text("status <> 'ended'")),
        Index("enrollment_due", "due_at", postgresql_where=text("status <> 'ended'")),
        Index("enrollment_of_campaign", "campaign", "status"),
    )
    id: int | None = _key()
    lead_id: int = _lead()
    n: int = Field()
    campaign: str = _words(nullable=False)
    cycle: int = Field()
    status: str = _words(nullable=False, default="active")
    started_at: datetime = _instant()
    due_at: datetime | None = _instant(nullable=True)
    due_until: datetime | None = _instant(nullable=True)
    slow: bool = _flag()
    ended_at: datetime | None = _instant(nullable=True)
    left_as: str | None = _words()


class Delivery(SQLModel, table=True):
    """One e-mail to one lead for one step in one cycle. The row is written before the mail is sent.

    `merged_from`: it was sent to a lead that turned out to be this one. Two leads may have had the same step, or a mail
    on the same day, before anybody knew that they are one.
    """

    __table_args__ = (
        Index(
            "delivery_step_once_a_cycle",
            "lead_id",
            "campaign",
            "step",
            "cycle",
            unique=True,
            postgresql_where=text("merged_from IS NULL"),
        ),
        _one_of("state", DELIVERY_STATES, "delivery_state"),
        Index(
            "delivery_one_a_local_day",
            "lead_id",
            "local_on",
            unique=True,
            postgresql_where=text(f"merged_from IS NULL AND {TAKES_A_DAY}"),
        ),
        Index("delivery_to_send", "mailer", "slot_at", postgresql_where=text("state = 'queued'")),
        Index("delivery_leased", "leased_until", postgresql_where=text("state IN ('leased', 'sending')")),
        Index("delivery_of_campaign", "campaign", "step", "state"),
    )
    id: int | None = _key()
    lead_id: int = _lead()
    enrollment_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("enrollment.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    campaign: str = _words(nullable=False)
    step: str = _words(nullable=False)
    cycle: int = Field()
    variant: str | None = _words()
    template: str = _words(nullable=False)
    mailer: str = _words(nullable=False, default="default")
    state: str = _words(nullable=False, default="queued")
    slot_at: datetime = _instant()
    slot_until: datetime = _instant()
    local_on: date = Field()
    zone: str = _words(nullable=False)
    tries: int = _count()
    lease_token: Any = Field(default=None, sa_column=Column(Uuid, nullable=True))
    leased_until: datetime | None = _instant(nullable=True)
    message_id: str | None = _words()
    queued_at: datetime = _instant()
    sending_at: datetime | None = _instant(nullable=True)
    sent_at: datetime | None = _instant(nullable=True)
    for_good: bool = _flag()
    reason: str | None = _words()
    merged_from: int | None = Field(default=None, sa_type=BigInteger)


class Handoff(SQLModel, table=True):
    """A re-qualified lead offered to sales, with its evidence and its SLA clock."""

    __table_args__ = (
        _one_of("state", HANDOFF_STATES, "handoff_state"),
        _one_of("grade", GRADES, "handoff_grade"),
        Index("handoff_one_open", "lead_id", unique=True, postgresql_where=text(OPEN_HANDOFF)),
        Index("handoff_of_lead", "lead_id", "cycle"),
        Index("handoff_deadline", "accept_due_at", postgresql_where=text("state = 'offered'")),
    )
    id: int | None = _key()
    lead_id: int = _lead()
    cycle: int = Field()
    state: str = _words(nullable=False, default="offered")
    grade: str = _words(nullable=False)
    score_micro: int = Field(sa_type=BigInteger)
    hand_raise: bool = _flag()
    because: str = _words(nullable=False)
    evidence: dict[str, Any] = _json()
    was_customer: bool = _flag()
    owner: str | None = _words()
    offered_at: datetime = _instant()
    accept_due_at: datetime | None = _instant(nullable=True)
    attempt_due_at: datetime | None = _instant(nullable=True)
    accepted_at: datetime | None = _instant(nullable=True)
    contacted_at: datetime | None = _instant(nullable=True)
    qualified_at: datetime | None = _instant(nullable=True)
    closed_at: datetime | None = _instant(nullable=True)
    answered_by: str | None = _words()
    reason: str | None = _words()
    note: str | None = _words()


class Attempt(SQLModel, table=True):
    """Sales tried to reach the lead."""

    __table_args__ = (
        CheckConstraint("kind IN ('call', 'mail', 'meeting')", name="attempt_kind"),
        CheckConstraint("outcome IN ('reached', 'not_reached')", name="attempt_outcome"),
        Index("attempt_of_handoff", "handoff_id", "at"),
    )
    id: int | None = _key()
    handoff_id: int = Field(sa_column=Column(BigInteger, ForeignKey("handoff.id", ondelete="CASCADE"), nullable=False))
    kind: str = _words(nullable=False)
    outcome: str = _words(nullable=False)
    at: datetime = _instant()
    by: str = _words(nullable=False)
    note: str | None = _words()


class NoticeRow(SQLModel, table=True):
    """One channel to be told of one thing: the outbox, written with what it tells of."""

    __tablename__: ClassVar[str] = "notice"
    __table_args__ = (
        UniqueConstraint("handoff_id", "channel", "kind", name="notice_once_a_channel"),
        _one_of("state", NOTICE_STATES, "notice_state"),
        Index("notice_to_send", "next_at", postgresql_where=text("state IN ('queued', 'leased')")),
    )
    id: int | None = _key()
    handoff_id: int = Field(sa_column=Column(BigInteger, ForeignKey("handoff.id", ondelete="CASCADE"), nullable=False))
    channel: str = _words(nullable=False)
    kind: str = _words(nullable=False)
    recipient: str | None = _words()
    state: str = _words(nullable=False, default="queued")
    tries: int = _count()
    at: datetime = _instant()
    next_at: datetime = _instant()
    lease_token: Any = Field(default=None, sa_column=Column(Uuid, nullable=True))
    leased_until: datetime | None = _instant(nullable=True)
    sent_at: datetime | None = _instant(nullable=True)
    last_error: str | None = _words()


class Rota(SQLModel, table=True):
    """When each rep was last given a lead by turns."""

    rep: str = Field(primary_key=True, sa_type=Text)
    given_at: datetime = _instant()
    given_n: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))


class Lease(SQLModel, table=True):
    """Who leads, and until when by the database's clock."""

    name: str = Field(primary_key=True, sa_type=Text)
    holder: str = _words(nullable=False)
    until: datetime = _instant()
    beat_at: datetime | None = _instant(nullable=True)


class Housekeeping(SQLModel, table=True):
    """One row: since when every event is kept (UTC), when the clock looked last, since when it has gone steadily."""

    __table_args__ = (CheckConstraint("id = 1", name="housekeeping_once"),)
    id: int = Field(
        default=1, sa_column=Column(SmallInteger, primary_key=True, autoincrement=False, server_default=text("1"))
    )
    kept_since: date = Field()
    looked_at: datetime | None = _instant(nullable=True)
    steady_since: datetime | None = _instant(nullable=True)


class ImportedFile(SQLModel, table=True):
    """How far a file of events was imported: so many bytes and lines, which had this digest.

    Known again by where its events come from and the digest of its first line: a file that has grown is the same.
    """

    __tablename__: ClassVar[str] = "imported_file"
    source: str = Field(primary_key=True, sa_type=Text)
    first_line: str = Field(primary_key=True, sa_type=Text)
    position: int = Field(sa_type=BigInteger)
    line: int = Field(sa_type=BigInteger)
    digest: str = _words(nullable=False)
    updated_at: datetime = _instant()


class Suppression(SQLModel, table=True):
    """An address that must not be mailed; `topic` is empty for all mail. The hash outlives an erased lead."""

    __table_args__ = (CheckConstraint("octet_length(address_hash) = 32", name="suppression_sha256"),)
    address_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    topic: str = Field(default="", primary_key=True, sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    reason: str = _words(nullable=False)
    how: str = _words(nullable=False, default="")
    at: datetime = _instant()


class Rejudging(SQLModel, table=True):
    """How far judging everything again has come: at most one row, gone when it is done."""

    __tablename__: ClassVar[str] = "rejudging"
    __table_args__ = (CheckConstraint("one", name="rejudging_one"),)
    one: bool = Field(default=True, primary_key=True)
    since: datetime | None = _instant(nullable=True)
    began_at: datetime = _instant()
    mails_after: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    events_after: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    judged: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    to_human: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    to_automated: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))


class RejectedEvent(SQLModel, table=True):
    """A bounded copy of an event that nothing could be made of. Holds personal data; dropped by age and by number."""

    __tablename__: ClassVar[str] = "rejected_event"
    __table_args__ = (
        Index("rejected_event_of_reason", "source", "reason", "id"),
        Index("rejected_event_at", "at"),
    )
    id: int | None = _key()
    at: datetime = _instant()
    source: str = _words(nullable=False)
    reason: str = _words(nullable=False)
    message_id: str | None = _words()
    body: str = _words(nullable=False)


class RejectedDay(SQLModel, table=True):
    """How many events of a source nothing could be made of on one UTC day, by reason; those without a copy too."""

    __tablename__: ClassVar[str] = "rejected_day"
    day: date = Field(primary_key=True)
    source: str = Field(primary_key=True, sa_type=Text)
    reason: str = Field(primary_key=True, sa_type=Text)
    count: int = Field(sa_type=BigInteger)


class SourceVersion(SQLModel, table=True):
    """A file of the workspace as a release adopted it."""

    __tablename__: ClassVar[str] = "source_version"
    __table_args__ = (Index("source_version_latest", "name", "adopted_at"),)
    id: int | None = _key()
    name: str = _words(nullable=False)
    sha256: str = _words(nullable=False)
    content: str = _words(nullable=False)
    adopted_at: datetime = _instant()


class SteppedClock(SQLModel, table=True):
    """The demo's clock: one row, moved by hand. Empty wherever time is real."""

    __tablename__: ClassVar[str] = "stepped_clock"
    __table_args__ = (CheckConstraint("one", name="stepped_clock_one"),)
    one: bool = Field(default=True, primary_key=True)
    now: datetime = _instant()
