"""SES's `POST /v2/email/outbound-emails` with the whole message in it, and what its answers mean.

One mail is one request: the call for many (`SendBulkEmail`) takes templates only. SES writes `Message-ID` and `Date`
anew; events are tied to the delivery by a tag.
"""

import re
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.headerregistry import AddressHeader
from email.parser import BytesHeaderParser
from email.policy import SMTP
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import orjson

from nurture.errors import SettingsError
from nurture.mailers.http import Answer, HttpMailer, Request, Unfit, read_http_options
from nurture.mailers.recipients import is_one_address
from nurture.mailers.ses.signing import Credentials, signed
from nurture.mailers.ses.signing import Request as Unsigned
from nurture.mailers.ses.tags import TAG, tag_of
from nurture.mailers.verdicts import HELD, POLICY, REFUSED, SENT, UNUSABLE, Verdict
from nurture.messages import Mail

MOST = 1
MOST_OCTETS = 40 * 1024 * 1024
USUAL_CONNECTIONS = 8
"""One mail goes in one request, so several are under way at once; each can be unknown after a crash."""

_REGION = re.compile(r"[a-z]{2}(-[a-z]+){1,3}-[0-9]{1,2}")
_PATH = "/v2/email/outbound-emails"
_HEADERS = BytesHeaderParser(policy=SMTP)
_FROM = re.compile(rb"^From:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.IGNORECASE | re.MULTILINE)
_OF_ERRORS = {
    "TooManyRequestsException": HELD,
    "Throttling": HELD,
    "ThrottlingException": HELD,
    "LimitExceededException": HELD,
    "SendingPausedException": UNUSABLE,
    "AccountSuspendedException": UNUSABLE,
    "MailFromDomainNotVerifiedException": UNUSABLE,
    "NotFoundException": UNUSABLE,
    "RequestExpired": UNUSABLE,
    "IncompleteSignature": UNUSABLE,
}
"""By SES's own names. All are about us: no mail is given up for them."""
_OURS = re.compile(r"not verified|authority|paused|suspended", re.IGNORECASE)
_THE_MAILS = re.compile(r"virus|attachment|too (long|large|big)|message length", re.IGNORECASE)
_BAD_ADDRESS = re.compile(r"missing final|illegal address|local address|domain (ends|starts|contains)", re.IGNORECASE)
_CANONICAL = re.compile(r"\s*The Canonical String.*", re.DOTALL)
"""Where SES disagrees with a signature it repeats what it signed, a session's token included."""


class AmazonSes:
    """See `mailers.http.Provider`."""

    name, most, most_octets = "Amazon SES", MOST, MOST_OCTETS

    def __init__(self, credentials: Credentials, region: str, api: str, configuration_set: str | None) -> None:
        """Take who signs, where to, and the configuration set whose event destinations tell what became of mails."""
        address = urlsplit(api)
        self._credentials, self._region, self._configuration_set = credentials, region, configuration_set
        self._host, self._path = address.netloc, f"{address.path}{_PATH}"

    def request(self, mails: Sequence[Mail]) -> Request:
        """Make the request for one mail, signed for this moment."""
        (mail,) = mails
        if not (mail.recipient.isascii() and is_one_address(mail.recipient)):
            raise Unfit(mail, "Amazon SES takes one plain address, in ASCII")
        content = orjson.dumps(self._message(mail))
        unsigned = Unsigned("POST", self._host, self._path, {"content-type": "application/json"}, content)
        now = datetime.fromtimestamp(time.time(), UTC)
        headers = signed(unsigned, self._credentials, region=self._region, at=now)
        return Request(_PATH, content, headers)

    def each(self, mails: Sequence[Mail], answer: Answer) -> Sequence[tuple[Verdict, str]]:
        """200, and SES's own id of the mail."""
        body = answer.json_or_none()
        said = body.get("MessageId", "") if isinstance(body, dict) else ""
        return [(SENT, f"{answer.status} {said}") for _ in mails]

    def verdict(self, answer: Answer) -> Verdict | None:
        """Go by the error's name, and where that leaves open whose fault it is, by its words."""
        kind, said = _error(answer)
        if kind in _OF_ERRORS:
            return _OF_ERRORS[kind]
        if answer.status != 400:
            return None
        if kind == "MessageRejected" and _OURS.search(said):
            return UNUSABLE
        return REFUSED if _BAD_ADDRESS.search(said) or _THE_MAILS.search(said) else POLICY

    def words(self, answer: Answer) -> str:
        """Give the error's name and message."""
        kind, said = _error(answer)
        return ": ".join(word for word in (kind, said) if word)

    def _message(self, mail: Mail) -> dict[str, Any]:
        token = mail.message_id.strip("<>").partition("@")[0]
        message: dict[str, Any] = {
            "FromEmailAddress": _sender(mail),
            "Destination": {"ToAddresses": [mail.recipient]},
            "Content": {"Raw": {"Data": b64encode(mail.data).decode("ascii")}},
            "EmailTags": [{"Name": TAG, "Value": tag_of(token)}],
        }
        if self._configuration_set:
            message["ConfigurationSetName"] = self._configuration_set
        return message


def build_ses(url: SplitResult, connections: int | None) -> HttpMailer:
    """Build it from `ses://KEY:SECRET@eu-west-1?configuration_set=nurture`.

    The settings write AWS's variables into the URL where it names no key (`nurture.mail_url`).

    Raises:
        SettingsError: Something in the URL is missing, not known or not allowed.
    """
    own = ["configuration_set", "session_token"]
    options = read_http_options(url, connections, api="", most=MOST, usual_connections=USUAL_CONNECTIONS, own=own)
    region = options.host
    if not _REGION.fullmatch(region):
        raise SettingsError("MAIL_URL names no region of AWS: write ses://eu-west-1")
    if not options.user or not options.password:
        raise SettingsError("MAIL_URL names no AWS key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    given = dict(options.given)
    credentials = Credentials(options.user, options.password, given.pop("session_token", None) or None)
    api = options.api or f"https://email.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    ses = AmazonSes(credentials, region, api, given.get("configuration_set") or None)
    # the region is no secret: operators are to read it in answers
    return HttpMailer(ses, replace(options, api=api, host="", given=given))


def _sender(mail: Mail) -> str:
    """The address in `From`, by which SES looks up whether we may send: the envelope's is SES's own."""
    fields = _FROM.findall(mail.data.partition(b"\r\n\r\n")[0] + b"\r\n")
    address = _address(fields[0]) if len(fields) == 1 else None
    if address is None:
        raise Unfit(mail, "a mail has one sender")
    return address


@lru_cache(maxsize=64)
def _address(field: bytes) -> str | None:
    """All mails of a workspace have the same field, and reading it takes longer than signing the mail."""
    from_ = _HEADERS.parsebytes(field)["From"]
    return from_.addresses[0].addr_spec if isinstance(from_, AddressHeader) and len(from_.addresses) == 1 else None


def _error(answer: Answer) -> tuple[str, str]:
    """The error's name and message. The name stands in a header, or in the body, with a namespace or an address."""
    body = answer.json_or_none()
    body = body if isinstance(body, dict) else {}
    kind = str(answer.headers.get("x-amzn-errortype") or body.get("__type") or body.get("code") or "")
    said = _CANONICAL.sub("", str(body.get("message") or body.get("Message") or ""))
    return kind.partition(":")[0].rpartition("#")[2], said
