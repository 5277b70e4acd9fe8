"""An SMTP server for tests of crashes: it remembers what it holds, and calls a hook at each point of a transaction."""

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

POINTS = ("connected", "mail", "data", "mid-body", "after the dot", "after the reply")
"""Where a hook may strike; at `after the reply` it is called just before the reply, and may stop whoever reads it."""

Hook = Callable[[str, int], bool]
"""Given the point and how many mails the server holds; True: hang up."""

END = b"\r\n.\r\n"


@dataclass
class Saboteur:
    """Listens on the loopback while the block lasts; one thread a connection."""

    hook: Hook = lambda _point, _held: False
    held: list[tuple[str, str]] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._lock, self._stopping = threading.Lock(), False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    @property
    def url(self) -> str:
        """For MAIL_URL."""
        return f"smtp://127.0.0.1:{self._socket.getsockname()[1]}?connections=4"

    def message_ids(self) -> list[str]:
        """Message-IDs of all it holds, in order of arrival."""
        with self._lock:
            return [message_id for message_id, _ in self.held]

    def recipients(self) -> list[str]:
        """Recipients of all it holds, in order of arrival."""
        with self._lock:
            return [recipient for _, recipient in self.held]

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._talk(connection)
            except OSError:
                return

    def _talk(self, connection: socket.socket) -> None:
        buffer, recipient = b"", ""
        if self.hook("connected", len(self.held)):
            return
        connection.sendall(b"220 saboteur ESMTP\r\n")
        while True:
            line, buffer = self._line(connection, buffer)
            if line is None:
                return
            verb = line[:4].upper()
            if verb == b"EHLO":
                connection.sendall(b"250-saboteur\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"MAIL":
                if self.hook("mail", len(self.held)):
                    return
                connection.sendall(b"250 2.1.0 OK\r\n")
            elif verb == b"RCPT":
                recipient = re.search(rb"<(.*?)>", line)[1].decode()  # type: ignore[index]
                connection.sendall(b"250 2.1.5 OK\r\n")
            elif verb == b"DATA":
                if self.hook("data", len(self.held)):
                    return
                connection.sendall(b"354 go\r\n")
                body, buffer = self._body(connection, buffer)
                if body is None:
                    return
                self._hold(body, recipient)
                if self.hook("after the dot", len(self.held)) or self.hook("after the reply", len(self.held)):
                    return
                connection.sendall(b"250 2.0.0 mine\r\n")
            elif verb == b"QUIT":
                connection.sendall(b"221 2.0.0 bye\r\n")
                return
            else:
                connection.sendall(b"250 2.0.0 OK\r\n")

    def _hold(self, body: bytes, recipient: str) -> None:
        message_id = re.search(rb"(?mi)^Message-ID:\s*(<[^>]+>)", body)[1].decode()  # type: ignore[index]
        with self._lock:
            self.held.append((message_id, recipient))

    @staticmethod
    def _line(connection: socket.socket, buffer: bytes) -> tuple[bytes | None, bytes]:
        while b"\r\n" not in buffer:
            more = connection.recv(65536)
            if not more:
                return None, b""
            buffer += more
        line, _, rest = buffer.partition(b"\r\n")
        return line, rest

    def _body(self, connection: socket.socket, buffer: bytes) -> tuple[bytes | None, bytes]:
        """In small pieces until the hook has been called: most of a mail is still to come by then."""
        body, struck, searched = bytearray(buffer), False, 0
        while (end := body.find(END, searched)) < 0:
            searched = max(0, len(body) - len(END))
            if body and not struck:
                struck = True
                if self.hook("mid-body", len(self.held)):
                    return None, b""
            more = connection.recv(65536 if struck else 512)
            if not more:
                return None, b""
            body += more
        return bytes(body[:end]), bytes(body[end + len(END) :])
