"""What every mailer is: some connections, each of which takes one mail at a time."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from nurture.messages import Mail, Receipt


class Connection(Protocol):
    """One place that a mail can leave by. It is free while no `send` of it is under way."""

    @property
    def trouble(self) -> str:
        """Why the server cannot be used at the moment, in one line; empty while it can."""

    async def ready(self) -> bool:
        """Connect, or see that the connection still stands, so that the next `send` need not.

        Waits as long as the last failures ask for, tries once, and gives False where the server cannot be used. It is
        worth asking before a mail is marked as on its way: a mail that is not begun need not be put off.
        """

    async def send(self, mail: Mail) -> Receipt:
        """Send one mail and wait for the server's answer.

        Every outcome is a receipt; nothing is raised for what servers and networks do. Where the call is cancelled,
        nobody knows: the connection is closed, and the mail counts as `unknown`.
        """


class Mailer(Protocol):
    """A provider. Used as `async with`: the connections are closed properly at the end."""

    @property
    def connections(self) -> Sequence[Connection]:
        """The connections; what comes in by one has nothing to do with the others."""

    @property
    def slots(self) -> int:
        """How many mails can be under way at once, and so how many a crash can leave unknown."""

    async def __aenter__(self) -> Self:
        """Open for use. Nothing is connected before it is needed."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave of the server."""
