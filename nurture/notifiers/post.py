"""One POST to a channel, with its bounds: time, size of the answer, no redirects."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

import httpx

from nurture import __version__
from nurture.errors import NotifierError, SettingsError
from nurture.notifiers.wording import one_line

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
READ_AT_MOST = 4096
AGENT = f"nurture/{__version__}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the start of the body on one line, and the seconds the channel asked us to wait."""

    status: int
    text: str
    retry_after: float | None = None


def checked_url(variable: str, url: str) -> str:
    """`url` if it can be posted to, else a `SettingsError` that names the variable and not its (secret) value.

    Private and loopback addresses are allowed: the operator sets these two URLs in the environment, nobody else can,
    and a CRM's receiver on the same private network is an ordinary target. What a receiver answers cannot steer us
    elsewhere, because redirects are never followed.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise SettingsError(f"{variable} must be an http:// or https:// URL with a host")
    return url


def post(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    transport: httpx.BaseTransport | None = None,
    timeout: httpx.Timeout = TIMEOUT,
) -> Answer:
    """POST `content` once. Any HTTP answer is an `Answer`; no answer is a `NotifierError` to be tried again.

    A client per POST, on purpose: notices are few, and nothing is left open between them. At most 4 KB of the answer
    are read, for no longer than one read's time-out.
    """
    sent = {"user-agent": AGENT, "content-type": "application/json", "accept-encoding": "identity", **headers}
    try:
        with (
            httpx.Client(transport=transport, timeout=timeout, verify=_trusted(), follow_redirects=False) as client,
            client.stream("POST", url, content=content, headers=sent) as response,
        ):
            return Answer(response.status_code, _start_of(response, timeout), _retry_after(response))
    except httpx.TimeoutException as error:
        raise NotifierError(f"no answer in time ({type(error).__name__})") from error
    except httpx.TransportError as error:
        raise NotifierError(f"could not be reached: {one_line(error, 200)}") from error


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The certificates that the machine trusts, or `SSL_CERT_FILE` names; reading them takes longer than a POST."""
    return httpx.create_ssl_context()


def _start_of(response: httpx.Response, timeout: httpx.Timeout) -> str:
    """The first words of an answer. A body that stops half-way does not matter: the status has been given."""
    until = time.monotonic() + (timeout.read or 0.0)
    body = b""
    try:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) >= READ_AT_MOST or time.monotonic() > until:
                break
    except httpx.TransportError:
        pass
    return one_line(body[:READ_AT_MOST].decode("utf-8", "replace"), 200)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.fromtimestamp(time.time(), UTC)).total_seconds())
