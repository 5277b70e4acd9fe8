"""Child processes that end when their parent does, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from nurture.errors import LocalServerError
from nurture.local.processes import children
from tests.local.command import ROOT, has_ended

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
FAMILY = (sys.executable, "-c", "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(60)", *SLEEPS)
STUBBORN = (
    sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)  # fmt: skip
PARENT = """
import os, sys, time
from pathlib import Path
from nurture.local.processes import children
with children(Path(sys.argv[1])) as ours:
    child = ours.start("family", sys.argv[2:], os.environ)
    print(child.process.pid, flush=True)
    time.sleep(60)
"""


def family_of(pid: int) -> list[psutil.Process]:
    """A process and its child, once that is there."""
    head = psutil.Process(pid)
    until = time.monotonic() + 20
    while not (found := head.children()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return [head, *found]


def gone(processes: list[psutil.Process], within: float = 15) -> bool:
    until = time.monotonic() + within
    while not all(has_ended(process) for process in processes):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_children_and_their_children_end_with_the_block(tmp_path: Path) -> None:
    with children(tmp_path) as ours:
        family = family_of(ours.start("family", FAMILY, os.environ).process.pid)
        ours.check()
    assert gone(family, within=1)


def test_they_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path), *FAMILY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        family = family_of(int(parent.stdout.readline()))
        leash = [child for child in psutil.Process(parent.pid).children() if "nurture.local.leash" in child.cmdline()]
        parent.kill()
    assert gone([*family, *leash])


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurture.local.processes.STOPS_WITHIN", 0.5)
    with children(tmp_path) as ours:
        child = ours.start("stubborn", STUBBORN, os.environ, speaks=True)
        assert child.process.stdout is not None
        assert child.process.stdout.readline() == "deaf\n"
    assert child.process.returncode == -signal.SIGKILL


def test_a_dead_child_is_named_with_its_last_words(tmp_path: Path) -> None:
    with children(tmp_path) as ours:
        child = ours.start("web", (sys.executable, "-c", "raise SystemExit('the port is taken')"), os.environ)
        child.process.wait()
        with pytest.raises(LocalServerError, match=r"web: ended with status 1 \(the port is taken\); see .*web\.log"):
            ours.check()


def test_some_can_be_stopped_before_the_others(tmp_path: Path) -> None:
    with children(tmp_path) as ours:
        one, other = (ours.start(name, SLEEPS, os.environ) for name in ("one", "other"))
        ours.stop("one")
        assert one.process.returncode == -signal.SIGTERM
        assert other.process.poll() is None
        ours.check()


def test_a_program_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with children(tmp_path) as ours, pytest.raises(LocalServerError, match="ghost: /no/such/program cannot be started"):
        ours.start("ghost", ["/no/such/program"], os.environ)
