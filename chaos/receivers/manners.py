"""How a receiver behaves: rules in a file that it looks at before each step, so nobody has to talk to it.

A rule strikes at a point of a mail's way. SMTP has `connect`, `ehlo`, `mail`, `rcpt`, `data`, `body` (its first octets
have come), `dot` (all of it has come and nothing is kept), `kept` (it stands in the mailbox, nothing is answered) and
`answered`. HTTP has `connect`, `asked`, `item` (each mail of a request), `kept` and `answered`. No rule may have a
receiver say "not taken" of a mail that it keeps: no sender can live with a liar.
"""

import hashlib
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

import orjson

Does = Literal["say", "close", "reset", "hang", "drip"]
BEFORE_IT_IS_KEPT = ("connect", "ehlo", "mail", "rcpt", "data", "dot", "asked", "item")
POINTS = (*BEFORE_IT_IS_KEPT, "body", "kept", "answered")


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens at one point.

    Attributes:
        at: Where it strikes.
        does: `say` answers with `reply` instead of yes; `close` hangs up; `reset` breaks off (RST); `hang` stands still
            for so many seconds, then goes on as if nothing were; `drip` says yes, octet by octet, over so many seconds.
        reply: SMTP: the reply's line. HTTP: a status; of an item its error code.
        seconds: How long it hangs or drips; over HTTP also what `Retry-After` asks for.
        share: How many of those that come by it strikes, 0 to 1.
        sticky: The same recipients are struck each time; else each time others.
        most: It strikes so often; None: always.
    """

    at: str
    does: Does
    reply: str = ""
    seconds: float = 0.0
    share: float = 1.0
    sticky: bool = False
    most: int | None = None

    def __post_init__(self) -> None:
        if self.at not in POINTS:
            raise ValueError(f"no such point: {self.at}")
        if self.does == "say" and self.at not in BEFORE_IT_IS_KEPT:
            raise ValueError(f"at {self.at} nothing is refused any more: it would be a lie")


@dataclass(frozen=True, slots=True)
class Manners:
    """All of a receiver's behaviour. `seed` decides whom a share of something strikes."""

    listens: bool = True
    pipelining: bool = True
    rules: tuple[Rule, ...] = ()
    seed: int = 0

    def write(self, path: Path) -> None:
        """Put them into a receiver's file, whole or not at all."""
        new = path.with_suffix(".new")
        new.write_bytes(orjson.dumps(asdict(self)))
        new.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Manners":
        said = orjson.loads(path.read_bytes())
        return cls(**{**said, "rules": tuple(Rule(**rule) for rule in said["rules"])})


GOOD = Manners()


@dataclass
class Watched:
    """The manners in force, read anew when the file has changed."""

    path: Path
    now: Manners = GOOD
    _stamp: tuple[int, int, int] = (0, 0, 0)
    _dice: Random = field(default_factory=Random)
    _struck: dict[int, int] = field(default_factory=dict)

    def look(self) -> Manners:
        try:
            found = os.stat(self.path)  # noqa: PTH116 - before each step of each mail
        except FileNotFoundError:
            return self.now
        stamp = found.st_mtime_ns, found.st_ino, found.st_size  # times are told by the tick: two files may have one
        if stamp != self._stamp:
            self.now, self._stamp = Manners.read(self.path), stamp
            self._dice, self._struck = Random(self.now.seed), {}
        return self.now

    def rule(self, at: str, recipient: str = "") -> Rule | None:
        """The rule that strikes here and now."""
        for place, rule in enumerate(self.look().rules):
            if rule.at != at or (rule.most is not None and self._struck.get(place, 0) >= rule.most):
                continue
            drawn = _drawn(f"{self.now.seed}/{recipient}") if rule.sticky else self._dice.random()
            if drawn < rule.share:
                self._struck[place] = self._struck.get(place, 0) + 1
                return rule
        return None


def _drawn(what: str) -> float:
    return int.from_bytes(hashlib.blake2b(what.encode(), digest_size=6).digest()) / 2**48
