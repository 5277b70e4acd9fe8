"""Mails leave by Resend's batch call, with an idempotency key: the same request twice sends nothing twice.

So an answer that was lost is asked for again. The key is the digest of the request's own bytes: the same for a retry,
another one as soon as anything differs, whoever sends it. Resend keeps keys for 24 hours.
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult

import orjson

from nurture.errors import SettingsError
from nurture.mailers.composed import composed
from nurture.mailers.http import Answer, HttpMailer, NotUnderstood, Request, Unfit, read_http_options
from nurture.mailers.resend.tags import TAG, tag_of
from nurture.mailers.verdicts import HELD, REFUSED, SENT, UNKNOWN, UNUSABLE, Verdict
from nurture.messages import Mail

API = "https://api.resend.com"
MOST = 100
MOST_OCTETS = 20 * 1024 * 1024
"""Resend names no limit for a batch; a mail may have 40 MB."""

_NAMES: dict[str, Verdict] = {
    "concurrent_idempotent_requests": UNKNOWN,  # this very request is still being worked on
    "invalid_idempotent_request": HELD,  # the key was used for another request: nothing of this one was taken
    "invalid_idempotency_key": UNUSABLE,
    "invalid_from_address": UNUSABLE,
}
"""By the `name` of an error; the status says the rest."""


class Resend:
    """See `mailers.http.Provider`."""

    name, most, most_octets = "Resend", MOST, MOST_OCTETS

    def __init__(self, key: str) -> None:
        """Send with this key."""
        self._key = key

    def request(self, mails: Sequence[Mail]) -> Request:
        """POST /emails/batch; each mail is judged for itself (`permissive`), the others go."""
        content = orjson.dumps([_item(mail) for mail in mails])
        headers = {
            "authorization": f"Bearer {self._key}",
            "content-type": "application/json",
            "idempotency-key": f"nurture-{hashlib.sha256(content).hexdigest()}",
            "x-batch-validation": "permissive",
        }
        return Request("/emails/batch", content, headers, repeatable=True)

    def each(self, mails: Sequence[Mail], answer: Answer) -> Sequence[tuple[Verdict, str]]:
        """`data` has an id for each mail that was taken, in order; `errors` has the places of the others."""
        found = answer.json()
        taken = found.get("data") if isinstance(found, dict) else None
        errors = (found.get("errors") or []) if isinstance(found, dict) else []
        if not isinstance(taken, list) or not isinstance(errors, list):
            raise NotUnderstood("the answer has no list of mails")
        refused = {error["index"]: _words(error) for error in errors if isinstance(error, dict) and "index" in error}
        if len(refused) != len(errors) or not refused.keys() <= set(range(len(mails))):
            raise NotUnderstood("the answer names mails that were not sent")
        if len(taken) not in (len(mails), len(mails) - len(refused)):
            raise NotUnderstood("the answer does not fit the mails")
        return [(REFUSED, refused[place]) if place in refused else (SENT, "") for place in range(len(mails))]

    def verdict(self, answer: Answer) -> Verdict | None:
        """Some errors say more by their name than by their status."""
        found = answer.json_or_none()
        return _NAMES.get(str(found.get("name"))) if isinstance(found, dict) else None

    def words(self, answer: Answer) -> str:
        """`name` and `message`."""
        return _words(answer.json_or_none())


def build_resend(url: SplitResult, connections: int | None) -> HttpMailer:
    """Build it from `resend://KEY`.

    Raises:
        SettingsError: Something in the URL is not known or not allowed.
    """
    options = read_http_options(url, connections, api=API, most=MOST)
    if not options.host or options.user:
        raise SettingsError("MAIL_URL names no key: write resend://KEY")
    return HttpMailer(Resend(options.host), options)


def _item(mail: Mail) -> dict[str, Any]:
    try:
        pieces = composed(mail)
    except ValueError as error:
        raise Unfit(mail, str(error)) from None
    item = {
        "from": pieces.sender,
        "to": [pieces.recipient],
        "subject": pieces.subject,
        "reply_to": pieces.reply_to,
        "text": pieces.text,
        "html": pieces.html,
        # Resend writes a Message-ID of its own; answers repeat what stands in References, and so lead back to us
        "headers": {**dict(pieces.headers), "References": pieces.message_id},
        "tags": [{"name": TAG, "value": tag_of(pieces.token)}],
    }
    return {name: value for name, value in item.items() if value is not None}


def _words(error: Any) -> str:
    if not isinstance(error, dict):
        return ""
    return " ".join(str(error[name]) for name in ("name", "message") if error.get(name))
