"""What follows from a rule alone, worked out once: the files' parts are frozen, and there are few of them."""

from collections.abc import Callable
from typing import TypeVar

Part = TypeVar("Part")
Found = TypeVar("Found")

KEPT = 4096
"""So many answers of one question are kept; files are edited, so the oldest are of no use some day."""


def once(work_out: Callable[[Part], Found]) -> Callable[[Part], Found]:
    """The same function, which remembers its answer for each object.

    Not for each equal one: hashing a whole file's worth of rules would take longer than most answers.
    """
    kept: dict[int, tuple[Part, Found]] = {}

    def remembered(part: Part) -> Found:
        found = kept.get(id(part))
        if found is not None:
            return found[1]
        if len(kept) >= KEPT:
            kept.clear()
        answer = work_out(part)
        kept[id(part)] = (part, answer)  # the part is kept too, so that no other object gets its id
        return answer

    return remembered
