"""Prism, which holds requests against an OpenAPI description. It is another program, and asks for node."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules/.bin/prism"
NO_PRISM = "there is no node on this machine" if shutil.which("node") is None else (
    "Prism is not set up: `make set-up-node`" if not PROGRAM.exists() else ""
)  # fmt: skip
"""Why requests cannot be held against a description, if they cannot."""


class Prism:
    """One description."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=20)

    def refusal(self, path: str, headers: Mapping[str, str], body: bytes) -> httpx.Response | None:
        """What is wrong with a request; None: it is as described."""
        kept = {name: value for name, value in headers.items() if name not in ("host", "content-length", "connection")}
        request = self._client.build_request("POST", path, headers=kept, content=body)
        if "user-agent" not in kept:
            del request.headers["user-agent"]
        answer = self._client.send(request)
        return None if answer.is_success else answer

    def close(self) -> None:
        self._client.close()


@contextmanager
def prism(description: str) -> Iterator[Prism]:
    """Run it on a description, until it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(PROGRAM),
        "mock",
        "--port",
        str(port),
        "--verboseLevel",
        "error",
        str(HERE / "described" / description),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        _wait(process, port)
        asking = Prism(f"http://127.0.0.1:{port}")
        try:
            yield asking
        finally:
            asking.close()
    finally:
        process.kill()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    ends_at = time.monotonic() + 30
    while time.monotonic() < ends_at and process.poll() is None:
        with socket.socket() as knock:
            knock.settimeout(1)
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Prism does not run (it left with {process.poll()})")
