"""Everywhere that mails can go, with one face: a house is told what to do, and says what reached it."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, Session

from nurture.mailers import build_mailer
from nurture.messages import Mail, Receipt
from tests.mailers.contract.letters import Seen, seen
from tests.mailers.contract.providers import KEY, PROVIDERS, SECRET, Provider
from tests.mailers.contract.stub import BREAK_OFF, HANG, HANG_UP, Act, Said, Stub, serving

NAMES = ("smtp", *PROVIDERS)
HTTP = tuple(PROVIDERS)
SECRETS = (KEY, SECRET, "AKIAOFTHETESTS000000")


class House(Protocol):
    """What tests need of all of them."""

    name: str
    url: str
    when_busy: str

    def seen(self) -> list[Seen]:
        """The mails that it took, or would have to answer for."""

    def refuse(self, *addresses: str) -> None:
        """Take no mail to these."""

    def know_nobody(self) -> None:
        """Take no login."""

    def be_busy(self) -> None:
        """Answer the next mail that there were too many."""

    def hang_up(self) -> None:
        """Take the next mail, and hang up instead of saying so."""


class HttpHouse:
    """A provider's stub."""

    when_busy = "held"

    def __init__(self, provider: Provider, stub: Stub) -> None:
        self.name, self.provider, self.stub = provider.name, provider, stub
        self.url = provider.url.format(api=stub.url)

    def seen(self) -> list[Seen]:
        return [mail for asked in self.stub.asked for mail in self.provider.seen(asked)]

    def refuse(self, *addresses: str) -> None:
        self.stub.answer = lambda asked: self.provider.refusal(asked, addresses)

    def know_nobody(self) -> None:
        self.stub.answer = lambda _asked: self.provider.wrong_key

    def be_busy(self) -> None:
        self.next(Said(429, self.provider.too_many, {"Retry-After": "3"}))

    def hang_up(self) -> None:
        self.next(HANG_UP)

    def hang(self) -> None:
        self.next(HANG)

    def break_off(self) -> None:
        self.next(BREAK_OFF)

    def next(self, *acts: Act) -> None:
        """Do this before anything else."""
        self.stub.plan.extend(acts)


class SmtpHouse:
    """A mail server that others wrote."""

    name = "smtp"
    when_busy = "put_off"

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.refused: tuple[str, ...] = ()
        self.plan: list[str] = []
        self.knows = True
        self.url = ""

    async def handle_RCPT(self, _server: Server, _session: Session, envelope: Envelope, to: str, _options: Any) -> str:
        if to in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(to)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server: Server, _session: Session, envelope: Envelope) -> str:
        act = self.plan.pop(0) if self.plan else ""
        if act == "busy":
            return "451 4.7.0 too many mails, come back later"
        self.mails.append(envelope)
        if act == "hang up":
            assert server.transport is not None
            server.transport.abort()
        return "250 2.0.0 taken"

    def log_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, _data: Any) -> AuthResult:
        return AuthResult(success=self.knows, handled=False, message=None if self.knows else f"535 5.7.8 not {SECRET}")

    def seen(self) -> list[Seen]:
        found = []
        for envelope in self.mails:
            (to,) = envelope.rcpt_tos
            found.append(seen(bytes(envelope.content or b""), to))
        return found

    def refuse(self, *addresses: str) -> None:
        self.refused = addresses

    def know_nobody(self) -> None:
        self.knows = False

    def be_busy(self) -> None:
        self.plan.append("busy")

    def hang_up(self) -> None:
        self.plan.append("hang up")


@contextmanager
def opened(name: str) -> Iterator[House]:
    """Run one on this machine."""
    if name != "smtp":
        provider = PROVIDERS[name]
        with serving(provider.taken) as stub:
            yield HttpHouse(provider, stub)
        return
    house = SmtpHouse()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        house, hostname="127.0.0.1", port=port, authenticator=house.log_in, auth_require_tls=False, decode_data=False
    )
    controller.start()
    try:
        house.url = f"smtp://ada:{SECRET.replace('/', '%2F').replace('+', '%2B')}@127.0.0.1:{port}?tls=never"
        yield house
    finally:
        controller.stop()


def send(url: str, *mails: Mail, look: Callable[[Any], None] | None = None) -> list[Receipt]:
    """Send them by one connection, as many at once as it takes; `look` is shown it before it closes."""

    async def sending() -> list[Receipt]:
        receipts: list[Receipt] = []
        async with build_mailer(url, connections=1) as mailer:
            connection = mailer.connections[0]
            waiting: Sequence[Mail] = mails
            while waiting:
                most = connection.most
                receipts += await connection.send_many(waiting[:most])
                waiting = waiting[most:]
            if look:
                look(connection)
        return receipts

    return asyncio.run(sending())
