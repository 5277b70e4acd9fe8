"""Seconds of CPU by process: what work costs, whatever else the machine does meanwhile."""

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import psutil
from sqlalchemy import Engine, text

T = TypeVar("T")


def own() -> float:
    """Of this process, its threads included, its children not."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def children() -> float:
    """Of the children of this process that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tree(pid: int) -> float:
    """Of a process and everything below it, those that have ended included."""
    try:
        top = psutil.Process(pid)
        processes = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def postmaster(engine: Engine) -> int:
    """The process id of PostgreSQL itself, whose children serve connections."""
    with engine.connect() as db:
        backend = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return psutil.Process(backend).ppid()


@dataclass(frozen=True, slots=True)
class Spent:
    """What work took: seconds by the clock, and seconds of CPU by whose they are."""

    seconds: float
    cpu: Mapping[str, float]

    def micros(self, units: float) -> dict[str, float]:
        """Microseconds of CPU for each of so many units of work, by whose they are."""
        return {name: round(1e6 * used / max(1, units), 1) for name, used in self.cpu.items()}


def spent(work: Callable[[], T], **whose: int) -> tuple[T, Spent]:
    """Do it, and say what it took: of this process (`here`), and of the process trees that are named."""
    before = _looked(whose)
    began = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - began
    after = _looked(whose)
    return result, Spent(seconds, {name: after[name] - before[name] for name in after})


def _looked(whose: Mapping[str, int]) -> dict[str, float]:
    return {"here": own(), **{name: tree(pid) for name, pid in whose.items()}}
