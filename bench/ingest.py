"""Events a second into one web process, committed to disk before the 200: single ones and batches of a hundred.

    python -m bench.ingest [--rounds 3] [--seconds 3] [--only 1x32 …]

On the embedded servers (fsync on), the web process as it is deployed, the shipped workspace, some thousand known leads
in a campaign and some strangers; the load comes from a process of its own. Beside it, in the same run and by turns: a
bare handler (`bench.bare`: decode, one COPY, commit), and the ceilings of PostgreSQL (`bench.ceiling`). Figures are
medians of the rounds; what counts are the ratios, the rest is this machine's. CPU is that of the processes for each
event; web's most memory is over the whole run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import httpx
import psutil
from sqlalchemy import text

from bench.ceiling import events_a_second
from nurture.app import App, open_app, real_clock
from nurture.db import transaction
from nurture.flows.decide import decide
from nurture.local.server import free_port
from nurture.local.servers import LocalServers, local_servers
from nurture.rules.happenings import Arrived
from nurture.settings import read_settings
from nurture.store import leads
from nurture.store.migrate import upgrade
from workers.clock import Clock

LEADS = 4000
KEY = "wk_bench"
KINDS = {"1x32": (1, 32), "1x128": (1, 128), "100x8": (100, 8)}
"""Events of a request, and connections."""
GOALS = {"1x32": 3.0, "1x128": 3.0, "100x8": 0.6}
"""Of what one connection of PostgreSQL does with so many events a transaction."""
_TIES = text("INSERT INTO identity (kind, value, lead_id, since) SELECT 'anonymous', 'browser-' || n, id, now() "
             "FROM generate_series(0, :last) AS n JOIN lead ON email = 'lead' || n || '@buyer.example'")  # fmt: skip


def populate(app: App, now: datetime) -> None:
    """Known leads that have been in a campaign for three weeks, each with a browser that is known to be its own."""
    Clock(app).tick()
    then = now - timedelta(days=20)
    person = {"title": "VP Operations", "country": "US", "employees": 900, "timezone": "America/Chicago"}
    for start in range(0, LEADS, 500):
        with transaction(app.engine) as db:
            people = [{"email": f"lead{n}@buyer.example", **person} for n in range(start, start + 500)]
            made = leads.insert(db, people, then)
            decide(db, app, {lead_id: Arrived() for lead_id in made.values()}, then)
    with transaction(app.engine) as db:
        db.execute(_TIES, {"last": LEADS - 1})
    with app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM ANALYZE"))


@contextmanager
def server(command: list[str], port: int, environment: dict[str, str], answers: str):
    """A web process that answers, and is stopped at the end."""
    process = subprocess.Popen([sys.executable, "-m", *command], env={**os.environ, **environment, "PORT": str(port)})
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                httpx.request(*answers.split(" ", 1), content=b'{"batch": []}').read()
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def load(port: int, kind: str, seconds: float, seed: int) -> dict:
    batch, connections = KINDS[kind]
    command = [sys.executable, "-m", "bench.load", str(port), "--key", KEY, "--leads", str(LEADS)]
    command += [
        "--batch",
        str(batch),
        "--connections",
        str(connections),
        "--seconds",
        str(seconds),
        "--seed",
        str(seed),
    ]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def cpu(process: psutil.Process) -> float:
    """Seconds of CPU of a process and of its children, ended ones included."""
    times = [process.cpu_times(), *(child.cpu_times() for child in process.children())]
    return sum(one.user + one.system for one in times) + times[0].children_user + times[0].children_system


def measure(port: int, web: psutil.Process, postgres: psutil.Process, kind: str, seconds: float, seed: int) -> dict:
    before = cpu(web), cpu(postgres)
    done = load(port, kind, seconds, seed)
    if done["others"]:
        print(f"  {kind}: other answers {done['others']}", file=sys.stderr)
    events = max(1, done["events"])
    used = [1e6 * (after - then) / events for after, then in zip((cpu(web), cpu(postgres)), before, strict=True)]
    rate = done["events"] / done["seconds"]
    return {"rate": rate, "web": used[0], "postgres": used[1], "load": 1e6 * done["cpu"] / events, **done["ms"]}


def postmaster(app: App) -> psutil.Process:
    with transaction(app.engine) as db:
        return psutil.Process(db.execute(text("SELECT pg_backend_pid()")).scalar_one()).parent()


def rounds(servers: LocalServers, given: argparse.Namespace) -> tuple[dict, dict, float]:
    environment = servers.environment() | {
        "SECRET_KEY": "x" * 40, "MAIL_URL": "smtp://127.0.0.1:1", "NURTURE_WORKSPACE": ".", "WRITE_KEY": KEY,
        "HOST": "127.0.0.1", "LOG_LEVEL": "warning",
    }  # fmt: skip
    database = servers.database_url.replace("+psycopg", "")
    found: dict[tuple[str, str], list[dict]] = {}
    ceilings: dict[int, list[float]] = {1: [], 100: []}
    with ExitStack() as stack:
        app = stack.enter_context(open_app(read_settings(environment)))
        upgrade(app.engine)
        populate(app, real_clock())
        address = "http://127.0.0.1"
        ours, bare = free_port(), free_port()
        web = server(["workers.web"], ours, environment, f"GET {address}:{ours}/healthz")
        floor = server(["bench.bare", database, str(bare)], bare, environment, f"POST {address}:{bare}/")
        processes = {
            "ours": (ours, stack.enter_context(web)), "bare": (bare, stack.enter_context(floor)),
        }  # fmt: skip
        postgres = postmaster(app)
        for port, process in processes.values():
            measure(port, process, postgres, "1x32", 1.0, 99)  # to warm up
        for n in range(given.rounds):
            for kind in given.only:
                for name, (port, process) in processes.items():
                    one = measure(port, process, postgres, kind, given.seconds, n)
                    found.setdefault((kind, name), []).append(one)
                    print(f"  round {n + 1} {kind:6} {name}: {one['rate']:7.0f}/s", file=sys.stderr, flush=True)
            for batch, values in ceilings.items():
                values.append(events_a_second(database, batch, given.seconds, LEADS))
        status = Path(f"/proc/{processes['ours'][1].pid}/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    middle = {key: {name: median(one[name] for one in many) for name in many[0]} for key, many in found.items()}
    return middle, {batch: median(values) for batch, values in ceilings.items()}, peak


def report(middle: dict, ceilings: dict[int, float], peak: float) -> None:
    by_hundred, one_by_one = ceilings[100], ceilings[1]
    print(f"in one statement, inserted and scored: {by_hundred:.0f} events/s by 100, {one_by_one:.0f} one at a time")
    print(f"{'':8}{'events/s':>9} {'bare':>7} {'of bare':>8} {'of ceiling':>11} {'goal':>5}   us CPU an event:"
          f"{'web':>5} {'postgres':>8} {'load':>5}   ms:{'p50':>6} {'p99':>6}")  # fmt: skip
    for kind in dict.fromkeys(kind for kind, _ in middle):
        one, bare, goal = middle[kind, "ours"], middle[kind, "bare"]["rate"], GOALS[kind]
        reached = one["rate"] / ceilings[KINDS[kind][0]]
        print(f"{kind:8}{one['rate']:>9.0f} {bare:>7.0f} {one['rate'] / bare:>8.2f} {reached:>11.2f} {goal:>5}"
              f"{one['web']:>24.0f} {one['postgres']:>8.0f} {one['load']:>5.0f}   {one['p50']:>9.1f} {one['p99']:>6.1f}"
              f"{'' if reached >= goal else '   MISSED'}")  # fmt: skip
    print(f"web's most memory: {peak:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, local_servers(Path(data), linger=False) as servers:
        report(*rounds(servers, given))


if __name__ == "__main__":
    main()
