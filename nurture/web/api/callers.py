"""Who calls: a key of the environment or of the database, told by its hash."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from nurture.app import App
from nurture.db import transaction
from nurture.flows.issue_key import may_be_issued
from nurture.store import api_keys

FRESH_FOR = 5.0
"""Seconds that a process remembers the keys of the database. So long a revoked one may still be good."""
USED_WITHIN = timedelta(hours=1)
"""A use is written down where the last one that was is older: looking must not cost a write."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key was shown. `id` is None for one of the environment."""

    name: str
    read_only: bool = False
    id: int | None = None


class Callers:
    """The keys that are good, in one process.

    Looked up by digest: how long that takes says nothing of the keys. The database is asked once in some seconds,
    and for a key that nobody has heard of if it could be one of ours.
    """

    def __init__(self, app: App) -> None:
        """`app`: whose."""
        self._app = app
        self._of_environment: Mapping[bytes, Caller] = {
            _digest(key): Caller(name) for key, name in app.settings.api_keys.items()
        }
        self._of_database: Mapping[bytes, Caller] = {}
        self._noted: dict[int, float] = {}
        self._looked_at = -FRESH_FOR

    def at_hand(self, key: str) -> Caller | None:
        """Whose key it is, where that can be said at once and nothing is to be written down; None: ask `look_up`."""
        digest = _digest(key)
        if (caller := self._of_environment.get(digest)) is not None:
            return caller
        if time.monotonic() - self._looked_at > FRESH_FOR:
            return None
        caller = self._of_database.get(digest)
        return None if caller is None or self._is_news(caller) else caller

    def look_up(self, key: str) -> Caller | None:
        """Whose key it is; None: nobody's. May ask the database, and note there that the key was used."""
        digest = _digest(key)
        if (caller := self._of_environment.get(digest)) is not None:
            return caller
        if not may_be_issued(key):
            return None
        with transaction(self._app.engine) as db:
            rows = api_keys.valid(db)
            self._of_database = {bytes(row.digest): Caller(row.name, row.read_only, row.id) for row in rows}
            self._looked_at = time.monotonic()
            caller = self._of_database.get(digest)
            if caller is not None and caller.id is not None and self._is_news(caller):
                api_keys.used(db, caller.id, self._app.now(), unless_since=USED_WITHIN)
                self._noted[caller.id] = time.monotonic()
        return caller

    def _is_news(self, caller: Caller) -> bool:
        noted = self._noted.get(caller.id or 0)
        return noted is None or time.monotonic() - noted >= USED_WITHIN.total_seconds()


def shown_key(authorization: str) -> str | None:
    """The bearer key of a request (RFC 6750 §2.1); None where it shows none."""
    scheme, _, key = authorization.strip().partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "replace")).digest()
