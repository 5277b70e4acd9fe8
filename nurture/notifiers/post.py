"""One POST to a channel, with its bounds: time, size of the answer, no redirects."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx

from nurture import __version__
from nurture.errors import NotifierError, SettingsError
from nurture.notifiers.guard import Guard
from nurture.notifiers.wording import one_line
from nurture.retry_after import seconds_asked

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

    Private addresses may stand in it: the operator sets these two URLs in the environment, nobody else can, and a CRM's
    receiver on the same private network is an ordinary target. Where a name leads is for `notifiers.guard` to see, and
    what a receiver answers cannot steer us elsewhere, because redirects are never followed.
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
    guard: Guard | None = None,
) -> Answer:
    """POST `content` once. Any HTTP answer is an `Answer`; no answer is a `NotifierError` to be tried again.

    A client per POST, on purpose: notices are few, and nothing is left open between them. At most 4 KB of the answer
    are read, for no longer than one read's time-out. With a `guard`, only addresses that it lets through are posted to.
    """
    sent = {"user-agent": AGENT, "content-type": "application/json", "accept-encoding": "identity", **headers}
    target = httpx.URL(url)
    addresses = guard.addresses(target) if guard is not None and transport is None else None
    pinned = addresses is not None
    with httpx.Client(
        transport=transport, timeout=timeout, verify=_trusted(), follow_redirects=False, trust_env=not pinned
    ) as client:
        for address in addresses or (None,):
            try:
                with client.stream("POST", **_aimed(target, address, sent), content=content) as response:
                    return Answer(response.status_code, _start_of(response, timeout), seconds_asked(response.headers))
            except httpx.TimeoutException as error:
                failure = NotifierError(f"no answer in time ({type(error).__name__})")
                if not isinstance(error, httpx.ConnectTimeout):
                    raise failure from error
            except httpx.TransportError as error:
                failure = NotifierError(f"could not be reached: {one_line(error, 200)}")
                if not isinstance(error, httpx.ConnectError):
                    raise failure from error
    raise failure


def _aimed(target: httpx.URL, address: str | None, headers: Mapping[str, str]) -> dict[str, Any]:
    """A request to just this address of the host, which stays the one that is asked and that its certificate names."""
    if address is None:
        return {"url": target, "headers": dict(headers)}
    host = {"host": target.netloc.decode("ascii").rpartition("@")[2]}
    extensions = {"sni_hostname": target.raw_host.decode("ascii")}
    return {"url": target.copy_with(host=address), "headers": {**headers, **host}, "extensions": extensions}


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
