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
    attempts_due_at: datetime | None = None
    outcome_due_at: datetime | None = None
    given_at: datetime | None = None
    hand_raise: bool = False
    origin: str = "nurture"
    attempts: int = 0


class Person(Piece):
    """Who the lead is."""

    email: str
    name: str | None = None
    first_name: str | None = None
    title: str | None = None
    company: str | None = None
    country: str | None = None
    timezone: str | None = None
    industry: str | None = None
    employees: int | None = None
    source: str | None = None
    attributes: dict[str, object] = Field(default_factory=dict)


class Criterion(Piece):
    """One line of fit: its points, or the grade that it gives alone. `holds` is None where that is not known."""

    name: str
    points: int | None = None
    grade: str | None = None
    holds: bool | None = None


class Row(Piece):
    """One term of the score: a signal on a UTC day, and what it says. `worth` is in points."""

    signal: str
    says: str | None = None
    day: date
    count: int
    counted: int
    points: float
    age_days: int
    worth: float


class Did(Piece):
    """One thing that the lead did, in words; on one day so many times, the last time `at`."""

    at: datetime
    what: str
    kind: str = ""
    times: int = 1


class Reply(Piece):
    """What the lead wrote."""

    at: datetime
    text: str


class MailRow(Piece):
    """One mail that the lead received. `clicked` is true, or says when, where a person clicked in it."""

    step: str
    subject: str | None = None
    sent_at: datetime | None = None
    clicked: datetime | bool | None = None


class Answer(Piece):
    """One answer to a survey: the codes of question and answer, and both in the words that leads read."""

    question: str | None = None
    answer: str | None = None
    asked: str | None = None
    said: str | None = None
    at: datetime | None = None


class Earlier(Piece):
    """An earlier cycle and why sales ended it: the reason's code and its label, who said so and whose the lead was."""

    cycle: int
    state: str | None = None
    reason: str | None = None
    label: str | None = None
    note: str | None = None
    by: str | None = None
    owner: str | None = None
    at: datetime | None = None


class Packet(Piece):
    """Everything a rep needs to know before calling.

    Attributes:
        why_now: one sentence to be said on the phone.
        because: the rule that offered the lead.
        left_out: how much more there is of a list, by its name.
        news: what a kind of news says beside the packet, such as which promise was broken.
    """

    handoff: Offer
    lead: Person
    grade: str
    score: float
    because: str
    why_now: str = ""
    fit: tuple[Criterion, ...] = ()
    rows: tuple[Row, ...] = ()
    timeline: tuple[Did, ...] = ()
    mails: tuple[MailRow, ...] = ()
    answers: tuple[Answer, ...] = ()
    replies: tuple[Reply, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    left_out: dict[str, int] = Field(default_factory=dict)
    owner: str | None = None
    url: str = ""
    news: dict[str, object] = Field(default_factory=dict)


def read_packet(data: Mapping[str, object]) -> Packet:
    """The typed form of a packet's JSON; a `pydantic.ValidationError` names what does not fit."""
    return Packet.model_validate(data)


def read_person(data: object) -> Person:
    """The typed form of who a lead is."""
    return Person.model_validate(data)
