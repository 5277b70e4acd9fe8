"""What leads do on the site, as requests for the senders; and the senders' own lists, for the audit."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson

from chaos.senders import ANSWERED, BROWSER, CLICKED, POSTED, REFUSED, REPLIED
from chaos.workspace import DOCS, HOT, PRICING, ZONES
from nurture.local.processes import Child, Children, search_path

BATCH = 10
TOGETHER, HASTY, TWICE = 0.5, 0.05, 0.1
"""Shares of what is sent in batches, by senders that give up, and a second time with the same ids."""
WORTH = ((PRICING, 0.15), (DOCS, 0.7))
"""Pages and their shares; the others are worth nothing."""
NEW = 0.05
"""Share of events that make a lead that nobody knew."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One event on a list: the id that its sender gave it, whose it is, what it is."""

    id: str
    email: str
    kind: str
    what: str


@dataclass
class Traffic:
    """The senders' process from outside.

    Attributes:
        folder: Where the lists lie.
        emails: Leads who do something.
        hot: Those who have asked for a demo: nobody asks twice.
        made: How many events there were.
    """

    folder: Path
    child: Child
    emails: list[str] = field(default_factory=list)
    hot: set[str] = field(default_factory=set)
    made: int = 0
    new: int = 0
    clicks: int = 0
    replies: int = 0

    def send(self, dice: Random, now: datetime, count: int, hot: int = 0) -> None:
        """Have so many events sent, and so many leads ask for a demo."""
        messages = [self._message(dice, now) for _ in range(count)]
        asking = [email for email in dice.sample(self.emails, min(hot, len(self.emails))) if email not in self.hot]
        self.hot.update(asking)
        messages += [self._track(email, now) for email in asking]
        while messages:
            size = BATCH if dice.random() < TOGETHER else 1
            batch, messages = messages[:size], messages[size:]
            request = _request(batch, hasty=dice.random() < HASTY)
            for _ in range(2 if dice.random() < TWICE else 1):
                self._ask(request)

    def click(self, link: str) -> None:
        """Have somebody follow a link, with a browser of his own."""
        self.clicks += 1
        self._ask({"link": link, "agent": f"{BROWSER} c{self.clicks}"})

    def reply(self, handoff: int, act: str, by: str, key: str, **said: str) -> None:
        """Have a rep answer a handoff by the API, whose key this is."""
        self.replies += 1
        reply = {"handoff": handoff, "act": act, "by": by, "mark": f"r{self.replies}"}
        body = {"by": by, **said}
        self._ask({"path": f"/api/handoffs/{handoff}/{act}", "body": body, "reply": reply, "key": key})

    def clicked(self) -> list[dict[str, Any]]:
        """Every click: its `agent`, the `status` of the answer, whether it was `kept`."""
        return _lines(self.folder / CLICKED)

    def replied(self) -> list[dict[str, Any]]:
        """Every answer of a rep that was answered: `handoff`, `act`, `by`, `mark`, `status`, `code`."""
        return _lines(self.folder / REPLIED)

    def left(self) -> int:
        """Requests that nobody has answered yet."""
        self._tell("left")
        assert self.child.process.stdout is not None
        return int(self.child.process.stdout.readline())

    def posted(self) -> Iterator[Sent]:
        return _read(self.folder / POSTED)

    def answered(self) -> Iterator[Sent]:
        """What was answered 200; more than once where it was sent more than once."""
        return _read(self.folder / ANSWERED)

    def refused(self) -> Sequence[str]:
        """What was answered 4xx; nothing that is sent deserves it."""
        path = self.folder / REFUSED
        return path.read_text().splitlines() if path.exists() else []

    def _ask(self, request: Mapping[str, Any]) -> None:
        self._tell(orjson.dumps(request).decode())

    def _tell(self, line: str) -> None:
        assert self.child.process.stdin is not None
        self.child.process.stdin.write(f"{line}\n")
        self.child.process.stdin.flush()

    def _message(self, dice: Random, now: datetime) -> dict[str, Any]:
        if not self.emails or dice.random() < NEW:
            self.new += 1
            email = f"new{self.new}@visitor.example"
            self.emails.append(email)
            traits = {"email": email, "firstName": f"New {self.new}", "timezone": dice.choice(ZONES)}
            return self._said(email, now, "identify", "", traits=traits)
        drawn, path = dice.random(), "/"
        for page, share in WORTH:
            if drawn < share:
                path = page
                break
            drawn -= share
        return self._said(dice.choice(self.emails), now, "page", path, properties={"path": path})

    def _track(self, email: str, now: datetime) -> dict[str, Any]:
        return self._said(email, now, "track", HOT, event=HOT)

    def _said(self, email: str, now: datetime, kind: str, what: str, **more: object) -> dict[str, Any]:
        self.made += 1
        return {
            "type": kind, "messageId": f"m{self.made}", "userId": email, "timestamp": now.isoformat(), **more,
            "context": {"chaos": what},
        }  # fmt: skip


def _request(batch: Sequence[Mapping[str, Any]], *, hasty: bool) -> dict[str, Any]:
    events = [
        {"id": message["messageId"], "email": message["userId"], "kind": message["type"],
         "what": message["context"]["chaos"]}
        for message in batch
    ]  # fmt: skip
    if len(batch) == 1:
        path, body = f"/v1/{batch[0]['type']}", batch[0]
    else:
        path, body = "/v1/batch", {"batch": list(batch)}
    return {"path": path, "body": body, "events": events, "hasty": hasty}


def start_traffic(children: Children, folder: Path, base: str, key: str) -> Traffic:
    """Start the senders."""
    folder.mkdir()
    command = (sys.executable, "-m", "chaos.senders", str(folder), base, key)
    root = str(Path(__file__).parents[1])
    environment = {"PYTHONPATH": f"{root}:{search_path()}", "PATH": "/usr/bin:/bin"}
    return Traffic(folder, children.start("senders", command, environment, speaks=True))


def _read(path: Path) -> Iterator[Sent]:
    for line in _lines(path):
        yield Sent(**line)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
