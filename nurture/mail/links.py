"""Signed links: everything a mail or a page carries in a URL, as pure functions of a secret and a value.

Nothing is looked up to read a token: what a route needs to know stands in it. Every `read_*` gives the value, or None
for whatever is malformed, forged, expired or meant for something else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from nurture.mail.tokens import numbers, opened, opened_short, read_numbers, read_text, sealed, sealed_short

InboundKind = Literal["b", "r"]
"""What an address of ours is for: `b` takes bounces, `r` takes replies."""

_INBOUND = re.compile(r"\+(?P<kind>[br])\.(?P<token>[a-z2-7]+)(?=@|>|\s*$)", re.IGNORECASE)

HIDDEN = 0
"""The number of the link that people cannot see: whoever follows it is a program."""

TEST = 0
"""The delivery and the lead that the links of a test mail name. There are none such, so nothing acts on anybody."""


@dataclass(frozen=True, slots=True)
class TrackedLink:
    """One link of one mail. `number` counts the mail's links from 1; 0 (`HIDDEN`) is the one that only programs find.

    `url` is where it leads. A redirect may go there and nowhere else: it was signed when the mail was made.
    """

    delivery_id: int
    lead_id: int
    number: int
    url: str


@dataclass(frozen=True, slots=True)
class MailOfLead:
    """One mail and whom it went to: what the open pixel, the unsubscribe and the preferences link carry.

    `payload` is both of them as tokens have it.
    """

    delivery_id: int
    lead_id: int
    payload: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Write the payload once for all tokens of a mail."""
        object.__setattr__(self, "payload", numbers(self.delivery_id, self.lead_id))


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """One answer that a lead can give to a survey's question, in one mail."""

    delivery_id: int
    lead_id: int
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class HandoffLink:
    """A link to the rep's page of one handoff, until when it opens it, and the `link_version` that it was made for."""

    handoff_id: int
    expires_at: datetime
    version: int

    def opens(self, version: int, now: datetime) -> bool:
        """Whether it is neither revoked nor expired; `version` is the handoff's `link_version` as it is now."""
        return self.version == version and now < self.expires_at


def link_token(secret: str, link: TrackedLink) -> str:
    """For `/c/{token}`."""
    head = numbers(link.delivery_id, link.lead_id, link.number)
    return sealed(secret, "click", head + link.url.encode())


def link_tokens(secret: str, mail: MailOfLead, urls: Iterable[tuple[int, str]]) -> list[str]:
    """Give the tokens of one mail's links, each by its number and where it leads; as `link_token`, in less time."""
    return [sealed(secret, "click", mail.payload + _tail(number, url)) for number, url in urls]


@lru_cache(maxsize=4096)
def _tail(number: int, url: str) -> bytes:
    """What all mails of a step say of a link alike."""
    return numbers(number) + url.encode()


def read_link(secret: str, token: str) -> TrackedLink | None:
    """Give the link of a `/c/{token}`."""
    payload = opened(secret, "click", token)
    found = payload and read_numbers(payload, 3)
    if not found:
        return None
    (delivery_id, lead_id, number), rest = found
    url = read_text(rest)
    return None if url is None else TrackedLink(delivery_id, lead_id, number, url)


def open_token(secret: str, mail: MailOfLead) -> str:
    """For `/o/{token}.gif`."""
    return sealed(secret, "open", mail.payload)


def read_open(secret: str, token: str) -> MailOfLead | None:
    """Give the mail of a `/o/{token}.gif`; the `.gif` is not part of the token."""
    return _read_mail(secret, "open", token)


def unsubscribe_token(secret: str, mail: MailOfLead) -> str:
    """For `/u/{token}`. It never expires: a mail can be unsubscribed from however old it is."""
    return sealed(secret, "unsubscribe", mail.payload)


def read_unsubscribe(secret: str, token: str) -> MailOfLead | None:
    """Give the mail of a `/u/{token}`."""
    return _read_mail(secret, "unsubscribe", token)


def preferences_token(secret: str, mail: MailOfLead) -> str:
    """For `/p/{token}`. It never expires, as the unsubscribe link."""
    return sealed(secret, "preferences", mail.payload)


def read_preferences(secret: str, token: str) -> MailOfLead | None:
    """Give the mail of a `/p/{token}`."""
    return _read_mail(secret, "preferences", token)


