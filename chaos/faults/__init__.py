"""What is broken, one kind a class, all of them in `FAULTS`.

A fault is struck at a moment of a round, while mails go out and events come in, and healed before the world is to
settle. What it does follows from `dice` alone, so that a seed tells the same story again, as far as processes let it.
"""

from collections.abc import Mapping

from chaos.faults import disk, esp, jobs, mail, poison, postgres, processes, redis, time
from chaos.faults.fault import Fault

__all__ = ["FAULTS", "Fault"]

_ALL: tuple[Fault, ...] = (
    *processes.FAULTS, *redis.FAULTS, *postgres.FAULTS,
    *mail.FAULTS, *esp.FAULTS, *disk.FAULTS, *time.FAULTS, *jobs.FAULTS, *poison.FAULTS,
)  # fmt: skip
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
