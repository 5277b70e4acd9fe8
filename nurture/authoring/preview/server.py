"""Listens on this machine, serves the pages, and stops when it is told to."""

import asyncio
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from nurture.authoring.preview.answers import is_this_machine
from nurture.authoring.preview.application import preview_app
from nurture.authoring.preview.desk import Desk
from nurture.errors import NurtureError, UsageError

LAST_ANSWERS_WITHIN = 2


def listen(host: str, port: int) -> socket.socket:
    """Take a port of this machine; 0 is any free one.

    Raises:
        UsageError: The host is not this machine.
        NurtureError: The port cannot be had.
    """
    if not is_this_machine(host):
        raise UsageError(f"--host {host}: the preview listens on this machine alone; say 127.0.0.1, ::1 or localhost")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1" if host == "localhost" else host.strip("[]"), port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        reason = (error.strerror or "it cannot be had").lower()
        raise NurtureError(f"port {port}: {reason}; --port N names another, --port 0 takes any free one") from error
    return listening


def address(listening: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def serve(desk: Desk, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM, SIGINT or the desk is closed; `ready` is called when requests are answered."""
    config = uvicorn.Config(
        preview_app(desk),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=LAST_ANSWERS_WITHIN,
        server_header=False,
    )
    server = _Server(config, desk, ready)
    desk.start()
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn raises the signal again once it has stopped
        pass
    finally:
        desk.closing.set()
        listening.close()


class _Server(uvicorn.Server):
    """Lets go of pages that wait for changes before it stops."""

    def __init__(self, config: uvicorn.Config, desk: Desk, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._desk, self._ready = desk, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        for page in list(self.server_state.connections):  # those whose last answer took too long
            page.transport.abort()
        await asyncio.sleep(0)

    async def on_tick(self, counter: int) -> bool:
        self.should_exit = self.should_exit or self._desk.closing.is_set()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._desk.closing.set()
        super().handle_exit(sig, frame)
