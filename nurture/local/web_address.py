"""Where the web process of `nurture up` listens: left beside the data, so that links that commands print lead there."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from nurture.private import write_private

_FILE = "web_address"
_ANSWERS_WITHIN = 1.0


@contextlib.contextmanager
def left_beside(data: Path, address: str) -> Iterator[None]:
    """Leave the address in this data directory for as long as the block lasts."""
    write_private(data / _FILE, address)
    try:
        yield
    finally:
        (data / _FILE).unlink(missing_ok=True)


def web_address(data: Path) -> str | None:
    """The address, without a slash at the end, if somebody listens there; one who was killed leaves it behind."""
    try:
        address = (data / _FILE).read_text().strip().rstrip("/")
        where = urlsplit(address)
        socket.create_connection((where.hostname or "", where.port or 0), timeout=_ANSWERS_WITHIN).close()
    except (OSError, ValueError):
        return None
    return address
