"""What the `MAIL_URL` of a provider with an HTTP API says."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from nurture.errors import SettingsError

_MOST_CONNECTIONS = 64
_COMMON = ("api", "batch", "connections")


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Where to, as whom, and how much at a time.

    Attributes:
        api: The API's address, without a slash at the end.
        user: What stands before the `:` or alone before the `@`; empty where there is no `@`. Percent-decoded.
        password: What stands between `:` and `@`.
        host: What stands behind the `@`, or all of it where there is none; upper and lower case as written.
        connections: How many requests may be under way at once.
        batch: How many mails go in one request at most.
        given: The provider's own options behind the `?`.
    """

    api: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    host: str = field(repr=False)
    connections: int
    batch: int
    given: Mapping[str, str]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return tuple(secret for secret in (self.user, self.password, self.host) if len(secret) > 7)


def read_http_options(
    url: SplitResult,
    connections: int | None,
    *,
    api: str,
    most: int,
    batch: int | None = None,
    usual_connections: int = 1,
    own: Sequence[str] = (),
) -> HttpOptions:
    """Read `postmark://TOKEN?stream=broadcast&connections=2&api=http://127.0.0.1:8080`.

    Args:
        url: `MAIL_URL`, split.
        connections: How many, where the caller says so; it wins over the URL.
        api: The API's address where the URL names no other.
        most: How many mails one request can take.
        batch: How many it takes where the URL does not say; else `most`.
        usual_connections: How many where nobody says.
        own: Names of the provider's own options.

    Raises:
        SettingsError: Something in it is not known or not allowed; no key is shown.
    """
    if url.path.strip("/") or url.fragment:
        raise _wrong("has a `/` or a `#` behind the scheme: write them percent-encoded (%2F, %23)")
    given = _given(url, own)
    login, at, host = url.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return HttpOptions(
        api=_api(given.pop("api", None)) or api,
        user=unquote(user) if at else "",
        password=unquote(password),
        host=unquote(host),
        connections=connections or _number("connections", given.pop("connections", usual_connections), 1024),
        batch=_number("batch", given.pop("batch", batch or most), most),
        given=given,
    )


def _given(url: SplitResult, own: Sequence[str]) -> dict[str, str]:
    known = (*_COMMON, *own)
    given = dict(parse_qsl(url.query, keep_blank_values=True))
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"; did you mean `{near[0]}`?" if near else ""
            raise _wrong(f"has no option `{name}`; allowed are {', '.join(sorted(known))}{meant}")
    return given


def _api(address: str | None) -> str | None:
    if address is None:
        return None
    split = urlsplit(address)
    if split.scheme not in {"http", "https"} or not split.hostname or split.query or split.fragment:
        raise _wrong("says an api that is no address; write api=https://api.example.com")
    if split.scheme == "http" and not _is_local(split.hostname):
        raise _wrong("says an api without TLS on another machine; write api=https://…, or http:// for this machine")
    return address.rstrip("/")


def _is_local(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _number(name: str, said: str | int, most: int) -> int:
    most = min(most, _MOST_CONNECTIONS) if name == "connections" else most
    text = str(said)
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
        raise _wrong(f"says {name}={text}; allowed are 1 to {most}")
    return int(text)


def _wrong(what: str) -> SettingsError:
    return SettingsError(f"MAIL_URL {what}")
