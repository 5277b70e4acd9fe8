"""Mailgun's `POST /v3/{domain}/messages.mime`: the finished mail goes in as a file, and out as it is.

One mail is one request: what can be asked for a batch (recipient variables) shares one text among all recipients.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from urllib.parse import SplitResult, quote

from nurture.errors import SettingsError
from nurture.mailers.http import Answer, HttpMailer, Request, Unfit, read_http_options
from nurture.mailers.recipients import is_one_address
from nurture.mailers.verdicts import HELD, POLICY, REFUSED, SENT, Verdict
from nurture.messages import Mail

APIS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
MOST = 1
MOST_OCTETS = 25 * 1024 * 1024
USUAL_CONNECTIONS = 8
"""One mail goes in one request, so several are under way at once; each can be unknown after a crash."""

_ABOUT_THE_RECIPIENT = re.compile(r"\bto'? parameter is not a valid|recipient address", re.IGNORECASE)
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_TOO_LARGE = re.compile(r"too (large|big)|size (limit|exceed)|exceeds .*size", re.IGNORECASE)


class Mailgun:
    """See `mailers.http.Provider`."""

    name, most, most_octets = "Mailgun", MOST, MOST_OCTETS

    def __init__(self, key: str, domain: str) -> None:
        """Take the API key (a sending key of the domain will do) and the domain that mails leave from."""
        self._login = "Basic " + b64encode(f"api:{key}".encode()).decode("ascii")
        self._path = f"/v3/{quote(domain, safe='')}/messages.mime"

    def request(self, mails: Sequence[Mail]) -> Request:
        """Make the request for one mail."""
        (mail,) = mails
        if not is_one_address(mail.recipient):
            raise Unfit(mail, "the recipient's address cannot be written in a request")
        token = mail.message_id.strip("<>").partition("@")[0]
        fields = {
            "to": mail.recipient,
            "v:nurture": token,
            "o:tracking": "no",
            "o:tracking-clicks": "no",
            "o:tracking-opens": "no",
        }
        kind, content = _form(fields, mail.data)
        return Request(self._path, content, {"authorization": self._login, "content-type": kind})

    def each(self, mails: Sequence[Mail], answer: Answer) -> Sequence[tuple[Verdict, str]]:
        """200, and our own Message-ID."""
        return [(SENT, f"{answer.status} {_said(answer, 'id')}") for _ in mails]

    def verdict(self, answer: Answer) -> Verdict | None:
        """Tell what is wrong with the mail from what is wrong with us.

        400 says why in words only. 402: the account owes something. 404 comes also for a domain that was just made.
        """
        if answer.status == 402:
            return HELD
        if answer.status != 400:
            return None
        words = self.words(answer)
        return REFUSED if _ABOUT_THE_RECIPIENT.search(words) or _TOO_LARGE.search(words) else POLICY

    def words(self, answer: Answer) -> str:
        """Give its message."""
        return _said(answer, "message")


def build_mailgun(url: SplitResult, connections: int | None) -> HttpMailer:
    """Build it from `mailgun://KEY@news.acme.example`, for a domain in the EU `…?region=eu`.

    Raises:
        SettingsError: Something in the URL is missing, not known or not allowed.
    """
    options = read_http_options(
        url, connections, api="", most=MOST, usual_connections=USUAL_CONNECTIONS, own=["region"]
    )
    if not options.user or options.password or not _DOMAIN.fullmatch(options.host):
        raise SettingsError("MAIL_URL names no key and domain: write mailgun://KEY@news.acme.example")
    region = options.given.get("region", "us")
    if region not in APIS:
        raise SettingsError(f"MAIL_URL says region={region}; allowed are {', '.join(APIS)}")
    mailgun = Mailgun(options.user, options.host)
    # the domain is no secret: operators are to read it in answers
    return HttpMailer(mailgun, replace(options, api=options.api or APIS[region], host=""))


def _said(answer: Answer, key: str) -> str:
    body = answer.json_or_none()
    if isinstance(body, dict):
        return str(body.get(key) or "")
    return "" if answer.is_good else answer.content[:200].decode("utf-8", "replace")


def _form(fields: Mapping[str, str], message: bytes) -> tuple[str, bytes]:
    """Write a form with one file (RFC 7578): its type and its body, the same for the same mail."""
    boundary = f"nurture-{sha256(message).hexdigest()[:32]}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="message"; filename="message.eml"\r\n'
        "Content-Type: message/rfc822\r\n\r\n"
    )
    body = b"".join([*parts, file.encode(), message, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body
