"""Real worker and clock processes for tests: started in a process group of their own, ended with certainty."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import Engine, text

from nurture.db import transaction
from nurture.rules.calendar import zone_info
from workers.stopping import FINISH_SECONDS

ROOT = Path(__file__).parents[2]

CAMPAIGN = """\
name: Always
status: live
enroll: {unready: true, reasons: [not_ready, no_follow_up, unreachable, no_outcome]}
cadence: {every: 1 week, days: mon-sun, hours: "00:00-23:59"}
steps:
  - {id: one, email: t/one}
  - {id: two, email: t/two}
"""
AGREEMENT = """\
company:
  name: Acme
  address: 1 Main Street, Springfield
  sender: Ada <ada@news.acme.example>
  reply_to: ada@acme.example
  timezone: UTC
signals:
  pricing: {when: {page: "/pricing*"}, points: 20}
half_life: 14 days
horizon: 90 days
qualify:
  - {grades: [A, B, C, D], score: 1000}
reject_reasons:
  not_ready: {label: Not ready, then: nurture}
sla:
  hours: {days: mon-fri, from: "09:00", to: "17:00", timezone: UTC}
  accept_within: 4 hours
  first_attempt_within: 8 hours
  attempts: {count: 6, within: 14 days}
  outcome_within: 90 days
  manager: boss@acme.example
"""
LETTER = """\
---
subject: "Hello {{ lead.first_name | default('there') }}"
preheader: "A short one."
---
<html lang="en"><body><p>Hello. <a href="https://acme.example/x">Read on</a></p><p>FILLER</p></body></html>
"""


def write_workspace(root: Path, *, filler: int = 0) -> Path:
    """A workspace whose window is always open, with letters of about so many more octets."""
    (root / "campaigns").mkdir(parents=True)
    (root / "templates/t").mkdir(parents=True)
    (root / "campaigns/agreement.yaml").write_text(AGREEMENT)
    (root / "campaigns/always.yaml").write_text(CAMPAIGN)
    for name in ("one", "two"):
        (root / f"templates/t/{name}.html").write_text(LETTER.replace("FILLER", "words " * (filler // 6)))
    return root


def midday_zone(engine: Engine) -> str:
    """A zone in which it is about noon now, so that no test meets a midnight."""
    with transaction(engine) as db:
        hour = db.execute(text("SELECT extract(hour FROM now() AT TIME ZONE 'UTC')")).scalar_one()
    offset = 12 - int(hour)
    zone = "Etc/GMT" if offset == 0 else f"Etc/GMT{-offset:+d}"
    zone_info(zone)
    return zone


_LEADS = """
INSERT INTO lead (email, key, first_name, timezone, stage, cycle_started_at, created_at, updated_at)
SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example', 'Lead ' || n, :zone, 'nurture',
       now() - interval '30 days', now() - interval '30 days', now() FROM generate_series(1, :count) AS n
"""
_ENROLLED = """
INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
SELECT id, 1, 'always', 1, 'active', now() - interval '30 days', now() - interval '1 minute' FROM lead
"""


def add_due_leads(engine: Engine, count: int) -> None:
    """So many leads whose first mail was due a minute ago."""
    zone = midday_zone(engine)
    with transaction(engine) as db:
        db.execute(text(_LEADS), {"zone": zone, "count": count})
        db.execute(text("INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, created_at FROM lead"))
        db.execute(text(_ENROLLED))


def bring_slots_forward(engine: Engine) -> None:
    """Late mails were spread over what is left of the day; a test has no time for that."""
    with transaction(engine) as db:
        db.execute(text("UPDATE delivery SET slot_at = now() WHERE state = 'queued' AND slot_at > now()"))


@contextmanager
def running(environment: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process group, killed at the end whatever happens."""
    # The process's own words go to the test's standard error: pytest shows them where a test fails.
    process = subprocess.Popen(
        (sys.executable, "-m", *command),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOG_LEVEL": "WARNING", **environment},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill(process)


def worker(environment: dict[str, str], *, processes: int = 1):
    """A dramatiq worker, as `nurture worker` runs it."""
    seconds = str(FINISH_SECONDS * 1000)
    return running(
        environment, "dramatiq", "workers.actors", "--processes", str(processes), "--threads", "4",
        "--worker-shutdown-timeout", seconds, "--skip-logging",
    )  # fmt: skip


def clock(environment: dict[str, str]):
    """A clock, as `nurture clock` runs it."""
    return running(environment, "workers.clock")


def everybody(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """A process and all below it."""
    above = psutil.Process(process.pid)
    return [above, *above.children(recursive=True)]


def end_twice(process: subprocess.Popen[bytes]) -> float:
    """SIGTERM to the whole group, twice, as platforms do; gives the seconds until nobody of it is left."""
    members = everybody(process)
    begun = time.monotonic()
    for pause in (0.3, 0.0):
        kill(process, signal.SIGTERM)
        time.sleep(pause)
    process.wait(40)
    assert not psutil.wait_procs(members, timeout=5)[1], "somebody of the group is left"
    return time.monotonic() - begun


def kill(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    """Send a signal to the whole group; after SIGKILL nobody is left."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
    if number == signal.SIGKILL:
        process.wait()


def wait_for(what: Callable[[], bool], *, seconds: float = 60.0, of: str = "it") -> None:
    """Wait until something is so."""
    ends_at = time.monotonic() + seconds
    while not what():
        if time.monotonic() > ends_at:
            raise AssertionError(f"{of} did not happen within {seconds} s")
        time.sleep(0.05)
