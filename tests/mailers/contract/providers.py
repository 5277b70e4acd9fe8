"""What each provider's API is, as its documentation has it: how a request is read, and the answers that it gives.

Written from the documentation, without a look at what our mailers make of it.
"""

import base64
import email
import email.policy
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from tests.mailers.contract.letters import KEPT, Seen, mailbox, seen
from tests.mailers.contract.stub import Asked, Said

KEY = "k3y-of-the-tests-0123456789"
SECRET = "s3cret/of+the=tests/abcdefghijklmnopqrst"


@dataclass(frozen=True)
class Provider:
    """One of them.

    Attributes:
        name: The scheme of `MAIL_URL`.
        url: `MAIL_URL`, `{api}` in it.
        seen: The mails in a request.
        taken: The answer to a good request.
        refusal: The answer where these addresses are no good, and all others are.
        wrong_key: The answer to a login that it does not know; it repeats more than it should.
        too_many: The body of a 429.
        many: Whether a request may hold several mails.
    """

    name: str
    url: str
    seen: Callable[[Asked], list[Seen]]
    taken: Callable[[Asked], Said]
    refusal: Callable[[Asked, Sequence[str]], Said]
    wrong_key: Said
    too_many: Any
    many: bool = False


def fields_of_form(asked: Asked) -> dict[str, list[EmailMessage]]:
    """The fields of a form (RFC 7578), by the standard library's parser."""
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    form = email.message_from_bytes(head + asked.body, policy=email.policy.HTTP)
    assert isinstance(form, EmailMessage)
    assert not form.defects
    fields: dict[str, list[EmailMessage]] = {}
    for part in form.iter_parts():
        assert isinstance(part, EmailMessage)
        fields.setdefault(part["Content-Disposition"].params["name"], []).append(part)
    return fields


def text_of(part: EmailMessage) -> str:
    """A field of a form that is no file."""
    return str(part.get_payload(decode=False))


def octets_of(part: EmailMessage, asked: Asked) -> bytes:
    """A file of a form, as it came: the parser would take a message apart."""
    boundary = b"\r\n--" + asked.headers["content-type"].partition("boundary=")[2].encode()
    head, _, rest = asked.body.partition(b'filename="' + part.get_filename().encode())  # type: ignore[union-attr]
    assert head
    return rest.partition(b"\r\n\r\n")[2].partition(boundary)[0]


