"""A mail that SendGrid's Inbound Parse took in.

Where "POST the raw, full MIME message" is ticked it is in the call as it came; else it is put together from its parts.
https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook
"""

from collections.abc import Mapping
from email.parser import HeaderParser
from email.policy import compat32
from typing import Any

import orjson

from nurture.mailers.parsed_mail import assembled
from nurture.mailers.payload import address_in, list_of, mapping_of, text_of


def mail_of(fields: Mapping[str, bytes]) -> bytes:
    """Give the mail (RFC 5322). Of one in parts the attachments are left out: nobody reads them."""
    if fields.get("email"):
        return fields["email"]
    charsets = _object(fields.get("charsets"))
    headers = HeaderParser(policy=compat32).parsestr(_decoded(fields.get("headers"), charsets.get("headers")) or "")
    given = [(name, str(value)) for name, value in headers.items()]
    names = {name.lower() for name, _ in given}
    for name in ("from", "to", "cc", "subject"):
        value = _decoded(fields.get(name), charsets.get(name))
        if value and name not in names:
            given.append((name.title(), value))
    text, html = (_decoded(fields.get(name), charsets.get(name)) for name in ("text", "html"))
    return assembled(given, text, html)


def recipient_of(fields: Mapping[str, bytes]) -> str | None:
    """Give the address that it was delivered to, by the envelope, else by its `To`."""
    envelope = _object(fields.get("envelope"))
    to = list_of(envelope, "to")
    return to[0] if to and isinstance(to[0], str) else address_in(text_of(fields, "to"))


def _object(value: bytes | None) -> Mapping[str, Any]:
    try:
        return mapping_of({"it": orjson.loads(value or b"")}, "it")
    except orjson.JSONDecodeError:
        return {}


def _decoded(value: bytes | None, charset: object) -> str | None:
    if value is None:
        return None
    try:
        return value.decode(charset if isinstance(charset, str) else "utf-8", "replace")
    except (LookupError, ValueError):
        return value.decode("utf-8", "replace")
