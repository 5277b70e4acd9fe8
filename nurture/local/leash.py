"""Ends process groups when whoever started them is gone, however it went: `python -m nurture.local.leash`.

It reads one number a line: `123` takes the group of process 123 on the leash, `-123` lets go of it. At the end of its
input (the kernel closes a killed process's pipes) it ends every group still on it.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator

PATIENCE = 5.0
"""Seconds that a group has between being asked to end and being killed."""


def end_groups(groups: Iterable[int], patience: float = PATIENCE) -> None:
    """Ask these groups to end; kill what is left after so many seconds. Groups that are gone are no trouble."""
    left = [group for group in groups if _tell(group, signal.SIGTERM)]
    until = time.monotonic() + patience
    while left and time.monotonic() < until:
        time.sleep(0.02)
        left = [group for group in left if _tell(group, 0)]
    for group in left:
        _tell(group, signal.SIGKILL)


def _tell(group: int, what: int) -> bool:
    """Whether there was anybody to tell."""
    try:
        os.killpg(group, what)
    except ProcessLookupError:
        return False
    except PermissionError:  # only zombies, or another's who has the number now
        return False
    return True


def _groups(lines: Iterable[str]) -> Iterator[int]:
    held: set[int] = set()
    for line in lines:
        with contextlib.suppress(ValueError):
            number = int(line)
            held.add(number) if number > 0 else held.discard(-number)
    yield from held


def main() -> None:
    """Hold on until the input ends, whatever else is sent to us: who asks us to end means them."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(_groups(sys.stdin))


if __name__ == "__main__":
    main()
