"""A mailbox read over IMAP (RFC 9051): what has come since, one mail at a time, none lost and none skipped."""

import imaplib
import re
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from nurture.errors import NurtureError

LARGEST = 25_000_000
"""Octets of a mail that are read; of a larger one only its beginning."""
SECONDS = 30.0
"""So long the server may take for one answer."""

_UID = re.compile(rb"\bUID (\d+)")
_MEASURED = re.compile(rb"\bUIDVALIDITY (\d+)")


class InboxAway(NurtureError):
    """The mailbox cannot be read now; the message says why, without the password."""


@dataclass(frozen=True, slots=True)
class InboxAddress:
    """Where the mailbox is, and who reads it."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    by_tls: bool

    @property
    def name(self) -> str:
        """What its position is kept under: the place without the password."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


def inbox_address(url: str) -> InboxAddress:
    """Read an `INBOX_URL`, which the settings have checked."""
    parts = urlsplit(url)
    by_tls = parts.scheme == "imaps"
    return InboxAddress(
        host=parts.hostname or "",
        port=parts.port or (993 if by_tls else 143),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        by_tls=by_tls,
    )


class Inbox:
    """One visit: `with Inbox(address) as inbox`. Whatever the server or the network does is `InboxAway`.

    A password is said over TLS only, except to this machine itself.
    """

    def __init__(self, address: InboxAddress, *, context: ssl.SSLContext | None = None) -> None:
        """Nothing is connected yet; `context` says whom to trust."""
        self._address = address
        self._context = context or ssl.create_default_context()
        self._client: imaplib.IMAP4 | None = None
        self.uid_validity = 0

    def __enter__(self) -> Self:
        """Log in and open the folder.

        Raises:
            InboxAway: That is not possible now.
        """
        try:
            self._client = client = self._connect()
            self._login(client)
            self.uid_validity = self._open(client)
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            self._leave()
            raise InboxAway(f"INBOX_URL: {self._address.host} cannot be read: {_reason(error)}") from error
        except InboxAway:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave."""
        self._leave()

    def uids_after(self, uid: int) -> list[int]:
        """UIDs of mails that came after this one, ascending.

        Raises:
            InboxAway: The server does not say.
        """
        # `n:*` always has the last mail in it, even where its UID is below n (RFC 9051 section 9, seq-range)
        return [found for found in self._search(f"UID {uid + 1}:*") if found > uid]

    def unseen(self) -> list[int]:
        """UIDs of mails that nobody has read, ascending.

        Raises:
            InboxAway: The server does not say.
        """
        return self._search("UNSEEN")

    def fetch(self, uid: int) -> bytes | None:
        """A mail, or the first `LARGEST` octets of it, without marking it; None where the server has it no more.

        Raises:
            InboxAway: The connection is lost.
        """
        found = self._do("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{LARGEST}>)", may_refuse=True)
        for part in found:
            if isinstance(part, tuple) and (named := _UID.search(part[0])) is not None and int(named[1]) == uid:
                return bytes(part[1])
            if isinstance(part, tuple) and _UID.search(part[0]) is None:  # some say the UID behind the mail
                return bytes(part[1])
        return None

    def mark_seen(self, uid: int) -> None:
        """Mark a mail as read, for those who look into the mailbox too. That it cannot be is no harm."""
        self._do("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)", may_refuse=True)

    def _connect(self) -> imaplib.IMAP4:
        address = self._address
        if address.by_tls:
            return imaplib.IMAP4_SSL(address.host, address.port, ssl_context=self._context, timeout=SECONDS)
        client = imaplib.IMAP4(address.host, address.port, timeout=SECONDS)
        if "STARTTLS" in client.capabilities and not _is_this_machine(address.host):
            client.starttls(self._context)
        elif not _is_this_machine(address.host):
            self._client = client
            raise InboxAway(
                f"INBOX_URL: {address.host} offers no TLS, and a password is not sent without; use imaps://"
            )
        return client

    def _login(self, client: imaplib.IMAP4) -> None:
        try:
            client.login(_quoted(self._address.user), self._address.password)  # quotes the password itself
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise InboxAway(f"INBOX_URL: {self._address.host} refuses the user or the password") from error

    def _open(self, client: imaplib.IMAP4) -> int:
        quoted = _quoted(self._address.folder)
        status, _ = client.select(quoted)
        if status != "OK":
            raise InboxAway(f"INBOX_URL: {self._address.host} has no folder {self._address.folder}")
        _, said = client.response("UIDVALIDITY")
        if said and said[0]:
            return int(said[0])
        _, said = client.status(quoted, "(UIDVALIDITY)")
        found = _MEASURED.search(said[0] or b"") if said else None
        return 0 if found is None else int(found[1])

    def _search(self, asked: str) -> list[int]:
        found = self._do("SEARCH", *asked.split(" "))
        return sorted({int(uid) for part in found if isinstance(part, bytes) for uid in part.split() if uid.isdigit()})

    def _do(self, command: str, *arguments: str, may_refuse: bool = False) -> list[object]:
        if self._client is None:
            raise InboxAway("INBOX_URL: the mailbox is not open")
        try:
            status, found = self._client.uid(command, *arguments)
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            raise InboxAway(f"INBOX_URL: {self._address.host} hung up: {_reason(error)}") from error
        except imaplib.IMAP4.error as error:
            if may_refuse:
                return []
            raise InboxAway(f"INBOX_URL: {self._address.host}: {_reason(error)}") from error
        if status != "OK" and not may_refuse:
            raise InboxAway(f"INBOX_URL: {self._address.host} refuses {command}")
        return list(found) if status == "OK" else []

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            client.logout()
        except (imaplib.IMAP4.error, OSError, EOFError):
            client.shutdown()


def _quoted(text: str) -> str:
    """A quoted string (RFC 9051 section 4.3)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
