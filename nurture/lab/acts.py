"""What people do in a simulation, as values: a lead with a mail, on the site, or away from it; a rep with a handoff.

`lead` is the address, `at` the instant. A mail is named by campaign, step and cycle, which is what tells two mails to
one lead apart; what is done with a mail that has not gone out is not done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from nurture.facts import nothing
from nurture.values import quick

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
"""What a person's browser says it is, where an act does not say otherwise."""


@quick
@dataclass(frozen=True, slots=True)
class Hit:
    """A tracked link is followed, or the pixel loaded, by a person or a program.

    It waits for a minute and is then judged with the mail's other hits, as in production. `link` counts the mail's
    links from 1; 0 is the hidden one; None for an open.
    """

    at: datetime
    lead: str
    campaign: str
    step: str
    cycle: int
    kind: Literal["click", "open"] = "click"
    link: int | None = 1
    agent: str | None = BROWSER
    method: str = "GET"


@quick
@dataclass(frozen=True, slots=True)
class Answer:
    """The button of a survey's answer is pressed; the same answer in the same mail counts once."""

    at: datetime
    lead: str
    campaign: str
    step: str
    cycle: int
    question: str
    answer: str


@quick
@dataclass(frozen=True, slots=True)
class Visit:
    """Something done on the company's site: a page (its path), or a track (its name). It counts at once."""

    at: datetime
    lead: str
    kind: Literal["page", "track"]
    name: str
    properties: Mapping[str, object] = field(default_factory=nothing)


@quick
@dataclass(frozen=True, slots=True)
class Reply:
    """A person answers a mail by mail."""

    at: datetime
    lead: str


@quick
@dataclass(frozen=True, slots=True)
class Stop:
    """The address must not be mailed from now on: the lead says so, complains, or the mailbox is found to be gone."""

    at: datetime
    lead: str
    word: Literal["unsubscribed", "complained", "bounced", "suppressed"] = "unsubscribed"


@quick
@dataclass(frozen=True, slots=True)
class RepSays:
    """A rep answers the open handoff; what does not fit its state is not heard, as in production.

    `tried`: an attempt that did not reach the lead; `reached`: one that did. `reason` is needed by `reject` and `lost`.
    `offered_at` says which handoff is meant, by when it was offered; None: whichever is open then.
    """

    at: datetime
    lead: str
    says: Literal["accept", "tried", "reached", "qualified", "won", "lost", "reject"]
    reason: str = ""
    by: str = ""
    note: str = ""
    offered_at: datetime | None = None


Act = Hit | Answer | Visit | Reply | Stop | RepSays
