"""The DNS, asked in few words."""

from collections.abc import Callable
from typing import Any, TypeVar

import dns.exception
import dns.name
import dns.resolver

T = TypeVar("T")
ANSWERS_WITHIN = 5.0
"""Seconds for one name, however many servers there are."""


class Unanswered(Exception):
    """Nobody could say whether a name has such a record."""


class Names:
    """The system's resolver, or another: `Names(resolver)`."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        """Nothing is asked yet; a machine without a resolver is found out by the first question."""
        self._resolver = resolver

    @classmethod
    def at(cls, address: str, port: int = 53) -> "Names":
        """Ask one server instead of those of the system."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [address]
        resolver.port = port
        return cls(resolver)

    def texts(self, name: str) -> list[str]:
        """Give the TXT records of a name, the strings of each put together (RFC 7208, section 3.3)."""
        return self._ask(name, "TXT", lambda record: b"".join(record.strings).decode("utf-8", "replace"))

    def exchangers(self, name: str) -> list[str]:
        """Give the mail exchangers of a name, the preferred one first; `.` is a null MX (RFC 7505)."""
        found = self._ask(name, "MX", lambda record: (record.preference, record.exchange.to_text(omit_final_dot=True)))
        return [host or "." for _, host in sorted(found)]

    def has_address(self, name: str) -> bool:
        """Tell whether a name has an address; mail is taken to it where it has no exchanger (RFC 5321, section 5.1)."""
        return any(self._ask(name, kind, str) for kind in ("A", "AAAA"))

    def _ask(self, name: str, kind: str, read: Callable[[Any], T]) -> list[T]:
        try:
            self._resolver = self._resolver or dns.resolver.Resolver()
            answer = self._resolver.resolve(name, kind, lifetime=ANSWERS_WITHIN, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.EmptyLabel, dns.name.LabelTooLong):
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered(f"{name}: {type(error).__name__}") from error
        return [read(record) for record in answer]
