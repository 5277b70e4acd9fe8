"""Signed links: everything a mail or a page carries in a URL, as pure functions of a secret and a value.

A token is `base64url(tag + payload)` without padding. The tag is the first 128 bits of HMAC-SHA256 over the payload,
under a key of its own for each purpose, so that no token can be used for another purpose. Numbers are little-endian
base-128 (as in protocol buffers), texts UTF-8. Nothing is looked up to read one: what a route needs stands in it.

Every `read_*` gives the value, or None for whatever is malformed, forged, expired or meant for something else. A reader
accepts only the one spelling that the writer makes, so no character of a token can be changed unseen.
"""

import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash as Hash  # what sha256() gives has no public name

_TAG = 16
_LONGEST = 8192
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")

HIDDEN = 0
"""The number of the link that people cannot see: whoever follows it is a program."""


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
    """One mail and whom it went to: what the open pixel and the unsubscribe link carry."""

    delivery_id: int
    lead_id: int


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """One answer that a lead can give to a survey's question, in one mail."""

    delivery_id: int
    lead_id: int
    question: str
    answer: str


def link_token(secret: str, link: TrackedLink) -> str:
    """For `/c/{token}`."""
    head = _numbers(link.delivery_id, link.lead_id, link.number)
    return _seal(secret, "click", head + link.url.encode())


def link_tokens(secret: str, mail: MailOfLead, urls: Iterable[tuple[int, str]]) -> list[str]:
    """Give the tokens of one mail's links, each by its number and where it leads; as `link_token`, in less time."""
    head = _numbers(mail.delivery_id, mail.lead_id)
    return [_seal(secret, "click", head + _numbers(number) + url.encode()) for number, url in urls]


def read_link(secret: str, token: str) -> TrackedLink | None:
    """Give the link of a `/c/{token}`."""
    payload = _open(secret, "click", token)
    numbers = payload and _read_numbers(payload, 3)
    if not numbers:
        return None
    (delivery_id, lead_id, number), rest = numbers
    url = _text(rest)
    return None if url is None else TrackedLink(delivery_id, lead_id, number, url)


def open_token(secret: str, mail: MailOfLead) -> str:
    """For `/o/{token}.gif`."""
    return _seal(secret, "open", _numbers(mail.delivery_id, mail.lead_id))


def read_open(secret: str, token: str) -> MailOfLead | None:
    """Give the mail of a `/o/{token}.gif`; the `.gif` is not part of the token."""
    return _read_mail(secret, "open", token)


def unsubscribe_token(secret: str, mail: MailOfLead) -> str:
    """For `/u/{token}`. It never expires: a mail can be unsubscribed from however old it is."""
    return _seal(secret, "unsubscribe", _numbers(mail.delivery_id, mail.lead_id))


def read_unsubscribe(secret: str, token: str) -> MailOfLead | None:
    """Give the mail of a `/u/{token}`."""
    return _read_mail(secret, "unsubscribe", token)


def answer_token(secret: str, answer: SurveyAnswer) -> str:
    """For `/a/{token}`."""
    question = answer.question.encode()
    head = _numbers(answer.delivery_id, answer.lead_id, len(question))
    return _seal(secret, "answer", head + question + answer.answer.encode())


def read_answer(secret: str, token: str) -> SurveyAnswer | None:
    """Give the answer of a `/a/{token}`."""
    payload = _open(secret, "answer", token)
    numbers = payload and _read_numbers(payload, 3)
    if not numbers:
        return None
    (delivery_id, lead_id, length), rest = numbers
    question, answer = _text(rest[:length]), _text(rest[length:])
    if question is None or answer is None or length > len(rest):
        return None
    return SurveyAnswer(delivery_id, lead_id, question, answer)


def handoff_token(secret: str, handoff_id: int, expires_at: datetime) -> str:
    """For the rep's page, `/h/{token}`, until `expires_at` (whole seconds; the fraction is dropped)."""
    return _seal(secret, "handoff", _numbers(handoff_id, int(expires_at.timestamp())))


