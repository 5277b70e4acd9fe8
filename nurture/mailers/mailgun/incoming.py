"""A mail that a Mailgun route forwarded.

To an address that ends with `mime` it comes as it is; to any other in parts, and is put together from them.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from nurture.mailers.parsed_mail import assembled
from nurture.mailers.payload import text_of


def mail_of(said: Mapping[str, Any]) -> bytes:
    """Give the mail (RFC 5322). Of one in parts the attachments are left out: nobody reads them."""
    whole = said.get("body-mime")
    if whole:
        return whole if isinstance(whole, bytes) else str(whole).encode("utf-8", "replace")
    headers = _headers(text_of(said, "message-headers"))
    names = {name.lower() for name, _ in headers}
    apart = (("From", "from"), ("From", "sender"), ("Subject", "subject"), ("To", "recipient"))
    for name, key in apart:
        value = text_of(said, key, key.title())
        if value and name.lower() not in names:
            headers.append((name, value))
            names.add(name.lower())
    return assembled(headers, text_of(said, "body-plain"), text_of(said, "body-html"))


def _headers(listed: str | None) -> list[tuple[str, str]]:
    """Its headers, a JSON list of pairs."""
    try:
        found = orjson.loads(listed or "[]")
    except orjson.JSONDecodeError:
        return []
    pairs = found if isinstance(found, list) else []
    return [(str(one[0]), str(one[1])) for one in pairs if isinstance(one, list) and len(one) == 2]
