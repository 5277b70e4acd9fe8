"""The SMTP mailer: so many connections to one server."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult

from nurture.mailers.smtp.connection import SmtpConnection
from nurture.mailers.smtp.options import SmtpOptions, read_options
from nurture.messages import Sign


class SmtpMailer:
    """See `mailers.protocol.Mailer`."""

    def __init__(self, options: SmtpOptions) -> None:
        """Connect to nothing yet."""
        self.options = options
        self._connections = tuple(SmtpConnection(options) for _ in range(options.connections))

    @property
    def connections(self) -> Sequence[SmtpConnection]:
        """The connections, each of which takes one mail at a time."""
        return self._connections

    @property
    def slots(self) -> int:
        """How many mails can be under way at once."""
        return len(self._connections)

    def signing(self, sign: Sign) -> "SmtpMailer":
        """Give the same mailer, whose mails are signed before they leave: nobody on the way does it for us."""
        return SmtpMailer(replace(self.options, sign=sign))

    async def __aenter__(self) -> Self:
        """Open for use; a connection is made when it is first needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave on all connections at once."""
        await asyncio.gather(*(connection.close() for connection in self._connections))


def build_smtp(url: SplitResult, connections: int | None) -> SmtpMailer:
    """Build it from `smtp://user:password@host:587?tls=require` or `smtps://…`.

    Raises:
        SettingsError: Something in the URL is not known or not allowed.
    """
    return SmtpMailer(read_options(url, connections))
