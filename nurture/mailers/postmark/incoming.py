"""A mail that Postmark took in, as a mail again.

Where "Include raw email content" is ticked it is in the call as it came; else it is put together from its parts.
"""

import base64
import binascii
from collections.abc import Mapping
from email.utils import formataddr
from typing import Any

from nurture.mailers.parsed_mail import Attached, assembled
from nurture.mailers.payload import list_of, text_of


def mail_of(said: Mapping[str, Any]) -> bytes:
    """Give the mail (RFC 5322)."""
    raw = text_of(said, "RawEmail")
    if raw is not None:
        return raw.encode("utf-8", "replace")
    attached = [_attached(one) for one in list_of(said, "Attachments") if isinstance(one, dict)]
    files = [one for one in attached if one is not None]
    return assembled(_headers(said), text_of(said, "TextBody"), text_of(said, "HtmlBody"), files)


def _headers(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Its own headers as far as they are given, and those that Postmark gives apart."""
    given = [
        (str(one.get("Name")), str(one.get("Value") or ""))
        for one in list_of(said, "Headers")
        if isinstance(one, dict) and one.get("Name")
    ]
    names = {name.lower() for name, _ in given}
    apart: list[tuple[str, str | None]] = [
        ("From", _people([said.get("FromFull")])),
        ("To", _people(list_of(said, "ToFull"))),
    ]
    apart += [("Cc", _people(list_of(said, "CcFull")))]
    apart += [(name, text_of(said, name)) for name in ("From", "To", "Cc", "Subject", "Date")]
    for name, value in apart:
        if value and name.lower() not in names:
            given.append((name, value))
            names.add(name.lower())
    return given


def _people(found: list[Any]) -> str:
    people = [(text_of(one, "Name") or "", text_of(one, "Email") or "") for one in found if isinstance(one, dict)]
    return ", ".join(formataddr(person) for person in people if person[1].isascii() and person[1])


def _attached(said: Mapping[str, Any]) -> Attached | None:
    try:
        content = base64.b64decode(text_of(said, "Content") or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return Attached(content, text_of(said, "ContentType"), text_of(said, "Name"))
