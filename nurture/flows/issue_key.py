"""Make and revoke keys of the API. A key is shown once, when it is made; what stays is its hash."""

import secrets
from datetime import datetime
from hashlib import sha256
from zlib import crc32

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.grammar.mistakes import did_you_mean
from nurture.store import api_keys
from nurture.write_keys import is_name

PREFIX = "nur_"
"""How keys begin, so that they are known for what they are where they should not be."""
_OCTETS = 24
_CHECK = 8


def issue_key(app: App, name: str, *, read_only: bool, now: datetime) -> str:
    """Make a key for whoever is called so; gives it, and nobody can ever again.

    Raises:
        UsageError: The name is none.
        Conflict: A key is called so already.
    """
    if not is_name(name):
        raise UsageError(f"{name!r} is no name for a key; say a word of a-z, 0-9, - and _, such as hubspot")
    secret = secrets.token_hex(_OCTETS)
    key = f"{PREFIX}{secret}{_check(secret)}"
    with transaction(app.engine) as db:
        taken = name in app.settings.api_keys.values() or not api_keys.add(
            db, name=name, digest=sha256(key.encode()).digest(), hint=key[-4:], read_only=read_only, now=now
        )
    if taken:
        raise Conflict(f"a key is called {name} already; revoke it first, or say another name")
    return key


def may_be_issued(key: str) -> bool:
    """Whether a key could be one of ours: its last eight signs are a checksum (CRC-32), so most guesses are none."""
    secret = key.removeprefix(PREFIX)[:-_CHECK]
    return key.startswith(PREFIX) and len(secret) == 2 * _OCTETS and key.endswith(_check(secret))


def revoke_key(app: App, name: str, *, now: datetime) -> None:
    """Let the key of this name be good no more. Web processes have heard of it after some seconds.

    Raises:
        NotFound: No valid key is called so.
        Conflict: It stands in the environment, which only the environment can change.
    """
    if name in app.settings.api_keys.values():
        raise Conflict(f"the key {name} stands in API_KEY; take it out there, and start the web processes anew")
    with transaction(app.engine) as db:
        if not api_keys.revoke(db, name, now):
            known = [row.name for row in api_keys.valid(db)]
            hint = did_you_mean(name, known)
            raise NotFound(f"no valid key is called {name}{f' ({hint})' if hint else ''}")


def _check(secret: str) -> str:
    return f"{crc32(secret.encode('utf-8', 'replace')):08x}"
