"""Measure how fast everything is, against floors and peers, and keep the figures in bench/out.json.

    python -m bench [NAME …] [--quick] [--runs 5] [--set NAME=VALUE …]

Each measure runs in a process of its own, on PostgreSQL (fsync on) and Valkey that are started for it. Named ones
replace their own figures in bench/out.json and leave the others. Exit status 1 where a measure failed; a target that is
missed is said in the table, and is no failure.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.alone import SKIPPED, arguments
from bench.measure import Measured, table
from bench.servers import running, shared

OUT = Path(__file__).with_name("out.json")
MEASURES = (
    "render", "decide", "send", "worked", "ingest", "qualify", "import", "recompute", "simulate", "growth", "memory",
    "peer",
)  # fmt: skip
"""In the order in which they run: modules of this folder that have a `measure`."""
AT_ONCE = 4
"""Measures that run at the same time where it is only to be seen that they run."""
LONGEST_FIRST = ("memory", "worked", "ingest", "qualify", "send")
"""Where several run at the same time, so that none is left to run alone at the end."""
LONGEST, LONGEST_QUICK = 3600.0, 600.0
"""Seconds after which a measure has failed."""
OTHERWISE = {"import": "import_leads"}
"""Modules that cannot have the name of their measure."""


def main() -> None:
    """Run what was asked for, print the table, keep the figures."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    parser = arguments(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {' '.join(MEASURES)}")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in MEASURES]:
        parser.error(f"there is no measure {unknown[0]!r}; there are {', '.join(MEASURES)}")
    passed = [f"--{name}" for name in ("quick",) if given.quick]
    passed += [f"--runs={given.runs}"] if given.runs else []
    passed += [f"--set={said}" for said in given.set]
    found: dict[str, Any] = {}
    failed: list[str] = []
    try:
        run(given.names or MEASURES, passed, found, failed)
    finally:  # however it ended, what was measured is kept
        keep(given.out or OUT, found, replace=not given.names)
        print(f"\n{table(Measured.from_json(name, said) for name, said in found.items())}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def run(names: Sequence[str], passed: Sequence[str], found: dict[str, Any], failed: list[str]) -> None:
    """Run these measures; their figures come to `found`, the names of those that fail to `failed`."""
    quick = "--quick" in passed
    with tempfile.TemporaryDirectory() as folder, running() as servers:
        environment = {**os.environ, **shared(servers)}

        def one(name: str) -> None:
            out = Path(folder, f"{name}.json")
            began, load = time.perf_counter(), os.getloadavg()[0]
            print(f"\n== {name} (load {load:.1f})", file=sys.stderr, flush=True)
            status = _measured(name, [*passed, f"--out={out}"], environment, LONGEST_QUICK if quick else LONGEST)
            how = "" if status in (0, SKIPPED) else f", FAILED ({status})"
            print(f"   {name}: {time.perf_counter() - began:.0f} s{how}", file=sys.stderr, flush=True)
            if how:
                failed.append(name)

        try:
            # Figures that mean nothing may disturb each other.
            first = [name for name in LONGEST_FIRST if name in names] if quick else []
            with ThreadPoolExecutor(AT_ONCE if quick else 1) as threads:
                list(threads.map(one, [*first, *(name for name in names if name not in first)]))
        finally:
            for name in names:
                if (out := Path(folder, f"{name}.json")).exists():
                    found |= json.loads(out.read_text())


def _measured(name: str, passed: Sequence[str], environment: Mapping[str, str], longest: float) -> int | str:
    """Run one measure; when we are stopped it stops too, and takes down what it started. Gives its exit status."""
    command = [sys.executable, "-m", f"bench.{OTHERWISE.get(name, name)}", *passed]
    process = subprocess.Popen(command, env=environment, stdout=sys.stderr)
    try:
        return process.wait(longest)
    except subprocess.TimeoutExpired:
        return f"not done within {longest:,.0f} s"
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def keep(path: Path, found: Mapping[str, Any], *, replace: bool) -> None:
    """Write the figures down: all anew, or those of some measures beside what stands there."""
    before = {} if replace or not path.exists() else json.loads(path.read_text())
    path.write_text(json.dumps({**before, **found}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
