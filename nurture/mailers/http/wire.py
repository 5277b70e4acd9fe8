"""One POST and its answer, within bounds; and what it means where there is none."""

import asyncio
import ssl
from dataclasses import dataclass
from functools import lru_cache

import httpx

from nurture import __version__
from nurture.mailers.http.answers import Answer, Request

AGENT = f"nurture/{__version__}"
CONNECT, WRITE, READ, POOL = 10.0, 30.0, 60.0, 10.0
"""Seconds. The answer to a batch takes a provider long at times, and who gives up on it knows nothing."""
IN_ALL = 120.0
"""Seconds for the whole exchange, also where an answer drips in octet by octet."""
MOST_OCTETS = 4 * 1024 * 1024
"""So much of an answer is read. One to 500 mails has about 100 kB."""
IDLE = 15.0
"""A connection that rested so long is opened anew: who writes into one that the server is just closing, loses mails."""

_NOTHING_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""No connection, so no request: refused, no such name, no TLS, no free place. Or the request itself cannot be."""


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no answer. `may_have_left`: the request, or enough of it to be acted upon, may have got there."""

    why: str
    may_have_left: bool


def open_client(api: str, connections: int) -> httpx.AsyncClient:
    """Give the client of one mailer. It follows no redirect, and obeys the proxies that the environment names."""
    return httpx.AsyncClient(
        base_url=api,
        headers={"user-agent": AGENT, "accept-encoding": "identity"},
        timeout=httpx.Timeout(connect=CONNECT, write=WRITE, read=READ, pool=POOL),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE),
        follow_redirects=False,
        verify=_trusted(),
    )


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The certificates that the machine trusts, or `SSL_CERT_FILE` names; reading them takes longer than a request."""
    return httpx.create_ssl_context()


async def post(client: httpx.AsyncClient, request: Request) -> Answer | Lost:
    """Post once."""
    try:
        async with asyncio.timeout(IN_ALL):
            return await _post(client, request)
    except TimeoutError:
        return Lost(f"did not answer within {IN_ALL:.0f} seconds", may_have_left=True)


async def _post(client: httpx.AsyncClient, request: Request) -> Answer | Lost:
    begun = client.build_request("POST", request.path, content=request.content, headers=dict(request.headers))
    try:
        response = await client.send(begun, stream=True)
    except _NOTHING_LEFT as error:
        return Lost(_why("cannot be reached", error), may_have_left=False)
    except (httpx.TimeoutException, httpx.TransportError) as error:
        return Lost(_why("did not answer", error), may_have_left=True)
    try:
        content, whole = await _content(response)
    finally:
        await response.aclose()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, content, whole)


async def _content(response: httpx.Response) -> tuple[bytes, bool]:
    """The body, and whether it is all there: the status has been given, whatever becomes of the rest."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in response.aiter_raw():
            size += len(part)
            if size > MOST_OCTETS:
                return b"", False
            parts.append(part)
    except (httpx.TimeoutException, httpx.TransportError):
        return b"".join(parts), False
    return b"".join(parts), True


def _why(what: str, error: Exception) -> str:
    kind = type(error).__name__
    return f"{what} ({kind}: {error})" if str(error) else f"{what} ({kind})"