def read_handoff(secret: str, token: str, now: datetime) -> int | None:
    """Give the handoff of a `/h/{token}` that has not expired at `now`."""
    payload = _open(secret, "handoff", token)
    numbers = payload and _read_numbers(payload, 2)
    if not numbers:
        return None
    (handoff_id, expires), rest = numbers
    return handoff_id if not rest and now.timestamp() < expires else None


def visitor_token(secret: str, lead_id: int) -> str:
    """What a redirect appends to the page's URL, so that the page can say which lead is looking."""
    return _seal(secret, "visitor", _numbers(lead_id))


def read_visitor(secret: str, token: str) -> int | None:
    """Give the lead of a visitor token."""
    payload = _open(secret, "visitor", token)
    numbers = payload and _read_numbers(payload, 1)
    return numbers[0][0] if numbers and not numbers[1] else None


def message_id(secret: str, delivery_id: int, domain: str) -> str:
    """Give a delivery's `Message-ID`, the same every time: `<d.{token}@{domain}>`."""
    return f"<d.{_seal(secret, 'message-id', _numbers(delivery_id))}@{domain}>"


def read_message_id(secret: str, value: str) -> int | None:
    """Give the delivery of a `Message-ID` that is ours; of a mail's `References`, ask for each."""
    local = value.strip().removeprefix("<").partition("@")[0]
    if not local.startswith("d."):
        return None
    payload = _open(secret, "message-id", local[2:])
    numbers = payload and _read_numbers(payload, 1)
    return numbers[0][0] if numbers and not numbers[1] else None


def _read_mail(secret: str, purpose: str, token: str) -> MailOfLead | None:
    payload = _open(secret, purpose, token)
    numbers = payload and _read_numbers(payload, 2)
    return MailOfLead(*numbers[0]) if numbers and not numbers[1] else None


@lru_cache(maxsize=64)
def _hashed_key(secret: str, purpose: str) -> "tuple[Hash, Hash]":
    """Derive the purpose's own key (HKDF's expand step, RFC 5869, with one block); hash it as HMAC does (RFC 2104)."""
    key = hmac.digest(secret.encode(), b"nurture " + purpose.encode() + b"\x01", "sha256").ljust(64, b"\x00")
    return sha256(bytes(octet ^ 0x36 for octet in key)), sha256(bytes(octet ^ 0x5C for octet in key))


def _seal(secret: str, purpose: str, payload: bytes) -> str:
    return _spell(_tag(secret, purpose, payload) + payload)


def _tag(secret: str, purpose: str, payload: bytes) -> bytes:
    """Give the HMAC's first 128 bits. The key's two blocks are hashed beforehand: a mail is some twenty signatures."""
    within, around = _hashed_key(secret, purpose)
    inner, outer = within.copy(), around.copy()
    inner.update(payload)
    outer.update(inner.digest())
    return outer.digest()[:_TAG]


def _spell(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def _open(secret: str, purpose: str, token: str) -> bytes | None:
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        data = binascii.a2b_base64(token.encode("ascii").translate(_FROM_URL) + b"=" * (-len(token) % 4))
    except binascii.Error:
        return None
    tag, payload = data[:_TAG], data[_TAG:]
    right = _tag(secret, purpose, payload)
    # the spelling is compared too: base64 readers skip strange characters and ignore the last character's spare bits
    return payload if hmac.compare_digest(tag, right) and _spell(data) == token else None


def _numbers(*numbers: int) -> bytes:
    out = bytearray()
    for number in numbers:
        if 0 <= number <= 0x7F:
            out.append(number)
            continue
        if number < 0:
            raise ValueError("ids and times in a link are not negative")
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return bytes(out)


def _read_numbers(payload: bytes, count: int) -> tuple[tuple[int, ...], bytes] | None:
    numbers = []
    number = shift = 0
    for place, byte in enumerate(payload, start=1):
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number = shift = 0
            if len(numbers) == count:
                return tuple(numbers), payload[place:]
    return None


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
