"""SendGrid's `POST /v3/mail/send`: what a mail looks like there, and what its answers mean.

One mail is one request. A request may name a thousand recipients ("personalizations"), each with header fields of its
own, but all of them share one text and one HTML; ours have links of their own in both.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any
from urllib.parse import SplitResult

import orjson

from nurture.errors import SettingsError
from nurture.mailers.composed import Composed, composed
from nurture.mailers.http import Answer, HttpMailer, Request, Unfit, read_http_options
from nurture.mailers.verdicts import HELD, POLICY, REFUSED, SENT, UNUSABLE, Verdict
from nurture.messages import Mail

APIS = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
MOST = 1
MOST_OCTETS = 30 * 1024 * 1024
USUAL_CONNECTIONS = 8
"""One mail goes in one request, so several are under way at once; each can be unknown after a crash."""

_RESERVED = frozenset(
    {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "to", "from", "subject", "reply-to", "cc", "bcc"}
)
"""Header fields that SendGrid refuses a mail for; those on encoding are not ours to give either."""
_OFF = {
    "tracking_settings": {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    },
    "mail_settings": {"footer": {"enable": False}},
}
"""Links, pixel, unsubscribing and footer are ours, whatever the account is set to."""
_ABOUT_THE_MAIL = re.compile(r"personalizations\.\d+\.to\b|content\b|subject\b")
_UNWRAPPED = SMTP.clone(max_line_length=0)


class SendGrid:
    """See `mailers.http.Provider`."""

    name, most, most_octets = "SendGrid", MOST, MOST_OCTETS

    def __init__(self, key: str) -> None:
        """Take the API key; it needs no right but `Mail Send`."""
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    def request(self, mails: Sequence[Mail]) -> Request:
        """Make the request for one mail."""
        (mail,) = mails
        try:
            pieces = composed(mail)
        except ValueError as error:
            raise Unfit(mail, str(error)) from None
        content = [*_content(pieces)]
        if not content or not pieces.subject:
            raise Unfit(mail, "SendGrid takes no mail without a subject or without words")
        return Request("/v3/mail/send", orjson.dumps(_message(pieces, content)), self._headers)

    def each(self, mails: Sequence[Mail], answer: Answer) -> Sequence[tuple[Verdict, str]]:
        """202, an empty body, and in a header the id that SendGrid's own ids of its events begin with."""
        return [(SENT, f"{answer.status} {answer.headers.get('x-message-id', '')}") for _ in mails]

    def verdict(self, answer: Answer) -> Verdict | None:
        """Tell what is wrong with the mail from what is wrong with us.

        400 names the field. 401 is also what an account gets whose credits are used up.
        """
        if answer.status == 401 and "credit" in self.words(answer).lower():
            return HELD
        if answer.status != 400:
            return None
        fields = [str(error.get("field") or "") for error in _errors(answer)]
        if any(field.startswith(("from", "reply_to", "headers")) for field in fields):
            return UNUSABLE
        return REFUSED if fields and all(map(_ABOUT_THE_MAIL.match, fields)) else POLICY

    def words(self, answer: Answer) -> str:
        """Give the messages of all errors, each with its field."""
        said = ((error.get("field"), error.get("message", "")) for error in _errors(answer))
        return "; ".join(f"{field}: {message}" if field else str(message) for field, message in said)


def build_sendgrid(url: SplitResult, connections: int | None) -> HttpMailer:
    """Build it from `sendgrid://KEY`, for a subuser in the EU `sendgrid://KEY?region=eu`.

    Raises:
        SettingsError: Something in the URL is missing, not known or not allowed.
    """
    options = read_http_options(
        url, connections, api="", most=MOST, usual_connections=USUAL_CONNECTIONS, own=["region"]
    )
    if not options.host or options.user:
        raise SettingsError("MAIL_URL names no key: write sendgrid://KEY")
    region = options.given.get("region", "global")
    if region not in APIS:
        raise SettingsError(f"MAIL_URL says region={region}; allowed are {', '.join(APIS)}")
    return HttpMailer(SendGrid(options.host), replace(options, api=options.api or APIS[region]))


def _message(pieces: Composed, content: list[dict[str, str]]) -> dict[str, Any]:
    fields = {name: _ascii(name, value) for name, value in pieces.headers if name.lower() not in _RESERVED}
    message: dict[str, Any] = {
        "personalizations": [{"to": [{"email": pieces.recipient}], "custom_args": {"nurture": pieces.token}}],
        "from": _mailbox(pieces.sender_name, pieces.sender_address),
        "subject": pieces.subject,
        "content": content,
        "headers": {**fields, "Message-ID": pieces.message_id},
        **_OFF,
    }
    if pieces.reply_to:
        name, address = getaddresses([pieces.reply_to])[0]
        message["reply_to"] = _mailbox(name, address)
    return message


def _content(pieces: Composed) -> Iterator[dict[str, str]]:
    """The text comes first; an empty part is refused."""
    for kind, value in (("text/plain", pieces.text), ("text/html", pieces.html)):
        if value:
            yield {"type": kind, "value": value}


def _mailbox(name: str, address: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}


def _ascii(name: str, value: str) -> str:
    """Write a field's value as it stands in a mail: SendGrid encodes none."""
    if value.isascii():
        return value
    field: str = _UNWRAPPED.header_factory(name, value).fold(policy=_UNWRAPPED)
    return field.partition(": ")[2].strip()


def _errors(answer: Answer) -> list[dict[str, Any]]:
    body = answer.json_or_none()
    errors = body.get("errors") if isinstance(body, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
