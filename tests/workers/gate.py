"""A gate before a server, for tests of outages: open, shut (connections break), or frozen (nothing comes through)."""

import contextlib
import socket
import threading
from typing import Self

from sqlalchemy import make_url


class Gate:
    """Listens on the loopback while the block lasts and passes on what comes; one pair of threads a connection."""

    def __init__(self, url: str) -> None:
        """Before the server of this address, open."""
        self._url = make_url(url)
        self._open, self._thawed = threading.Event(), threading.Event()
        self._open.set()
        self._thawed.set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thawed.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._break()

    @property
    def url(self) -> str:
        """The address of the server, through this gate."""
        port = self._socket.getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)

    def shut(self) -> None:
        """Break all connections, and every new one at once."""
        self._open.clear()
        self._break()

    def open(self) -> None:
        """Let all pass again."""
        self._open.set()
        self._thawed.set()

    def freeze(self) -> None:
        """Pass nothing on, and say nothing: as a host that is cut off."""
        self._thawed.clear()

    def _break(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for one in (one for pair in pairs for one in pair):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            if not self._open.is_set():
                client.close()
                continue
            try:
                server = socket.create_connection((self._url.host or "127.0.0.1", self._url.port or 0), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._pairs.append((client, server))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                self._thawed.wait()
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
