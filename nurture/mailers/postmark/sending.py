"""Mails leave by Postmark's batch call. A 200 says nothing yet: each mail has a code of its own in it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult

import orjson

from nurture.errors import SettingsError
from nurture.mailers.composed import composed
from nurture.mailers.http import Answer, HttpMailer, NotUnderstood, Request, Unfit, read_http_options
from nurture.mailers.verdicts import DEAD, HELD, PUT_OFF, REFUSED, SENT, UNKNOWN, UNUSABLE, Verdict
from nurture.messages import Mail

API = "https://api.postmarkapp.com"
MOST = 500
USUAL_BATCH = 100
"""Mails a request, where `?batch=` does not say: so many are unknown where a request's answer is lost."""
MOST_OCTETS = 20 * 1024 * 1024
"""A request may have 50 MB; a mail can grow to about twice its size when it is written as JSON."""

_CODES: dict[int, Verdict] = {
    0: SENT,
    10: UNUSABLE,  # bad or missing token
    100: HELD,  # maintenance
    300: REFUSED,  # invalid mail: mostly the recipient's address
    400: UNUSABLE,  # sender signature not found
    401: UNUSABLE,  # sender signature not confirmed
    405: UNUSABLE,  # not allowed to send: out of credits
    406: DEAD,  # inactive: bounced or complained before
    411: REFUSED,  # forbidden attachment
    412: UNUSABLE,  # the account awaits approval
    413: UNUSABLE,  # the account may not send
    429: HELD,  # rate limit
    1235: UNUSABLE,  # no such message stream
    1236: UNUSABLE,  # the message stream is archived
}
"""By `ErrorCode`. What is not here is our request's fault or new, and so perhaps not this mail's: put off."""


class Postmark:
    """See `mailers.http.Provider`."""

    name, most, most_octets = "Postmark", MOST, MOST_OCTETS

    def __init__(self, token: str, stream: str) -> None:
        """Send by one server's token, through one of its message streams."""
        self._token, self._stream = token, stream

    def request(self, mails: Sequence[Mail]) -> Request:
        """POST /email/batch."""
        headers = {
            "accept": "application/json", "content-type": "application/json", "x-postmark-server-token": self._token,
        }  # fmt: skip
        return Request("/email/batch", orjson.dumps([self._item(mail) for mail in mails]), headers)

    def each(self, mails: Sequence[Mail], answer: Answer) -> Sequence[tuple[Verdict, str]]:
        """One object a mail, in the order of the request."""
        found = answer.json()
        if not isinstance(found, list):
            raise NotUnderstood("the answer is no list")
        return [_judged(item) for item in found]

    def verdict(self, answer: Answer) -> Verdict | None:
        """A 422 has a code as a mail has. A 500 leaves open whether mails left; a 503 is a planned outage."""
        code = _code(answer.json_or_none())
        return _by_code(code, self.words(answer)) if answer.status == 422 and code else None

    def words(self, answer: Answer) -> str:
        """`ErrorCode` and `Message`."""
        return _words(answer.json_or_none())

    def _item(self, mail: Mail) -> dict[str, Any]:
        try:
            pieces = composed(mail)
        except ValueError as error:
            raise Unfit(mail, str(error)) from None
        headers = [*pieces.headers, ("Message-ID", pieces.message_id), ("X-PM-KeepID", "true")]
        item = {
            "From": pieces.sender,
            "To": pieces.recipient,
            "ReplyTo": pieces.reply_to,
            "Subject": pieces.subject,
            "TextBody": pieces.text,
            "HtmlBody": pieces.html,
            "Headers": [{"Name": name, "Value": value} for name, value in headers],
            "Metadata": {"nurture": pieces.token},
            "MessageStream": self._stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        return {name: value for name, value in item.items() if value is not None}


def build_postmark(url: SplitResult, connections: int | None) -> HttpMailer:
    """Build it from `postmark://SERVER-TOKEN?stream=broadcast`.

    Raises:
        SettingsError: Something in the URL is not known or not allowed.
    """
    options = read_http_options(url, connections, api=API, most=MOST, batch=USUAL_BATCH, own=["stream"])
    if not options.host or options.user:
        raise SettingsError("MAIL_URL names no token: write postmark://SERVER-TOKEN?stream=broadcast")
    return HttpMailer(Postmark(options.host, options.given.get("stream") or "broadcast"), options)


def _judged(item: Any) -> tuple[Verdict, str]:
    code = _code(item)
    if code is None:
        return UNKNOWN, "Postmark's answer to this mail has no ErrorCode"
    words = _words(item)
    return _by_code(code, words), words


def _by_code(code: int, words: str) -> Verdict:
    if code == 300 and "'from'" in words.lower():
        return UNUSABLE
    return _CODES.get(code, PUT_OFF)


def _code(item: Any) -> int | None:
    code = item.get("ErrorCode") if isinstance(item, dict) else None
    return code if isinstance(code, int) else None


def _words(item: Any) -> str:
    code = _code(item)
    return "" if code is None else f"{code} {item.get('Message', '')}"
