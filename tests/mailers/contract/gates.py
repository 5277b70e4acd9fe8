"""What lets a request through to a provider, and refuses it otherwise: Prism, moto, AWS's own description of its API,
and rules that documentation states in words.
"""

import base64
import email
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from tests.mailers.contract.prism import Prism
from tests.mailers.contract.providers import KEY, fields_of_form, octets_of, text_of
from tests.mailers.contract.stub import Asked

_POSTMARK = {
    "From", "To", "Cc", "Bcc", "Subject", "Tag", "HtmlBody", "TextBody", "ReplyTo", "Headers", "TrackOpens",
    "TrackLinks", "Metadata", "Attachments", "MessageStream",
}  # fmt: skip
_SENDGRID_RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
_MAILGUN = re.compile(r"(to|cc|bcc|message|template|recipient-variables|[ohvt]:[\w.-]+)")
_YES_OR_NO = {"yes", "no", "true", "false"}


def postmark(asked: Asked) -> Iterator[str]:
    """ "Sending a batch", "Custom metadata FAQ", "API errors"."""
    if asked.path != "/email/batch":
        yield "no such path"
    yield from _unlike(asked.headers, "x-postmark-server-token", KEY)
    yield from _unlike(asked.headers, "content-type", "application/json")
    yield from _unlike(asked.headers, "accept", "application/json")
    items = asked.json()
    if not isinstance(items, list) or not 1 <= len(items) <= 500 or len(asked.body) > 50_000_000:
        yield "no list of 1 to 500 mails of 50 MB"
        return
    for item in items:
        yield from _postmark_item(item)


def _postmark_item(item: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name} is unknown" for name in item.keys() - _POSTMARK)
    yield from (f"{name} is missing" for name in ("From", "To", "Subject") if not item.get(name))
    if not item.get("HtmlBody") and not item.get("TextBody"):
        yield "neither HtmlBody nor TextBody"
    for header in item.get("Headers", []):
        if set(header) != {"Name", "Value"} or not all(isinstance(value, str) for value in header.values()):
            yield "a header is a Name and a Value"
    for name, value in item.get("Metadata", {}).items():
        if len(name) > 20 or not isinstance(value, str) or len(value) > 80:
            yield "metadata has names of 20 and values of 80 characters"
    if item.get("TrackLinks") not in (None, "None", "HtmlAndText", "HtmlOnly", "TextOnly"):
        yield "TrackLinks"
    if not isinstance(item.get("TrackOpens", False), bool):
        yield "TrackOpens"


def sendgrid(prism: Prism, asked: Asked) -> Iterator[str]:
    """Their description, and what their documentation says of headers, contents and size in words."""
    if (refused := prism.refusal(asked.path, asked.headers, asked.body)) is not None:
        yield refused.text
    yield from _unlike(asked.headers, "authorization", f"Bearer {KEY}")
    body = asked.json()
    for where in (body, *body.get("personalizations", [])):
        for name, value in where.get("headers", {}).items():
            if name.lower() in _SENDGRID_RESERVED:
                yield f"{name} is reserved"
            if not isinstance(value, str) or not (name + value).isascii() or "\n" in value or "\r" in value:
                yield f"{name} is not encoded"
    kinds = [part.get("type") for part in body.get("content", [])]
    if kinds != sorted(kinds, key=["text/plain", "text/html"].index):
        yield "text/plain comes first, then text/html"


def resend(prism: Prism, asked: Asked) -> Iterator[str]:
    """Our description of their documentation."""
    if (refused := prism.refusal(asked.path, asked.headers, asked.body)) is not None:
        yield refused.text
    yield from _unlike(asked.headers, "authorization", f"Bearer {KEY}")


def mailgun(asked: Asked) -> Iterator[str]:
    """ "Send an email in MIME format", "Sending options"."""
    if asked.path != "/v3/news.acme.example/messages.mime":
        yield "no such path"
    yield from _unlike(asked.headers, "authorization", "Basic " + base64.b64encode(f"api:{KEY}".encode()).decode())
    if not asked.headers.get("content-type", "").startswith("multipart/form-data; boundary="):
        yield "no form"
        return
    fields = fields_of_form(asked)
    yield from (f"{name} is unknown" for name in fields if not _MAILGUN.fullmatch(name))
    yield from (f"{name} parameter is missing" for name in ("to", "message") if name not in fields)
    if any(part.get_filename() is None for part in fields.get("message", [])):
        yield "message parameter is not a file"
    elif "message" in fields and not email.message_from_bytes(octets_of(fields["message"][0], asked))["From"]:
        yield "from is missing"
    options = {name: text_of(parts[0]) for name, parts in fields.items() if name[1:2] == ":"}
    if sum(map(len, (*options, *options.values()))) > 16_384:
        yield "send options are limited to 16 kB total"
    for name, value in options.items():
        if name.startswith("o:tracking") and value not in _YES_OR_NO:
            yield f"{name} must be yes or no"


def ses(asked: Asked) -> Iterator[str]:
    """What botocore would say of the parameters, by AWS's own description; and what that says in words only."""
    if asked.path != "/v2/email/outbound-emails":
        yield "no such path"
    shape = botocore.session.get_session().get_service_model("sesv2").operation_model("SendEmail").input_shape
    body = asked.json()
    raw = body.get("Content", {}).get("Raw", {})
    try:
        data = base64.b64decode(raw.get("Data", ""), validate=True)
    except ValueError:
        yield "Data is no base64"
        return
    if raw:
        raw["Data"] = data
    report = ParamValidator().validate(body, shape)
    if report.has_errors():
        yield report.generate_report()
    elif not _is_known(body, shape):
        yield "unknown parameters"
    for tag in body.get("EmailTags", []):
        if not all(re.fullmatch("[A-Za-z0-9_-]{1,256}", value) for value in tag.values()):
            yield "a tag has letters, digits, _ and -"
    if any(len(line) > 998 for line in data.splitlines()):
        yield "a line has at most 1,000 octets"
    if not data.isascii():
        yield "the message is not encoded"


def _is_known(params: Any, shape: Any) -> bool:
    if shape.type_name == "structure":
        return params.keys() <= shape.members.keys() and all(
            _is_known(value, shape.members[name]) for name, value in params.items()
        )
    return shape.type_name != "list" or all(_is_known(value, shape.member) for value in params)


def _unlike(headers: Mapping[str, str], name: str, value: str) -> Iterator[str]:
    if headers.get(name) != value:
        yield f"the header {name} is not as it should be"


def refusals(gate: Any, asked: Asked) -> list[str]:
    """All that a gate has against a request."""
    try:
        json.loads(asked.body)
    except ValueError:
        if "json" in asked.headers.get("content-type", ""):
            return ["no JSON"]
    return list(gate(asked))