def answer_token(secret: str, answer: SurveyAnswer) -> str:
    """For `/a/{token}`."""
    question = answer.question.encode()
    head = numbers(answer.delivery_id, answer.lead_id, len(question))
    return sealed(secret, "answer", head + question + answer.answer.encode())


def read_answer(secret: str, token: str) -> SurveyAnswer | None:
    """Give the answer of a `/a/{token}`."""
    payload = opened(secret, "answer", token)
    found = payload and read_numbers(payload, 3)
    if not found:
        return None
    (delivery_id, lead_id, length), rest = found
    question, answer = read_text(rest[:length]), read_text(rest[length:])
    if question is None or answer is None or length > len(rest):
        return None
    return SurveyAnswer(delivery_id, lead_id, question, answer)


def handoff_token(secret: str, handoff_id: int, expires_at: datetime, version: int = 0) -> str:
    """For the rep's page, `/h/{token}`, until `expires_at` (whole seconds; the fraction is dropped).

    `version` is the handoff's `link_version` when the link is made: raising that one revokes all links made before.
    """
    return sealed(secret, "handoff", numbers(handoff_id, int(expires_at.timestamp()), *([version] if version else [])))


def read_handoff(secret: str, token: str) -> HandoffLink | None:
    """Give what a `/h/{token}` says; whether it still opens anything, `HandoffLink.opens` tells."""
    payload = opened(secret, "handoff", token)
    found = payload and read_numbers(payload, 2)
    if not found:
        return None
    (handoff_id, expires), rest = found
    versioned = read_numbers(rest, 1) if rest else ((0,), b"")
    if versioned is None or versioned[1]:
        return None
    return HandoffLink(handoff_id, datetime.fromtimestamp(expires, UTC), versioned[0][0])


def visitor_token(secret: str, lead_id: int) -> str:
    """What a redirect appends to the page's URL, so that the page can say which lead is looking."""
    return sealed(secret, "visitor", numbers(lead_id))


def read_visitor(secret: str, token: str) -> int | None:
    """Give the lead of a visitor token."""
    payload = opened(secret, "visitor", token)
    found = payload and read_numbers(payload, 1)
    return found[0][0] if found and not found[1] else None


def message_id(secret: str, delivery_id: int, domain: str) -> str:
    """Give a delivery's `Message-ID`, the same every time: `<d.{token}@{domain}>`."""
    return f"<d.{sealed(secret, 'message-id', numbers(delivery_id))}@{domain}>"


def read_message_id(secret: str, value: str) -> int | None:
    """Give the delivery of a `Message-ID` that is ours; of a mail's `References`, ask for each."""
    local = value.strip().removeprefix("<").partition("@")[0]
    if not local.startswith("d."):
        return None
    payload = opened(secret, "message-id", local[2:])
    found = payload and read_numbers(payload, 1)
    return found[0][0] if found and not found[1] else None


def bounce_address(secret: str, delivery_id: int, inbound: str) -> str:
    """Give the envelope's sender of one delivery (VERP): `in+b.{token}@…` for an `INBOUND_ADDRESS` of `in@…`."""
    return _inbound(secret, "b", delivery_id, inbound)


def reply_address(secret: str, delivery_id: int, inbound: str) -> str:
    """Give the `Reply-To` of one delivery: `in+r.{token}@…` for an `INBOUND_ADDRESS` of `in@…`."""
    return _inbound(secret, "r", delivery_id, inbound)


def read_inbound_address(secret: str, address: str) -> tuple[InboundKind, int] | None:
    """Give what an address of ours is for, and the delivery that it names.

    Capitals do not matter, nor the domain; a forwarder may have put its own words in front (SRS, BATV).
    """
    found = _INBOUND.search(address)
    if found is None:
        return None
    kind: InboundKind = "b" if found["kind"] in "bB" else "r"
    payload = opened_short(secret, f"address {kind}", found["token"])
    read = payload and read_numbers(payload, 1)
    return (kind, read[0][0]) if read and not read[1] else None


def _inbound(secret: str, kind: InboundKind, delivery_id: int, inbound: str) -> str:
    local, _, domain = inbound.partition("@")
    return f"{local}+{kind}.{sealed_short(secret, f'address {kind}', numbers(delivery_id))}@{domain}"


def _read_mail(secret: str, purpose: str, token: str) -> MailOfLead | None:
    payload = opened(secret, purpose, token)
    found = payload and read_numbers(payload, 2)
    return MailOfLead(*found[0]) if found and not found[1] else None
