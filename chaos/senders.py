"""Who sends events, in a process of its own: `python -m chaos.senders FOLDER BASE KEY`.

Requests come as lines of JSON on standard input. A sender tries until it hears 200, with the same ids, as clients of
Segment do; one that is `hasty` gives up at its first failure. What was answered 200 is written to a list of our own.
People who follow a link of a mail do so once; whether their click was kept, the answer says. Reps who answer a handoff
by the API try until they are answered, under one `Idempotency-Key`. Told `left`, it says on standard output how many
requests have no answer yet. It ends with its input.
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

from nurture.segment.visitor import VISITOR

POSTED, ANSWERED, REFUSED = "posted.jsonl", "answered.jsonl", "refused.jsonl"
CLICKED, REPLIED = "clicked.jsonl", "replied.jsonl"
THREADS = 6
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
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
            "user-agent": BROWSER,
        }
        self._posted, self._answered = List(folder / POSTED), List(folder / ANSWERED)
        self._refused = List(folder / REFUSED)
        self._clicked, self._replied = List(folder / CLICKED), List(folder / REPLIED)
        self._requests: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._lock, self._left = threading.Lock(), 0
        for _ in range(THREADS):
            threading.Thread(target=self._send_all, daemon=True).start()

    def add(self, request: Mapping[str, Any]) -> None:
        with self._lock:
            self._left += 1
        self._posted.add(request.get("events", []))
        self._requests.put(request)

    @property
    def left(self) -> int:
        with self._lock:
            return self._left

    def _send_all(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=PATIENCE)
        while True:
            request = self._requests.get()
            if "link" in request:
                self._click(connection, request)
            elif "reply" in request:
                self._reply(connection, request)
            else:
                self._send(connection, request)
            with self._lock:
                self._left -= 1

    def _send(self, connection: http.client.HTTPConnection, request: Mapping[str, Any]) -> None:
        body, pause = orjson.dumps(request["body"]), PAUSE
        while True:
            status, _ = self._ask(connection, "POST", request["path"], body, self._headers)
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

    def _click(self, connection: http.client.HTTPConnection, request: Mapping[str, Any]) -> None:
        """Follow a link. Whoever comes to the site with a name for its visitor has had the click kept."""
        headers = {"user-agent": request["agent"]}
        status, there = self._ask(connection, "GET", urlsplit(request["link"]).path, b"", headers)
        self._clicked.add([{"agent": request["agent"], "status": status, "kept": VISITOR.encode() in there}])

    def _reply(self, connection: http.client.HTTPConnection, request: Mapping[str, Any]) -> None:
        """Answer a handoff, until it is heard."""
        body, pause = orjson.dumps(request["body"]), PAUSE
        headers = {
            "authorization": f"Bearer {request['key']}", "content-type": "application/json",
            "idempotency-key": request["reply"]["mark"],
        }  # fmt: skip
        while True:
            status, said = self._ask(connection, "POST", request["path"], body, headers)
            if 200 <= status < 500 and status not in (408, 429) and b'"in-flight"' not in said:
                code = orjson.loads(said).get("code", "") if status >= 400 else ""
                self._replied.add([{**request["reply"], "status": status, "code": code}])
                return
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    @staticmethod
    def _ask(
        connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """The status, 0 where there was no answer; and where it leads to, or what it says."""
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            said = answer.read()
            return answer.status, (answer.getheader("location") or "").encode() or said
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0, b""


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
