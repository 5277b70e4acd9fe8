"""Who sends events, in a process of its own: `python -m chaos.senders FOLDER BASE KEY`.

Requests come as lines of JSON on standard input. A sender tries until it hears 200, with the same ids, as clients of
Segment do; one that is `hasty` gives up at its first failure. What was answered 200 is written to a list of our own.
Told `left`, it says on standard output how many requests have no answer yet. It ends with its input.
"""

import http.client
import os
import queue
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

POSTED, ANSWERED, REFUSED = "posted.jsonl", "answered.jsonl", "refused.jsonl"
THREADS = 6
PAUSE, LONGEST_PAUSE = 0.05, 0.8
PATIENCE = 10.0


class List:
    """A list on disk; a line is one write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, lines: list[Mapping[str, Any]]) -> None:
        os.write(self._file, b"".join(orjson.dumps(line) + b"\n" for line in lines))


class Senders:
    """Threads that take requests from one queue."""

    def __init__(self, folder: Path, base: str, key: str) -> None:
        self._address = urlsplit(base).netloc
        self._headers = {
            "authorization": "Basic " + b64encode(f"{key}:".encode()).decode(),
            "content-type": "application/json",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        }
        self._posted, self._answered = List(folder / POSTED), List(folder / ANSWERED)
        self._refused = List(folder / REFUSED)
        self._requests: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._lock, self._left = threading.Lock(), 0
        for _ in range(THREADS):
            threading.Thread(target=self._send_all, daemon=True).start()

    def add(self, request: Mapping[str, Any]) -> None:
        with self._lock:
            self._left += 1
        self._posted.add(request["events"])
        self._requests.put(request)

    @property
    def left(self) -> int:
        with self._lock:
            return self._left

    def _send_all(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=PATIENCE)
        while True:
            self._send(connection, self._requests.get())
            with self._lock:
                self._left -= 1

    def _send(self, connection: http.client.HTTPConnection, request: Mapping[str, Any]) -> None:
        body, pause = orjson.dumps(request["body"]), PAUSE
        while True:
            status = self._post(connection, request["path"], body)
            if status == 200:
                self._answered.add(request["events"])
                return
            if 400 <= status < 500 and status not in (408, 429):
                self._refused.add([{"status": status, **event} for event in request["events"]])
                return
            if request["hasty"]:
                return
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _post(self, connection: http.client.HTTPConnection, path: str, body: bytes) -> int:
        """The status; 0 where there was no answer."""
        try:
            connection.request("POST", path, body, self._headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0


def main() -> None:
    """Send what is told, until there is nobody left to tell."""
    senders = Senders(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    for line in sys.stdin:
        if line.strip() == "left":
            sys.stdout.write(f"{senders.left}\n")
            sys.stdout.flush()
        else:
            senders.add(orjson.loads(line))


if __name__ == "__main__":
    main()
