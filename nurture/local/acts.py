"""What make-believe people do, as values: when, who, what. `browser.py` does it over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from nurture.facts import nothing


@dataclass(frozen=True, slots=True)
class Visit:
    """One thing done on the company's site: a page looked at, or something done there under its name."""

    kind: Literal["page", "track"]
    name: str
    properties: Mapping[str, object] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True)
class Open:
    """Reads the mail with pictures on: the pixel is loaded."""

    pixel: str


@dataclass(frozen=True, slots=True)
class Follow:
    """Clicks a link of the mail, lands on the site, looks around there."""

    link: str
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True, slots=True)
class ComeBack:
    """Comes to the site without a mail."""

    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Opens a survey's answer and presses its button."""

    link: str


@dataclass(frozen=True, slots=True)
class OneClick:
    """Uses the mail program's own unsubscribe button (RFC 8058)."""

    link: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Opens the unsubscribe page and presses its button."""

    link: str


@dataclass(frozen=True, slots=True)
class Scan:
    """No person: a mail gateway looks behind every link, hidden ones and unsubscribing included."""

    links: tuple[str, ...]
    agent: str
    method: Literal["GET", "HEAD"] = "GET"


Deed = Open | Follow | ComeBack | Answer | OneClick | Leave | Scan


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody does something, not before `at` (business time)."""

    at: datetime
    email: str
    deed: Deed
