"""A client for a language server: JSON-RPC over its standard streams, as much of it as the tests ask for."""

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules/yaml-language-server/bin/yaml-language-server"
PATIENCE = 30
SETTINGS = {
    "yaml": {
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
        "validate": True,
        "hover": True,
        "completion": True,
    }
}


class LanguageServer:
    """One that runs. Documents are opened under the address of a file, which need not exist."""

    def __init__(self, process: "subprocess.Popen[bytes]", root: Path) -> None:
        assert process.stdin
        assert process.stdout
        self._input = process.stdin
        self._requests = self._documents = 0
        self._came: queue.Queue[dict[str, Any]] = queue.Queue()
        self._ear = threading.Thread(target=_listen, args=(process.stdout, self._came), daemon=True)
        self._ear.start()
        self._request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "capabilities": {
                    "textDocument": {
                        "completion": {"completionItem": {"snippetSupport": True}},
                        "hover": {"contentFormat": ["markdown"]},
                        "publishDiagnostics": {},
                    },
                    "workspace": {"configuration": True},
                },
            },
        )
        self._notify("initialized", {})
        self._notify("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def diagnostics(self, folder: Path, text: str) -> list[tuple[int, str]]:
        """What is wrong with a text that lies in a folder: lines, from 1, and messages."""
        uri = self._open(folder, text)
        while True:
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                found = message["params"]["diagnostics"]
                return [(each["range"]["start"]["line"] + 1, each["message"]) for each in found]

    def completions(self, folder: Path, text: str) -> dict[str, dict[str, Any]]:
        """What may stand where `▮` stands in the text, by label."""
        found = self._request("textDocument/completion", self._place(folder, text))
        return {item["label"]: item for item in found["items"]}

    def hover(self, folder: Path, text: str) -> str:
        """What is said of the place where `▮` stands in the text."""
        found = self._request("textDocument/hover", self._place(folder, text))
        return str(found["contents"]["value"]) if found else ""

    def close(self) -> None:
        """Ask it to end."""
        self._request("shutdown", None)
        self._notify("exit", None)

    def stop_listening(self) -> None:
        """Wait until the last word of a process that has ended was heard: its streams can be closed then."""
        self._ear.join(PATIENCE)

    def _place(self, folder: Path, text: str) -> dict[str, Any]:
        before, after = text.split("▮")
        at = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        return {"textDocument": {"uri": self._open(folder, before + after)}, "position": at}

    def _open(self, folder: Path, text: str) -> str:
        """Open a document that was never open before, so that nothing said of another is taken for this one's."""
        self._documents += 1
        uri = (folder / f"document-{self._documents}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def _request(self, method: str, params: Any) -> Any:
        self._requests += 1
        number = self._requests
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def _notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _next(self) -> dict[str, Any]:
        message = self._came.get(timeout=PATIENCE)
        if "id" in message and "method" in message:
            self._answer(message)
        return message

    def _answer(self, message: dict[str, Any]) -> None:
        """The server asks for settings, and whether it may do this and that."""
        result = None
        if message["method"] == "workspace/configuration":
            sections = [item["section"] for item in message["params"]["items"]]
            result = [SETTINGS.get(section) for section in sections]
        self._send({"id": message["id"], "result": result})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._input.flush()


@contextmanager
def language_server(node: str, root: Path) -> Iterator[LanguageServer]:
    """Start one that cannot reach any network, for a workspace at `root`, and see it end."""
    command = [node, "--require", str(HERE / "no_network.cjs"), str(PROGRAM), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as process:
        server = None
        try:
            server = LanguageServer(process, root)
            yield server
            server.close()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            if server:
                server.stop_listening()


def _listen(stream: BinaryIO, came: "queue.Queue[dict[str, Any]]") -> None:
    while line := stream.readline():
        length = int(line.partition(b":")[2])
        while stream.readline().strip():
            pass
        came.put(json.loads(stream.read(length)))
