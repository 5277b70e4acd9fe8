"""What must hold once the world has settled, whatever was broken: each audit looks at one promise.

An audit compares what others have written down (the mailbox, the receiver of news, the senders' lists) with the
database. It takes the world and gives what it found; nothing is the answer hoped for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chaos.world import World

Kind = Literal["doubles", "losses", "unknown", "stuck", "wrong"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept: what is wrong, of which rows (ids, never addresses), and how it is counted."""

    what: str
    rows: Sequence[object] = field(default=())
    kind: Kind = "wrong"

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.rows[:10]))
        more = f", … ({len(self.rows)})" if len(self.rows) > 10 else ""
        return f"{self.what}: {shown}{more}" if self.rows else self.what


Audit = Callable[[World], Sequence[Broken]]
AUDITS: list[Audit] = []
"""All of them, run after each round. Who adds some imports this list and appends."""


def audit(world: World) -> list[Broken]:
    """Run every audit."""
    return [broken for look in AUDITS for broken in look(world)]
