"""What a mail that came in is: a bounce, a complaint, an automatic answer, or a reply. Plain values."""

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["hard", "soft", "policy", "delayed", "delivered"]
"""What a report means for its recipient.

`hard`: there is no such mailbox, and there will be none. `soft`: not now (full, suspended, timed out, out of order).
`policy`: refused for what the mail, its sender or its content is. `delayed`: no failure, the server is still trying.
`delivered`: it arrived.
"""

Reason = Literal["invalid", "bounced", "timed_out", "blocked", "spam", "unsubscribed", "other"]
"""Why a mail was rejected, in anymail's words."""

AutoKind = Literal["away", "challenge", "list", "notice"]
"""What kind of program answered.

`away`: a person's absence. `challenge`: it asks that the sender prove to be one. `list`: sent to many at once.
`notice`: any other, such as a read receipt or "we have received your request".
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """The tokens of ours that stand anywhere in a mail, as texts, in the order found, none twice.

    Nothing is verified here: `nurture.mail.links` says which are genuine.

    Attributes:
        message_ids: What looks like our `Message-ID`, `<d.TOKEN@domain>`.
        addresses: What looks like our addresses for what comes back, `in+b.TOKEN@domain` and `in+r.TOKEN@domain`.
    """

    message_ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """What a report quotes of the mail it is about.

    Attributes:
        message_id: Its `Message-ID` with angle brackets.
        recipients: Addresses of its `To`, lower case.
        headers: Its headers as far as they are quoted, decoded and unfolded.
    """

    message_id: str | None = None
    recipients: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report says of one recipient.

    Attributes:
        address: As it was mailed, lower case; where a server rewrote it, the original one.
        severity: What that means.
        reason: anymail's word for it; None where nothing failed.
        action: `failed`, `delayed`, `delivered`, `relayed` or `expanded` (RFC 3464 section 2.3.3).
        status: The enhanced status code (RFC 3463), such as `5.1.1`; None where none is given.
        code: The SMTP reply code, such as 550; None where none is given.
        said: The server's own words, white space squeezed, at most 500 characters.
    """

    address: str
    severity: Severity
    reason: Reason | None
    action: str = "failed"
    status: str | None = None
    code: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report on delivery. `failures` has one for each recipient, and is empty where none could be made out."""

    failures: tuple[Failure, ...]
    original: Original = field(default_factory=Original)
    marks: Marks = field(default_factory=Marks)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A feedback report (ARF, RFC 5965).

    Attributes:
        feedback: Its type as it says: `abuse`, `fraud`, `virus`, `opt-out`, `auth-failure`, `not-spam`…
        meaning: `complaint` (a person called the mail unwanted), `unsubscribe` (a person asks to be taken off the
            list), or `none` (a program's report: suppress nobody).
        recipients: Who complained, as far as the report shows it, lower case.
        original: What is quoted of the mail complained of.
        marks: Our tokens; they name the mail where the recipient has been blotted out.
    """

    feedback: str
    meaning: Literal["complaint", "unsubscribe", "none"]
    recipients: tuple[str, ...] = ()
    original: Original = field(default_factory=Original)
    marks: Marks = field(default_factory=Marks)


@dataclass(frozen=True, slots=True)
class AutoReply:
    """What a program answered. `text` is its plain text; `because` names the header or words that give it away."""

    kind: AutoKind
    sender: str | None
    subject: str
    text: str
    because: str
    references: tuple[str, ...] = ()
    marks: Marks = field(default_factory=Marks)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wrote, as far as anybody can tell: none of the other kinds.

    Attributes:
        sender: The address in `From`, lower case.
        subject: Decoded and unfolded.
        references: Message-IDs of `In-Reply-To` and `References`, with angle brackets; the mail answered comes first.
        marks: Our tokens in it.
    """

    sender: str | None
    subject: str
    references: tuple[str, ...] = ()
    marks: Marks = field(default_factory=Marks)


Inbound = Bounce | Complaint | AutoReply | Reply
"""What `nurture.inbound.read` gives."""
