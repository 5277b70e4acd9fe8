"""Which mail each connection will probably send next, of those that are made and may not leave yet."""

from collections import deque
from collections.abc import Sequence

from nurture.flows.sending_run import Leased
from nurture.mailers import Connection, Mailer
from nurture.mailers.protocol import ForesightedConnection


class Foresight:
    """What connections were told to expect. It binds nobody, but who is disappointed has to connect anew."""

    def __init__(self, mailer: Mailer, waiting: deque[Leased]) -> None:
        """Nothing is expected; `waiting` is what is made, as it changes."""
        self._waiting = waiting
        self._expected: dict[Connection, Leased] = {}
        self._foresighted: dict[Connection, ForesightedConnection] = {
            way: way for way in mailer.connections if isinstance(way, ForesightedConnection)
        }

    def tell(self, connections: Sequence[Connection]) -> None:
        """Tell connections that are about to send what they will probably send after that."""
        if not self._foresighted:
            return
        for connection, leased in zip(connections, self._free(), strict=False):
            if (way := self._foresighted.get(connection)) is not None:
                way.expect(leased.mail)
                self._expected[connection] = leased

    def forget(self, connection: Connection) -> None:
        """What this connection expects may go by any other: it is in trouble."""
        self._expected.pop(connection, None)

    def in_order(self, connections: deque[Connection]) -> deque[Connection]:
        """Those first that expect something, lest others take it."""
        if not self._expected:
            return connections
        return deque(sorted(connections, key=lambda connection: connection not in self._expected))

    def take(self, connection: Connection) -> Leased:
        """Take what this connection expects, if that still waits; else what no other expects, if there is such."""
        leased = self._expected.pop(connection, None)
        if leased is None and not self._expected:
            return self._waiting.popleft()
        if leased is None or leased not in self._waiting:
            leased = next(iter(self._free()), self._waiting[0])
        self._waiting.remove(leased)
        return leased

    def _free(self) -> list[Leased]:
        others = set(self._expected.values())
        return [leased for leased in self._waiting if leased not in others]
