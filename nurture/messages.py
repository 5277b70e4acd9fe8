"""What mailers and notifiers take and give. Plain values: no database, no provider's own words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from nurture.values import quick

Outcome = Literal["sent", "refused", "put_off", "held", "unknown"]
"""What became of one mail handed to a mailer.

`sent`: the server took it. `refused`: it will never take it. `put_off`: surely not taken now, may be at another time,
for a reason that may be this mail's own; counts as a try. `held`: surely not taken, for a reason that has nothing to do
with this mail (no login, too many requests, an outage): it waits in the queue as if it had not been tried. `unknown`:
the mail may have been taken, the answer was lost; never sent again blindly.
"""


@quick
@dataclass(frozen=True, slots=True)
class Mail:
    """One finished mail. `data` is the whole message, CRLF line ends, not dot-stuffed, no line over 998 octets.

    `dotless`: it is known that no line of it begins with a dot, which whoever sends it would have to look for.
    """

    delivery_id: int
    sender: str
    recipient: str
    message_id: str
    data: bytes
    dotless: bool = False


Sign = Callable[[bytes], bytes]
"""Gives a whole message, as in `Mail.data`, with its signatures on top. May be called from any thread."""


@quick
@dataclass(frozen=True, slots=True)
class Receipt:
    """A mailer's answer for one mail.

    Attributes:
        delivery_id: Whose.
        outcome: What became of it.
        reply: The server's own words, on one line, without a password or key.
        dead_address: There is no such mailbox; only with `refused`.
        policy: Refused for what the sender is or does rather than for this recipient (a block list, an account that is
            suspended): one such may be this mail's, many in a row are ours. Only with `put_off`.
    """

    delivery_id: int
    outcome: Outcome
    reply: str = ""
    dead_address: bool = False
    policy: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """One piece of news, for one channel.

    Attributes:
        id: Stays the same over retries.
        kind: What happened, such as `lead.requalified` or `handoff.escalated`.
        at: When.
        recipient: Whose mailbox, by mail; None for channels that have one address.
        data: JSON-ready. Of a handoff the whole packet, and under `news` what the kind says beside it, such as which
            promise was broken; else what the kind says.
        thread: The id of the news that this one follows, where there is one for its recipient.
    """

    id: str
    kind: str
    at: datetime
    recipient: str | None
    data: Mapping[str, object]
    thread: str | None = None


EventType = Literal[
    "queued", "sent", "rejected", "failed", "bounced", "deferred", "delivered", "autoresponded", "opened", "clicked",
    "complained", "unsubscribed", "subscribed", "inbound", "inbound_failed", "unknown",
]  # fmt: skip
"""What became of a mail afterwards, in django-anymail's words (https://anymail.dev, "normalized tracking event")."""

RejectReason = Literal["invalid", "bounced", "timed_out", "blocked", "spam", "unsubscribed", "other"]
"""Why a mail was not taken, in django-anymail's words."""

Severity = Literal["hard", "soft", "policy"]
"""What a bounce says of the address.

`hard`: there is no such mailbox. `soft`: not now. `policy`: refused for what the mail or its sender is.
"""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One thing that a provider, or a mail server by a bounce, reports of one mail to one recipient.

    Attributes:
        provider: Whose report it is: `postmark`, `sendgrid`…, or `smtp` for what came by mail.
        type: What happened.
        at: When, by the provider's clock; aware. None where it does not say: then it counts as when it came.
        recipient: The address that it is about, as the provider writes it.
        event_id: The provider's own id of the event; one derived from the content where it gives none.
        delivery: What ties it to a delivery, as text: our Message-ID (`d.TOKEN@…`, or its local part alone) or an
            address for what comes back (`in+b.TOKEN@…`); None where the report has nothing of ours.
        message_id: The provider's id of the mail.
        reject_reason: Why the mail was not taken.
        severity: Of a bounce: what it says of the address.
        said: The server's own words.
        raw: The report as it came, or as much of it as is about this event.
        inbound: Of type `inbound`: the whole mail (RFC 5322).
        once: What makes it the same event as another, where `event_id` alone would not.
        automatic: The provider says that a program opened or clicked, not a person.
    """

    provider: str
    type: EventType
    at: datetime | None
    recipient: str | None
    event_id: str
    delivery: str | None = None
    message_id: str | None = None
    reject_reason: RejectReason | None = None
    severity: Severity | None = None
    said: str | None = None
    raw: bytes = field(default=b"", repr=False)
    inbound: bytes | None = field(default=None, repr=False)
    once: str | None = None
    automatic: bool = False
