"""The packet of a handoff, read: what sales is told, whichever way it is told.

A packet travels as plain JSON (`messages.Notice.data`). This is its typed form for whoever shows it: the notifiers and
the rep's page. Keys that are not known here are left alone, so that a packet may grow.
"""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class Piece(BaseModel):
    """Read once, never changed; unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Offer(Piece):
    """The handoff itself: its state and its deadlines."""

    id: int
    cycle: int
    state: str
    offered_at: datetime
    accept_due_at: datetime | None = None
    attempt_due_at: datetime | None = None
    hand_raise: bool = False


class Person(Piece):
    """Who the lead is."""

    email: str
    name: str | None = None
    title: str | None = None
    company: str | None = None
    country: str | None = None
    timezone: str | None = None
    industry: str | None = None
    employees: int | None = None
    source: str | None = None
    attributes: dict[str, object] = Field(default_factory=dict)


class Criterion(Piece):
    """One line of fit. `holds` is None where the lead's own data do not say; `points` where the line gives a grade."""

    name: str
    points: int | None = None
    holds: bool | None = None


class Row(Piece):
    """One term of the score: a signal on a day. `worth` is in points."""

    signal: str
    day: date
    count: int
    counted: int
    points: float
    age_days: int
    worth: float


class Did(Piece):
    """One thing that the lead did, in words."""

    at: datetime
    what: str


class MailRow(Piece):
    """One mail that the lead received. `clicked` is true, or says when, where a person clicked in it."""

    step: str
    sent_at: datetime | None = None
    clicked: datetime | bool | None = None


class Answer(Piece):
    """One answer to a survey."""

    question: str | None = None
    answer: str | None = None
    at: datetime | None = None


class Earlier(Piece):
    """An earlier cycle and why sales ended it."""

    cycle: int
    reason: str | None = None
    note: str | None = None
    by: str | None = None
    at: datetime | None = None


class Packet(Piece):
    """Everything a rep needs to know before calling."""

    handoff: Offer
    lead: Person
    grade: str
    score: float
    because: str
    fit: tuple[Criterion, ...] = ()
    rows: tuple[Row, ...] = ()
    timeline: tuple[Did, ...] = ()
    mails: tuple[MailRow, ...] = ()
    answers: tuple[Answer, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    owner: str | None = None
    url: str = ""


def read_packet(data: Mapping[str, object]) -> Packet:
    """The typed form of a packet's JSON; a `pydantic.ValidationError` names what does not fit."""
    return Packet.model_validate(data)
