"""Where `nurture up` listens: left beside the data, so that links of commands lead there, and their mails go there."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from nurture.private import write_private

_WEB, _MAIL = "web_address", "mail_address"
_ANSWERS_WITHIN = 1.0


@contextlib.contextmanager
def left_beside(data: Path, address: str, mail: str | None = None) -> Iterator[None]:
    """Leave the web's address, and the mailbox's, in this data directory for as long as the block lasts."""
    left = {_WEB: address, _MAIL: mail}
    for name, value in left.items():
        if value is not None:
            write_private(data / name, value)
    try:
        yield
    finally:
        for name in left:
            (data / name).unlink(missing_ok=True)


def web_address(data: Path) -> str | None:
    """The web's address, without a slash at the end, if somebody listens there; who was killed leaves it behind."""
    return _alive(data / _WEB)


def mail_address(data: Path) -> str | None:
    """The mailbox's, `smtp://…`, if somebody listens there."""
    return _alive(data / _MAIL)


def _alive(file: Path) -> str | None:
    try:
        address = file.read_text().strip().rstrip("/")
        where = urlsplit(address)
        socket.create_connection((where.hostname or "", where.port or 0), timeout=_ANSWERS_WITHIN).close()
    except (OSError, ValueError):
        return None
    return address
