"""What every mailer is: some connections, each of which takes so many mails at a time."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from nurture.messages import Mail, Receipt


class Connection(Protocol):
    """One place that mails can leave by. It is free while no `send_many` of it is under way."""

    @property
    def trouble(self) -> str:
        """Why the server cannot be used at the moment, in one line; empty while it can."""

    @property
    def wait(self) -> float:
        """Seconds until it is worth trying again, as the server asked for or the last failures suggest; 0: now."""

    @property
    def unusable(self) -> bool:
        """Whether the trouble will last until a person mends it, such as a wrong password or key."""

    @property
    def most(self) -> int:
        """How many mails the next `send_many` takes: as many as may be under way, and unknown, at once by this way.

        1 for SMTP. At HTTP providers what one request takes; 1 while they are in trouble, so that little is at stake.
        """

    @property
    def most_octets(self) -> int:
        """How much the mails of one `send_many` may come to, counted by their `data`; one mail always goes."""

    async def ready(self) -> bool:
        """Connect, or see that the connection still stands, so that the next `send_many` need not.

        Waits as long as the last failures ask for (a longer wait than some seconds is not begun), tries once, and gives
        False where the server cannot be used. It is worth asking before a mail is marked as on its way: a mail that is
        not begun need not be put off.
        """

    async def send_many(self, mails: Sequence[Mail]) -> Sequence[Receipt]:
        """Send up to `most` mails and wait for the server's answer: one receipt for each, in their order.

        Every outcome is a receipt; nothing is raised for what servers and networks do. Where the call is cancelled,
        nobody knows: the connection is closed, and the mails count as `unknown`.
        """

    def hang_up(self) -> None:
        """Wait for the server no longer, because this process ends: `send_many` gives its receipts at once.

        A mail that was surely not handed over is `held`; where that cannot be told, it is `unknown`.
        """


@runtime_checkable
class ForesightedConnection(Protocol):
    """A connection that makes use of knowing which mail is likely to come after the next one."""

    def expect(self, mail: Mail) -> None:
        """Hear what will probably be sent after the next `send_many`. That mail may not leave yet, and perhaps never.

        The server may be told from whom and to whom it is, but gets nothing of it before a `send_many` has it.
        """


class Mailer(Protocol):
    """A provider. Used as `async with`: the connections are closed properly at the end."""

    @property
    def connections(self) -> Sequence[Connection]:
        """The connections; each may be used while others are busy."""

    async def __aenter__(self) -> Self:
        """Open for use. Nothing is connected before it is needed."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave of the server."""
