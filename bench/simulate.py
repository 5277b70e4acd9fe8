"""`nurture simulate` over twelve weeks of the shipped workspace, as people run it: seconds and memory.

A hundred thousand leads; the goal is a minute. The command runs in a process of its own, its report thrown away; making
the file of leads is not part of it. The floor reads the same file and makes people of its rows, which is where any
simulation begins; the rest is living, by as many processes as there are processors. CPU is of all of them together,
memory is that of the largest.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.alone import run_alone
from bench.measure import Measured, Options, Target, against, alone, by_turns
from bench.people import csv_of
from bench.product import ROOT, TUESDAY

LEADS, QUICK_LEADS = 100_000, 300
WEEKS = 12
GOAL = Target(most=60, of="ours")
READ = """
import sys
from datetime import datetime
from pathlib import Path
from nurture.sheets.people import Terms
from nurture.sheets.sheet import open_sheet
from nurture.workspace import load_workspace
terms = Terms.of(load_workspace(Path()).agreement, datetime.fromisoformat(sys.argv[2]))
with open_sheet(Path(sys.argv[1]), terms) as sheet:
    assert sum(1 for _ in sheet) == int(sys.argv[3])
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One process that has ended."""

    seconds: float
    cpu: float
    peak_mb: float


def measure(options: Options) -> Iterable[Measured]:
    """Simulate again and again."""
    leads = options.number("simulate.leads", LEADS, QUICK_LEADS)
    ran: list[Ran] = []
    with tempfile.TemporaryDirectory() as folder:
        path = csv_of(leads, Path(folder))

        def ours() -> float:
            ran.append(_run(["-m", "nurture.cli.main", "simulate", "--leads", f"{path}", "--weeks", f"{WEEKS}",
                             "--start", TUESDAY.isoformat()]))  # fmt: skip
            return ran[-1].seconds

        def floor() -> float:
            return _run(["-c", READ, f"{path}", TUESDAY.isoformat(), f"{leads}"]).seconds

        found = by_turns({"ours": ours, "floor": floor}, options.runs)
    more = {"leads": leads, "weeks": WEEKS, "us_cpu_a_lead": round(1e6 * median(one.cpu for one in ran) / leads, 1)}
    yield against("simulate", found["ours"], found["floor"], "seconds", target=GOAL, more=more)
    yield alone("simulate.memory", [one.peak_mb for one in ran], "MB", more={"leads": leads})


def _run(words: list[str]) -> Ran:
    began = time.perf_counter()
    environment = {**os.environ, "NURTURE_WORKSPACE": str(ROOT)}
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL, env=environment, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"it ended with {process.returncode}")
    return Ran(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == "__main__":
    run_alone(measure, __doc__)