def _fields(headers: dict[str, str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: lower[name] for name in KEPT}


def _message_id(headers: dict[str, str]) -> str:
    """Resend writes a `Message-ID` of its own; there ours goes into `References`."""
    lower = {name.lower(): value for name, value in headers.items()}
    return lower.get("message-id") or lower["references"]


def _of_postmark(asked: Asked) -> list[Seen]:
    found = []
    for item in asked.json():
        headers = {header["Name"]: header["Value"] for header in item["Headers"]}
        assert len(headers) == len(item["Headers"])
        found.append(
            Seen(
                item["To"],
                mailbox(item["From"]),
                mailbox(item["ReplyTo"]),
                item["Subject"],
                _message_id(headers),
                _fields(headers),
                item["TextBody"],
                item["HtmlBody"],
                item["Metadata"]["nurture"],
            )
        )
    return found


def _postmark_answers(asked: Asked, dead: Sequence[str] = ()) -> Said:
    good = {"SubmittedAt": "2026-03-03T15:04:05Z", "ErrorCode": 0, "Message": "OK"}
    bad = {"ErrorCode": 406, "Message": "You tried to send to recipients that have all been marked as inactive."}
    taken = [{"To": item["To"], "MessageID": str(uuid.uuid4()), **good} for item in asked.json()]
    return Said(200, [bad if item["To"] in dead else item for item in taken])


def _of_resend(asked: Asked) -> list[Seen]:
    items = asked.json()
    found = []
    for item in items if isinstance(items, list) else [items]:
        (to,) = [item["to"]] if isinstance(item["to"], str) else item["to"]
        (tag,) = [tag["value"] for tag in item["tags"] if tag["name"] == "nurture"]
        headers = item["headers"]
        found.append(
            Seen(
                to,
                mailbox(item["from"]),
                mailbox(item["reply_to"]),
                item["subject"],
                _message_id(headers),
                _fields(headers),
                item["text"],
                item["html"],
                tag.replace("d-", "d.", 1),
            )
        )
    return found


def _resend_answers(asked: Asked, bad: Sequence[str] = ()) -> Said:
    """Batch validation "permissive": what is wrong is named by its place, the rest is taken."""
    good, errors = [], []
    for place, mail in enumerate(_of_resend(asked)):
        if mail.recipient in bad:
            errors.append({"index": place, "message": "The `to` field is invalid."})
        else:
            good.append({"id": str(uuid.uuid4())})
    return Said(200, {"data": good, **({"errors": errors} if errors else {})})


def _of_sendgrid(asked: Asked) -> list[Seen]:
    body = asked.json()
    (person,) = body["personalizations"]
    (to,) = person["to"]
    text, html = body["content"]
    assert (text["type"], html["type"]) == ("text/plain", "text/html")
    headers = body["headers"]
    sender, reply_to = body["from"], body["reply_to"]
    return [
        Seen(
            to["email"], (sender.get("name", ""), sender["email"]), (reply_to.get("name", ""), reply_to["email"]),
            body["subject"], _message_id(headers), _fields(headers), text["value"], html["value"],
            person["custom_args"]["nurture"],
        )
    ]  # fmt: skip


def _of_mailgun(asked: Asked) -> list[Seen]:
    fields = fields_of_form(asked)
    (to,), (token,), (message,) = fields["to"], fields["v:nurture"], fields["message"]
    return [seen(octets_of(message, asked), text_of(to), text_of(token))]


def _of_ses(asked: Asked) -> list[Seen]:
    body = asked.json()
    (to,) = body["Destination"]["ToAddresses"]
    (tag,) = [tag["Value"] for tag in body["EmailTags"] if tag["Name"] == "nurture"]
    return [seen(base64.b64decode(body["Content"]["Raw"]["Data"]), to, tag.replace("d-", "d.", 1))]


def _one(seen: Callable[[Asked], list[Seen]], taken: Callable[[Asked], Said], refused: Said) -> Any:
    """The refusal of a provider that takes one mail a request."""
    return lambda asked, bad: refused if seen(asked)[0].recipient in bad else taken(asked)


def _sendgrid_takes(_asked: Asked) -> Said:
    return Said(202, b"", {"X-Message-Id": "14c5d75ce93.dfd.64b469"})


def _mailgun_takes(asked: Asked) -> Said:
    return Said(200, {"id": _of_mailgun(asked)[0].message_id, "message": "Queued. Thank you."})


def _ses_takes(_asked: Asked) -> Said:
    return Said(200, {"MessageId": "0102018f0e0c5a5b-00000000-0000-0000-0000-000000000000-000000"})


def _of_amazon(status: int, kind: str, message: str) -> Said:
    return Said(status, {"message": message}, {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.example/"})


_SENDGRID_REFUSES = {
    "message": "Does not contain a valid address.",
    "field": "personalizations.0.to.0.email",
    "help": None,
}

PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider(
            "postmark", f"postmark://{KEY}?api={{api}}", _of_postmark, _postmark_answers, _postmark_answers,
            Said(401, {"ErrorCode": 10, "Message": f"No account has the token {KEY}."}),
            {"ErrorCode": 429, "Message": "Rate limit exceeded."}, many=True,
        ),
        Provider(
            "resend", f"resend://{KEY}?api={{api}}", _of_resend, _resend_answers, _resend_answers,
            Said(403, {"statusCode": 403, "name": "invalid_api_key", "message": f"API key {KEY} is invalid"}),
            {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many requests."}, many=True,
        ),
        Provider(
            "sendgrid", f"sendgrid://{KEY}?api={{api}}", _of_sendgrid, _sendgrid_takes,
            _one(_of_sendgrid, _sendgrid_takes, Said(400, {"errors": [_SENDGRID_REFUSES]})),
            Said(401, {"errors": [{"field": None, "message": f"the grant {KEY} is invalid, expired, or revoked"}]}),
            {"errors": [{"field": None, "message": "too many requests"}]},
        ),
        Provider(
            "mailgun", f"mailgun://{KEY}@news.acme.example?api={{api}}", _of_mailgun, _mailgun_takes,
            _one(_of_mailgun, _mailgun_takes,
                 Said(400, {"message": "'to' parameter is not a valid address. please check documentation"})),
            Said(401, f"Forbidden: {KEY}".encode(), {"Content-Type": "text/plain"}),
            {"message": "Too many requests"},
        ),
        Provider(
            "ses", "ses://AKIAOFTHETESTS000000:s3cret%2Fof%2Bthe%3Dtests%2Fabcdefghijklmnopqrst@eu-west-1?api={api}",
            _of_ses, _ses_takes,
            _one(_of_ses, _ses_takes, _of_amazon(400, "BadRequestException", "Missing final '@domain'")),
            _of_amazon(403, "UnrecognizedClientException", f"AKIAOFTHETESTS000000 {SECRET} is invalid."),
            {"message": "Maximum sending rate exceeded."},
        ),
    )
}  # fmt: skip
