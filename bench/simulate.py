"""Time and memory of `nurture simulate`: make-believe leads over twelve weeks with the shipped workspace, one core.

python -m bench.simulate [LEADS …] (1000 10000 100000) — each size in a process of its own, the command as people run
it, its report thrown away. Prints seconds of CPU and by the clock, CPU a lead, and the most memory the process held.
Making the CSV is not part of it.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from nurture.local.people import make_people, write_csv

STARTS_AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
REASONS = {"not_ready": False, "no_budget": True, "wrong_person": False, "no_follow_up": False, "unreachable": False}
WEEKS = 12


def file_of(count, folder):
    path = folder / f"leads{count}.csv"
    write_csv(make_people(1, REASONS, STARTS_AT, count=0), path)
    header = path.read_text()
    with path.open("w") as file:
        file.write(header)
        # The names of the make-believe people run out: more of them differ in a number before the @.
        for part in range(-(-count // 1000)):
            write_csv(make_people(part, REASONS, STARTS_AT, min(1000, count - part * 1000)), folder / "part.csv")
            rows = (folder / "part.csv").read_text().splitlines(keepends=True)[1:]
            file.writelines(row.replace("@", f".{part}@", 1) for row in rows)
    return path


def run(path):
    command = [sys.executable, "-m", "nurture.cli.main", "simulate", "--leads", str(path), "--weeks", str(WEEKS)]
    command += ["--start", STARTS_AT.isoformat()]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "NURTURE_WORKSPACE": "."})
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"it ended with {process.returncode}")
    return time.perf_counter() - began, used


def main(counts):
    print(f"{'leads':>9} {'seconds':>8} {'CPU':>7} {'us a lead':>10} {'MB':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            seconds, used = run(file_of(count, Path(folder)))
            cpu = used.ru_utime + used.ru_stime
            print(f"{count:>9,} {seconds:>8.1f} {cpu:>7.1f} {1e6 * cpu / count:>10.0f} {used.ru_maxrss / 1024:>6.0f}")


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or [1_000, 10_000, 100_000])
