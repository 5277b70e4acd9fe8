"""A harmless authenticated call to each provider: does it know our key?

`in`: yes. `limited`: yes, and the key may only send. `unclear`: the key may not look, which says nothing of sending.
`out`: it does not. Anything else is why nobody could be asked.
"""

import os
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, parse_qs, quote, urlencode, urlsplit

import httpx

from nurture.mailers.http import read_http_options
from nurture.mailers.ses.signing import Credentials, signed
from nurture.mailers.ses.signing import Request as Unsigned

ANSWERS_WITHIN = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Question:
    """One GET, and how its refusals read."""

    url: str
    headers: Mapping[str, str]
    refused: Callable[[httpx.Response], str]


def asked(mail_url: str) -> str:
    """Ask the provider of this MAIL_URL.

    Raises:
        SettingsError: The URL cannot be read.
    """
    split = urlsplit(mail_url)
    question = _QUESTIONS[split.scheme](split)
    try:
        answer = httpx.get(question.url, headers=question.headers, timeout=ANSWERS_WITHIN)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}"
    if answer.is_success:
        return "in"
    return question.refused(answer) if answer.status_code in (400, 401, 403) else f"it answers {answer.status_code}"


def _option(split: SplitResult, name: str) -> str:
    return parse_qs(split.query).get(name, [""])[0]


def _options(split: SplitResult, api: str) -> tuple[str, str, str, str]:
    """Give the API's address, user, password and host, whatever else the provider's own part of the URL says."""
    kept = urlencode({"api": _option(split, "api")} if _option(split, "api") else {})
    options = read_http_options(split._replace(query=kept), 1, api=api, most=1)
    return options.api, options.user, options.password, options.host


def _postmark(split: SplitResult) -> Question:
    api, _, _, token = _options(split, "https://api.postmarkapp.com")
    headers = {"accept": "application/json", "x-postmark-server-token": token}
    return Question(f"{api}/server", headers, lambda _: "out")


def _sendgrid(split: SplitResult) -> Question:
    api, _, _, key = _options(split, "https://api.sendgrid.com")
    return Question(
        f"{api}/v3/scopes", {"authorization": f"Bearer {key}"}, lambda answer: _by_status(answer.status_code)
    )


def _mailgun(split: SplitResult) -> Question:
    usual = "https://api.eu.mailgun.net" if _option(split, "region") == "eu" else "https://api.mailgun.net"
    api, key, _, domain = _options(split, usual)
    basic = f"Basic {b64encode(f'api:{key}'.encode()).decode()}"
    url = f"{api}/v3/domains/{quote(domain, safe='')}"
    return Question(url, {"authorization": basic}, lambda _: "unclear")  # a domain's sending key may not look


def _resend(split: SplitResult) -> Question:
    api, _, _, key = _options(split, "https://api.resend.com")
    return Question(
        f"{api}/domains",
        {"authorization": f"Bearer {key}"},
        lambda answer: "limited" if "restricted_api_key" in answer.text else "out",
    )


def _ses(split: SplitResult) -> Question:
    region = split.hostname or ""
    suffix = ".cn" if region.startswith("cn-") else ""
    api, key, secret, _ = _options(split, f"https://email.{region}.amazonaws.com{suffix}")
    token = _option(split, "session_token") or os.environ.get("AWS_SESSION_TOKEN") or None
    request = Unsigned("GET", urlsplit(api).netloc, "/v2/email/account", {}, b"")
    headers = signed(
        request, Credentials(key, secret, token), region=region, at=datetime.fromtimestamp(time.time(), UTC)
    )
    return Question(f"{api}/v2/email/account", headers, _of_amazon)


def _of_amazon(answer: httpx.Response) -> str:
    kind = answer.headers.get("x-amzn-errortype", "") + answer.text
    return "unclear" if "AccessDenied" in kind else "out"


def _by_status(status: int) -> str:
    return "out" if status == 401 else "unclear"


_QUESTIONS: dict[str, Callable[[SplitResult], Question]] = {
    "postmark": _postmark,
    "sendgrid": _sendgrid,
    "mailgun": _mailgun,
    "ses": _ses,
    "resend": _resend,
}
