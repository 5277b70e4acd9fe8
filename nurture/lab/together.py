"""Many lives in several processes at once: each lives some of them and counts, and the counts are joined in order.

Leads do not depend on each other: who gets which handoff is settled when all have lived (`assigning`). So a few hundred
people at a time go to the next free process, and what comes back is what they came to, which is small. The story is the
same to the letter whatever the number of processes, for counts are joined in the order of the file.
"""

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.reduction import ForkingPickler
from threading import Thread
from types import MappingProxyType
from typing import Any

from nurture.errors import NurtureError
from nurture.lab.letters import Letters
from nurture.lab.running import Aside, Asked, book_of, lives, people_of
from nurture.lab.tally import Tally
from nurture.rules.book import Rulebook
from nurture.sheets.people import Person
from nurture.sheets.sheet import Sheet
from nurture.workspace import Workspace

PART = 500
"""So many people go to a process at a time."""
ALONE = 2000
"""So many are lived here before others are asked to help: to begin a process takes as long as to live a thousand."""
_AHEAD = 3
"""So many parts for each process are under way or waiting, so that none has to wait for the next."""
_KILLED = "a process that was simulating ended early: the system may have run out of memory; try fewer leads"

_Came = tuple[Tally, dict[str, str]]
_Here = tuple[Rulebook, Letters, Asked]


def tallied(
    workspace: Workspace,
    asked: Asked,
    letters: Letters,
    aside: Aside,
    progress: Callable[[Sheet], None] = lambda _: None,
    *,
    processes: int,
) -> Tally:
    """What everybody's lives come to; `asked` has no events, for these may tell of anybody.

    Raises:
        NotFound: There is no such file of leads.
        NurtureError: It cannot be read; or one of the processes was killed.
        UsageError: A column that was named is not there.
    """
    book = book_of(workspace, asked.campaign)
    tally = Tally(book, asked.start, asked.end)
    with people_of(book, asked, aside) as (sheet, people):
        for lived in lives(book, letters, asked, people if processes < 2 else islice(people, ALONE)):
            tally.add(lived)
            progress(sheet)
        for came, broken in _elsewhere(workspace, asked, _parts(people), processes):
            tally.join(came)
            for name, why in broken.items():
                letters.broken.setdefault(name, why)
            for _ in range(came.leads):
                progress(sheet)
    return tally


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parts(people: Iterator[Person]) -> Iterator[list[Person]]:
    while part := list(islice(people, PART)):
        yield part


def _elsewhere(workspace: Workspace, asked: Asked, parts: Iterator[list[Person]], processes: int) -> Iterator[_Came]:
    """What each part came to, in order; other processes are begun only where there is a part."""
    first = next(parts, None)
    if first is None:
        return
    context = get_context("spawn")  # not a copy of this process with whatever it holds
    pool = ProcessPoolExecutor(processes, context, _begin, (workspace, asked))
    try:
        waiting: deque[Future[_Came]] = deque([pool.submit(_live, first)])
        for part in parts:
            waiting.append(pool.submit(_live, part))
            if len(waiting) >= _AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise NurtureError(_KILLED) from error
    finally:
        pool.shutdown(cancel_futures=True)


# --- in the other process ---

_here: list[_Here] = []


def _begin(workspace: Workspace, asked: Asked) -> None:
    """Make ready. Whoever stops the simulation stops the first process, and no other outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _here[:] = [(book_of(workspace, asked.campaign), Letters(workspace), asked)]
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _live(people: list[Person]) -> _Came:
    """What these come to, and which templates were found broken by now."""
    book, letters, asked = _here[0]
    tally = Tally(book, asked.start, asked.end)
    for lived in lives(book, letters, asked, iter(people)):
        tally.add(lived)
    return tally, letters.broken


def _view(mapping: dict[str, object]) -> MappingProxyType[str, object]:
    return MappingProxyType(mapping)


def _plainly(view: MappingProxyType[str, object]) -> tuple[Any, tuple[dict[str, object]]]:
    """How a view of a dict goes to another process, which pickle does not know."""
    return _view, (dict(view),)


ForkingPickler.register(MappingProxyType, _plainly)
