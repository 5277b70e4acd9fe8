"""Amazon SNS's envelope: its signature, its topic, and the confirmation of a subscription.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. Every URL in an envelope is somebody's
word: nothing is fetched that is not SNS's own host, by https, and nothing before the topic is one of ours.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from nurture.mailers.payload import Unreadable, read_object, text_of, time_of
from nurture.mailers.signatures import SKEW, keys_in

Fetch = Callable[[str], bytes]
"""Gives what an https URL of SNS has, without following redirects; raises OSError where it cannot."""

WITHIN = timedelta(hours=25)
"""The envelope is signed when it is published, not when it is sent: SNS tries again for an hour, and a queue of what
could not be delivered may be sent again within a day."""

_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+)+-\d{1,2}\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{8,64}\.pem")
_VERSIONS = ("1", "2")
"""Of signatures."""
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def verify_envelope(body: bytes, topics: str, now: datetime, fetch: Fetch) -> bool:
    """Whether an envelope is of one of these topics (ARNs, commas between), not too old, and signed by SNS.

    Raises:
        OSError: The certificate cannot be fetched; try again later.
    """
    try:
        envelope = read_object(body)
    except Unreadable:
        return False
    at = time_of(envelope.get("Timestamp"))
    if text_of(envelope, "TopicArn") not in keys_in(topics) or at is None or not -SKEW <= now - at <= WITHIN:
        return False
    url = text_of(envelope, "SigningCertURL") or ""
    data, version = signed_text(envelope), text_of(envelope, "SignatureVersion")
    if data is None or version not in _VERSIONS or not is_certificate(url):
        return False
    try:
        signature = base64.b64decode(text_of(envelope, "Signature") or "", validate=True)
    except (binascii.Error, ValueError):
        return False
    from nurture.mailers.ses.rsa import is_signed  # 7 MB in each web process; few have SES

    return is_signed(fetch(url), signature, data, version, now)


def signed_text(envelope: Mapping[str, Any]) -> bytes | None:
    """Give what is signed: name and value of each field, a line each, in the order of their names."""
    names = _SIGNED.get(text_of(envelope, "Type") or "")
    if names is None:
        return None
    lines = [f"{name}\n{envelope[name]}\n" for name in names if isinstance(envelope.get(name), str)]
    return "".join(lines).encode("utf-8", "surrogatepass")


def is_certificate(url: str) -> bool:
    """Whether a URL is that of a certificate of SNS: its host, https, and the name that its certificates have."""
    return _is_sns(url) and _CERTIFICATE.fullmatch(urlsplit(url).path) is not None and "?" not in url


def subscription_url(body: bytes) -> str | None:
    """Give the URL to visit so that a subscription of a verified envelope is confirmed; None where there is none."""
    envelope = read_object(body)
    url = text_of(envelope, "SubscribeURL") or ""
    if text_of(envelope, "Type") != "SubscriptionConfirmation" or not _is_sns(url):
        return None
    asked = parse_qs(urlsplit(url).query)
    confirms = asked.get("Action") == ["ConfirmSubscription"] and asked.get("TopicArn") == [envelope.get("TopicArn")]
    return url if confirms else None


def _is_sns(url: str) -> bool:
    """Whether nothing but SNS can be behind a URL. Compared as written: no user, no port, no odd characters."""
    host, _, rest = url.removeprefix("https://").partition("/")
    odd = re.search(r"[^\x21-\x7e]|[\\@#]", url)
    return url.startswith("https://") and bool(rest) and not odd and _HOST.fullmatch(host) is not None
