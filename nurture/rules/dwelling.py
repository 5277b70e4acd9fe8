"""Whether a database is where it was: the guard against sending out of a copy.

Three things say where a database lives: the server's own identifier, which its followers share and a dump does not
carry; the number of the database within that server, which a copy beside the original does not have; and the host of
BASE_URL, for a snapshot of the whole server keeps the first two. None of them changes when a follower is promoted, or
when a platform gives the database another address, user or password.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Dwelling:
    """Where a database lives; None: not known, and then not compared."""

    cluster: str | None
    database: int
    home: str | None


def moved(was: Dwelling, found: Dwelling) -> str | None:
    """Give what says that this is not where the database lived, for a person to read; None: it is at home."""
    if was.cluster and found.cluster and was.cluster != found.cluster:
        return "it was restored to another server"
    if was.database != found.database:
        return "it is a copy of another database on the same server"
    if was.home and found.home and was.home != found.home:
        return f"it was at home at {was.home}, and BASE_URL says {found.home}"
    return None


def home_of(base_url: str) -> str | None:
    """Give the host that BASE_URL names; None for one that is every machine's own, such as localhost."""
    host = (urlsplit(base_url).hostname or "").lower().rstrip(".")
    if not host or host == "localhost" or host.endswith((".localhost", ".local")):
        return None
    try:
        return None if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return host
