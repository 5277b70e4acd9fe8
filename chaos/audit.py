"""What an audit is. An audit looks at one promise, once the world has settled, whatever was broken.

It compares what others have written down (the mailbox, the receiver of news, the senders' lists) with the database, and
gives what it found; nothing is the answer hoped for. All of them stand in `chaos.audits`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from chaos.world import World

Kind = Literal["doubles", "losses", "stuck", "wrong"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept: what is wrong, of which rows, and how it is counted."""

    what: str
    rows: Sequence[object] = ()
    kind: Kind = "wrong"

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.rows[:10]))
        more = f", … ({len(self.rows)})" if len(self.rows) > 10 else ""
        return f"{self.kind}: {self.what}: {shown}{more}" if self.rows else f"{self.kind}: {self.what}"


Audit = Callable[[World], Sequence[Broken]]


def found(what: str, rows: Sequence[object], kind: Kind = "wrong") -> list[Broken]:
    """A promise, kept where no rows speak against it."""
    return [Broken(what, rows, kind)] if rows else []
