"""A mailer over HTTP: one client, and so many requests at once."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx

from nurture.mailers.http.answers import Provider
from nurture.mailers.http.connection import HttpConnection
from nurture.mailers.http.options import HttpOptions
from nurture.mailers.http.patience import Patience
from nurture.mailers.http.wire import open_client


class HttpMailer:
    """See `mailers.protocol.Mailer`."""

    def __init__(self, provider: Provider, options: HttpOptions) -> None:
        """Connect to nothing yet."""
        self.provider, self.options = provider, options
        self.client: httpx.AsyncClient = open_client(options.api, options.connections)
        patience = Patience()
        self._connections = tuple(
            HttpConnection(provider, self.client, patience, options.batch, options.secrets)
            for _ in range(options.connections)
        )

    @property
    def connections(self) -> Sequence[HttpConnection]:
        """The connections; each has one request under way at a time."""
        return self._connections

    async def __aenter__(self) -> Self:
        """Open for use; a connection is made when it is first needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        await self.client.aclose()
