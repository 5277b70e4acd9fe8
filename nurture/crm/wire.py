"""One request to a CRM and its answer, within bounds: time, size, no redirects. A kept connection carries many."""

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx
import orjson

from nurture import __version__
from nurture.errors import CrmAway
from nurture.retry_after import seconds_asked

AGENT = f"nurture/{__version__}"
TIMEOUT = httpx.Timeout(15.0, connect=5.0)
IN_ALL = 30.0
"""Seconds for one exchange, also where an answer drips in."""
MOST_OCTETS = 16 * 1024 * 1024
_ADDRESS = re.compile(r"[^\s\"'<>(),:;\\\[\]]+@[^\s\"'<>(),:;\\\[\]]+")
PATIENCE = 24 * 3600.0
"""Seconds; whoever asks for a longer wait is asked again all the same."""
IDLE = 15.0
"""A connection that rested so long is opened anew."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `data` is its JSON, None where it is none."""

    status: int
    headers: Mapping[str, str]
    data: Any

    @property
    def is_good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """Seconds that the CRM asks us to wait, where it says so; no more than a day."""
        asked = seconds_asked(self.headers)
        return None if asked is None else min(asked, PATIENCE)


class Wire:
    """The way to one CRM. Any thread may use it."""

    def __init__(
        self, label: str, url: str, *, timeout: httpx.Timeout = TIMEOUT, trusted: ssl.SSLContext | None = None
    ) -> None:
        """`label` is the CRM's name, for people; `url` has no path; `trusted`: other certificates than usual."""
        self.label = label
        self._client = httpx.Client(
            base_url=url,
            headers={"user-agent": AGENT, "accept": "application/json"},
            timeout=timeout,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=4, keepalive_expiry=IDLE),
            follow_redirects=False,
            verify=trusted or _trusted(),
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: Any = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request.

        Raises:
            CrmAway: There is no answer. What was asked may have been done.
        """
        sent = dict(headers)
        content = None
        if body is not None:
            sent["content-type"] = "application/json"
            content = orjson.dumps(body)
        request = self._client.build_request(method, path, headers=sent, content=content, data=form, params=query)
        try:
            response = self._client.send(request, stream=True)
            try:
                return Answer(response.status_code, response.headers, _json(_content(response)))
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise CrmAway(f"{self.label} did not answer in time ({type(error).__name__})") from error
        except httpx.TransportError as error:
            raise CrmAway(f"{self.label} cannot be reached ({one_line(error) or type(error).__name__})") from error

    def close(self) -> None:
        """Let go of the connections that are kept."""
        self._client.close()


def _content(response: httpx.Response) -> bytes:
    """All of an answer that is not too long and does not take too long."""
    until = time.monotonic() + IN_ALL
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > MOST_OCTETS or time.monotonic() > until:
            raise httpx.ReadTimeout("the answer takes no end", request=response.request)
    return b"".join(parts)


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def one_line(said: object, most: int = 300) -> str:
    """Somebody else's words on one line, without what could disturb a terminal, and without addresses of people."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in str(said)).split())
    text = _ADDRESS.sub("(an address)", text)
    return text if len(text) <= most else text[: most - 1] + "…"


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The certificates that the machine trusts, or `SSL_CERT_FILE` names."""
    return httpx.create_ssl_context()
