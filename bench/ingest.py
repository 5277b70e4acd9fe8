"""Events into the web process, committed and scored before the 200: single ones, and batches of a hundred.

The web process as it is deployed, the shipped workspace, two hundred thousand known leads in the midst of a campaign
(`--set ingest.leads=4000` takes other numbers). The load comes from a process of its own (`bench.load` says what is
sent). By turns in the same run: ours; ours with WEB_CONCURRENCY=2,
which a machine of two cores would run with; a bare handler (`bench.bare`: decode, one COPY, commit); and one connection
of PostgreSQL that does nothing else (`bench.ceiling`): it inserts and scores a hundred events in one statement, or
commits one event at a time. All share this machine's processors, and so does the load. CPU is microseconds an event:
web's, PostgreSQL's, the load's.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import httpx
import psutil

from bench import cpu
from bench.alone import run_alone
from bench.ceiling import events_a_second
from bench.measure import Measured, Options, Target, against, by_turns
from bench.peak import peak_mb
from bench.population import populate
from bench.port import own_port
from bench.product import environment, first_tick, product
from bench.servers import Servers, servers
from nurture.app import real_clock
from nurture.errors import LocalServerError

LEADS, QUICK_LEADS = 200_000, 2000
"""With few of them, events that come at the same time are of the same leads, and wait for each other's locks."""
KEY = "wk_bench"
KINDS = {"single": (1, 128), "single_32": (1, 32), "batch": (100, 8)}
"""Events of a request, and connections."""
STARTS_WITHIN = 120.0
"""Seconds: on a busy machine a web process takes its time."""
GOALS = {"single": Target(least=3.0), "batch": Target(least=0.6)}
"""Of what one connection of PostgreSQL does with so many events a transaction."""
UNIT = "events/s"


@contextmanager
def server(command: list[str], port: int, environment: Mapping[str, str], answers: str) -> Iterator[psutil.Process]:
    """A web process that answers (to a request such as `GET http://…`), and is stopped at the end.

    Raises:
        LocalServerError: It ends by itself, or does not answer.
    """
    process = subprocess.Popen([sys.executable, "-m", *command], env={**os.environ, **environment, "PORT": str(port)})
    try:
        _wait_until(process, answers)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(STARTS_WITHIN)


def _wait_until(process: subprocess.Popen[bytes], answers: str) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            httpx.request(*answers.split(" ", 1), content=b'{"batch": []}', timeout=STARTS_WITHIN, trust_env=False)
            return
        except httpx.TransportError as error:
            if process.poll() is not None or time.monotonic() > until:
                raise LocalServerError(f"{answers} is not answered, exit status {process.poll()}") from error
            time.sleep(0.05)


@dataclass
class _Sides:
    """Everything that is measured, by turns; each turn of a server leaves its figures in `seen`."""

    database: str
    postgres: int
    seconds: float
    ports: Mapping[str, tuple[int, int]]
    """Of each server its port and its process id."""
    leads: int
    seen: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _seed: int = 0

    def served(self, name: str, kind: str) -> float:
        """Events a second into one of the servers."""
        port, pid = self.ports[name]
        self._seed += 1
        done, spent = cpu.spent(
            lambda: _load(port, kind, self.seconds, self._seed, self.leads), web=pid, postgres=self.postgres
        )
        if done["others"] or not done["events"]:
            raise RuntimeError(f"{name} {kind}: other answers {done['others']}")
        each = spent.micros(done["events"])
        used = {"web": each["web"], "postgres": each["postgres"], "load": round(1e6 * done["cpu"] / done["events"], 1)}
        rate: float = done["events"] / done["seconds"]
        self.seen.setdefault(f"{name} {kind}", []).append({"rate": rate, **used, **done["ms"]})
        return rate

    def ceiling(self, batch: int) -> float:
        """Events a second in one statement of so many, on one connection."""
        (rate, spent) = cpu.spent(
            lambda: events_a_second(self.database, batch, self.seconds, self.leads), postgres=self.postgres
        )
        each = spent.micros(rate * spent.seconds)
        self.seen.setdefault(f"ceiling {batch}", []).append({"rate": rate, **each})
        return rate

    def middle(self, name: str) -> dict[str, float]:
        """Medians of all figures of a side."""
        return {key: round(median(one[key] for one in self.seen[name]), 1) for key in self.seen[name][0]}


