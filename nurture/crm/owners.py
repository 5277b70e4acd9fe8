"""Whom records belong to: a CRM's ids of its users, and their addresses, asked for once in a while."""

import time
from collections.abc import Callable, Mapping
from threading import Lock

FRESH = 3600.0
"""Seconds."""
AGAIN = 300.0
"""Seconds after which somebody who is not known is asked for again."""


class Owners:
    """Addresses by id, and ids by address."""

    def __init__(self, read: Callable[[], Mapping[str, str]], seconds: Callable[[], float] = time.monotonic) -> None:
        """`read` gives lower-case addresses by id."""
        self._read, self._seconds = read, seconds
        self._lock = Lock()
        self._read_at = float("-inf")
        self._addresses: Mapping[str, str] = {}
        self._ids: Mapping[str, str] = {}

    def address(self, owner_id: object) -> str | None:
        """The address of whom this id stands for; None for nobody."""
        key = str(owner_id or "")
        return self._look(key, lambda: self._addresses.get(key))

    def id_of(self, address: str | None) -> str | None:
        """The id of whoever has this address; None for who is no user there."""
        key = (address or "").lower()
        return self._look(key, lambda: self._ids.get(key))

    def _look(self, key: str, find: Callable[[], str | None]) -> str | None:
        if not key:
            return None
        with self._lock:
            age = self._seconds() - self._read_at
            if age > FRESH or (age > AGAIN and find() is None):
                self._addresses = self._read()
                self._ids = {address: owner_id for owner_id, address in self._addresses.items()}
                self._read_at = self._seconds()
            return find()
