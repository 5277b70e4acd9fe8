"""What a `smtp://` or `smtps://` URL says."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote

from nurture.errors import SettingsError
from nurture.messages import Sign

Tls = Literal["auto", "require", "never", "implicit"]
_TLS: dict[str, Tls] = {"auto": "auto", "require": "require", "never": "never"}
_KNOWN = ("tls", "connections", "helo", "ca", "insecure")
_MOST_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for the server, by phase.

    RFC 5321 §4.5.3.2 grants minutes. A connection that waits holds up other leads' mails, and a mail given up early is
    put off, or unknown and never sent twice; so these are shorter.
    """

    connect: float = 10
    greeting: float = 30
    command: float = 30
    data: float = 60
    body: float = 60
    taken: float = 120
    quit: float = 2


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long a connection is kept, in seconds and mails."""

    check_after: float = 10
    """Idle for so long, it is asked (NOOP) whether it still stands."""
    close_after: float = 120
    """Idle for so long, it is closed."""
    longest: float = 1800
    most_mails: int = 1000


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """Where to, how, and as whom.

    Attributes:
        host: The server's name or address.
        port: Its port.
        tls: `implicit` from the first byte (smtps); `auto` where the server offers STARTTLS; `require`; `never`.
        user: Whom to log in as; without one there is no login.
        password: With what.
        insecure: Let the password go over plain text, and take any certificate.
        ca: A file of certificates to trust instead of the system's.
        helo: What to call ourselves; else our address.
        connections: How many to keep.
        sign: What signs each mail before it leaves, in a thread of its own.
    """

    host: str
    port: int
    tls: Tls = "auto"
    user: str = ""
    password: str = field(default="", repr=False)
    insecure: bool = False
    ca: str | None = None
    helo: str = ""
    connections: int = 8
    timeouts: Timeouts = Timeouts()
    keeping: Keeping = Keeping()
    sign: Sign | None = field(default=None, repr=False)

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, where nobody listens in."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def password_may_go_plain(self) -> bool:
        """Whether the login may be sent without TLS."""
        return self.is_local or self.insecure

    def tls_context(self) -> ssl.SSLContext:
        """Give the TLS settings.

        The certificate is checked, except where `insecure` says not to, and where TLS is a mere bonus: taken because it
        is offered, when plain text would do (RFC 7435).
        """
        context = ssl.create_default_context(cafile=self.ca)
        if self.insecure or (self.tls == "auto" and (not self.user or self.is_local) and not self.ca):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def read_options(url: SplitResult, connections: int | None = None) -> SmtpOptions:
    """Read the URL.

    Raises:
        SettingsError: Something in it is not known or not allowed; no password is shown.
    """
    if not url.hostname:
        raise _wrong("names no host: write smtp://user:password@host:587")
    if url.path.strip("/") or url.fragment:
        raise _wrong("has nothing behind the host and port but ?tls=… and the like")
    given = _given(url)
    implicit = url.scheme == "smtps"
    user = unquote(url.username or "")
    return SmtpOptions(
        host=url.hostname,
        port=url.port or (465 if implicit else 587 if user else 25),
        tls="implicit" if implicit else _tls(given.get("tls", "auto")),
        user=user,
        password=unquote(url.password or ""),
        insecure=_yes("insecure", given.get("insecure", "0")),
        ca=_file(given.get("ca")),
        helo=given.get("helo", ""),
        connections=connections or _count(given.get("connections", "8")),
    )


def _given(url: SplitResult) -> dict[str, str]:
    given = dict(parse_qsl(url.query, keep_blank_values=True))
    for name in given:
        if name not in _KNOWN:
            near = get_close_matches(name, _KNOWN, 1)
            meant = f"; did you mean `{near[0]}`?" if near else ""
            raise _wrong(f"has no option `{name}`; allowed are {', '.join(_KNOWN)}{meant}")
    if url.scheme == "smtps" and "tls" in given:
        raise _wrong("is smtps:// and so always TLS; leave ?tls= out")
    return given


def _tls(word: str) -> Tls:
    chosen = _TLS.get(word)
    if chosen:
        return chosen
    raise _wrong(f"says tls={word}; allowed are auto, require, never")


def _yes(name: str, word: str) -> bool:
    if word not in {"0", "1"}:
        raise _wrong(f"says {name}={word}; allowed are 0 and 1")
    return word == "1"


def _count(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= _MOST_CONNECTIONS:
        raise _wrong(f"says connections={word}; allowed are 1 to {_MOST_CONNECTIONS}")
    return int(word)


def _file(path: str | None) -> str | None:
    if path is not None and not Path(path).is_file():
        raise _wrong(f"says ca={path}, which is no file")
    return path


def _wrong(what: str) -> SettingsError:
    return SettingsError(f"MAIL_URL {what}")