def _load(port: int, kind: str, seconds: float, seed: int, leads: int) -> dict[str, Any]:
    batch, connections = KINDS[kind]
    asked = {"batch": batch, "connections": connections, "seconds": seconds, "seed": seed, "leads": leads, "key": KEY}
    words = [word for name, value in asked.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "bench.load", str(port), *words]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def measure(options: Options) -> Iterable[Measured]:
    """Events a second, beside PostgreSQL's own and beside the bare handler."""
    seconds = options.number("seconds", 3, 1) / (5 if options.quick else 1)
    leads = options.number("ingest.leads", LEADS, QUICK_LEADS)
    asked = options.asked.get("kinds", "single batch" if options.quick else " ".join(KINDS)).split()
    kinds = {kind: KINDS[kind] for kind in asked}
    with servers() as them, ExitStack() as stack:
        sides = stack.enter_context(_serving(them, seconds, leads))
        turns: dict[str, Callable[[], float]] = {}
        for kind in kinds:
            for name in sides.ports:
                turns[f"{name} {kind}"] = lambda name=name, kind=kind: sides.served(name, kind)  # type: ignore[misc]
        for batch in sorted({batch for batch, _ in kinds.values()}):
            turns[f"ceiling {batch}"] = lambda batch=batch: sides.ceiling(batch)  # type: ignore[misc]
        for name in sides.ports:
            sides.served(name, "single")  # to warm up
        sides.seen.clear()
        found = by_turns(turns, options.runs)
        most = peak_mb(sides.ports["ours"][1])
    for kind, (batch, connections) in kinds.items():
        yield from _figures(sides, found, kind, batch, connections, most)


def _figures(
    sides: _Sides, found: Mapping[str, list[float]], kind: str, batch: int, connections: int, most: float
) -> Iterator[Measured]:
    ceiling = f"ceiling {batch}"
    beside = {
        "cpu_us": sides.middle(f"ours {kind}"), "bare_cpu_us": sides.middle(f"bare {kind}"),
        "ceiling_cpu_us": sides.middle(ceiling), "web_most_mb": most,
    }  # fmt: skip
    said = f"{connections} connections; beside one connection of PostgreSQL, {batch} to a commit"
    yield against(
        f"ingest_{kind}", found[f"ours {kind}"], found[ceiling], UNIT, target=GOALS.get(kind), note=said, more=beside
    )
    two = {"cpu_us": sides.middle(f"two {kind}")}
    yield against(
        f"ingest_{kind}_two", found[f"two {kind}"], found[ceiling], UNIT, target=GOALS.get(kind),
        note="the same with WEB_CONCURRENCY=2", more=two,
    )  # fmt: skip
    yield against(
        f"ingest_{kind}_bare", found[f"ours {kind}"], found[f"bare {kind}"], UNIT, note="beside a bare handler and COPY"
    )


@contextmanager
def _serving(them: Servers, seconds: float, leads: int) -> Iterator[_Sides]:
    """The servers that take events, each a process of its own, over one database."""
    with product(them, None, WRITE_KEY=KEY) as app, ExitStack() as stack:
        first_tick(app)
        populate(app.engine, leads, leads, sorted(app.book.matchers), real_clock())
        told = environment(them, WRITE_KEY=KEY, HOST="127.0.0.1")
        ports: dict[str, tuple[int, int]] = {}
        for name, command, more, ready in (
            ("ours", ["workers.web"], {}, "GET http://127.0.0.1:{}/healthz"),
            ("two", ["workers.web"], {"WEB_CONCURRENCY": "2"}, "GET http://127.0.0.1:{}/healthz"),
            ("bare", ["bench.bare", them.plain_url], {}, "POST http://127.0.0.1:{}/"),
        ):
            port = own_port()
            words = [*command, str(port)] if name == "bare" else command
            process = stack.enter_context(server(words, port, {**told, **more}, ready.format(port)))
            ports[name] = port, process.pid
        yield _Sides(them.plain_url, cpu.postmaster(app.engine), seconds, ports, leads)


if __name__ == "__main__":
    run_alone(measure, __doc__)
