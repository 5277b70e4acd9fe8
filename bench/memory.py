"""The most memory that web, worker and clock hold at a million leads, all at work.

The real processes, each once, on a database of a million leads with four mails behind each: twenty thousand are due and
their mails sent to a sink, while events come in by hundreds and one by one. Of each process the most that it ever held
(`VmHWM`), of the worker its working process; what they share is counted in each. `--set memory.leads=100000` for fewer.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from bench.alone import run_alone
from bench.measure import Measured, Options, Target, alone
from bench.peak import now_mb, peak_mb
from bench.population import come_due, populate
from bench.port import own_port
from bench.processes import family, processes
from bench.product import TUESDAY, environment, first_tick, product
from bench.servers import servers
from bench.sink import sink
from nurture.db import transaction
from nurture.store.business_time import step_to

LEADS, QUICK_LEADS = 1_000_000, 500
MAILS, QUICK_MAILS = 20_000, 100
SECONDS, QUICK_SECONDS = 10, 1
KEY = "wk_memory"
MOST = {"worker": 200, "web": 150, "clock": 150}
PATIENCE = 240.0
UNDECIDED = "SELECT count(*) FROM enrollment WHERE status = 'active' AND due_at <= :now"
UNSENT = "SELECT count(*) FROM delivery WHERE state IN ('queued', 'leased', 'sending') AND slot_at <= :now"
END_OF_WINDOW = timedelta(hours=1, minutes=59)
"""From `TUESDAY` on: by then all slots of the morning have come, and none is over."""


def measure(options: Options) -> Iterable[Measured]:
    """Let the processes work, and see what they held at most."""
    leads = options.number("memory.leads", LEADS, QUICK_LEADS)
    mails = options.number("memory.mails", MAILS, QUICK_MAILS)
    seconds = options.number("memory.seconds", SECONDS, QUICK_SECONDS) / (4 if options.quick else 1)
    with servers() as them, sink() as taker, tempfile.TemporaryDirectory() as made:
        told = environment(
            them, MAIL_URL=f"smtp://127.0.0.1:{taker.port}?connections=8", BASE_URL="https://nurture.example.com",
            NURTURE_STEPPED_CLOCK="1", WRITE_KEY=KEY, PORT=str(own_port()), HOST="127.0.0.1",
        )  # fmt: skip
        with product(them) as app:
            first_tick(app)
            populate(app.engine, leads, leads // 10, sorted(app.book.matchers))
            with transaction(app.engine) as db:
                step_to(db, TUESDAY)
                come_due(db, 1, mails)
            with processes(told, Path(made), "web", "worker", "clock") as pids:
                _post(int(told["PORT"]), leads, seconds)
                _none_left(app.engine, UNDECIDED, TUESDAY)
                with transaction(app.engine) as db:
                    step_to(db, TUESDAY + END_OF_WINDOW)
                _none_left(app.engine, UNSENT, TUESDAY + END_OF_WINDOW)
                _post(int(told["PORT"]), leads, seconds)
                held = {name: {str(pid): round(peak_mb(pid), 1) for pid in family(pid)} for name, pid in pids.items()}
                now = {name: round(sum(now_mb(pid) for pid in family(pid)), 1) for name, pid in pids.items()}
    for name, each in held.items():
        more = {"leads": leads, "mails": mails, "each": each, "all_of_it_now": now[name]}
        target = Target(most=MOST[name], of="ours")
        yield alone(f"memory.{name}", [max(each.values())], "MB", target=target, more=more)


def _post(port: int, leads: int, seconds: float) -> None:
    """Events by hundreds, then one by one, for so many seconds each."""
    for batch, connections in ((100, 8), (1, 32)):
        command = [sys.executable, "-m", "bench.load", str(port), "--key", KEY, "--leads", str(leads)]
        command += ["--batch", str(batch), "--connections", str(connections), "--seconds", str(seconds)]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        if not said["events"] or said["others"]:
            raise SystemExit(f"web answered otherwise: {said['others']}")


def _none_left(engine: Engine, question: str, now: datetime) -> None:
    """Wait until nothing is left to do; how many mails that makes is up to the events, some hand leads over."""
    until = time.monotonic() + PATIENCE
    while True:
        with transaction(engine) as db:
            left = db.execute(text(question), {"now": now}).scalar_one()
        if not left:
            return
        if time.monotonic() > until:
            raise SystemExit(f"after {PATIENCE:.0f} seconds {left} are not done")
        time.sleep(0.3)


if __name__ == "__main__":
    run_alone(measure, __doc__)
