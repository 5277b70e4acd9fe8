"""Mails a second from the due delivery to its recorded answer, by one worker process and by two, beside a floor.

python -m bench.send — ours is `flows.deliver`, the whole of it: leased, written, let through the gate, sent over eight
SMTP connections (as many as people get who say nothing), recorded, fsync on. Once more with sixteen
(`?connections=16`): a commit lets one mail a connection go, so that is what helps where commits take long. The floor
(`bench.send_floor`) claims, fills slots, sends and records, and knows nothing else. Both by turns, in the same
PostgreSQL, to the same sink, the same shipped template, each mail counted by the sink and in the tables. Deciding,
which comes before, is measured by `bench.decide`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

import psycopg
from sqlalchemy import text

from bench import cpu, send_floor
from bench.alone import run_alone
from bench.measure import Measured, Options, Target, against, alone, by_turns
from bench.product import ROOT, TUESDAY, environment, product, tidy
from bench.servers import Servers, servers
from bench.sink import Sink, sink
from nurture.app import App
from nurture.db import transaction
from nurture.flows.deliver import deliver

CONNECTIONS, MORE = 8, 16
RATE, MICROSECONDS = "mails/s", "µs CPU a mail"
LEADS = text(
    """
    WITH made AS (
        INSERT INTO lead (email, key, first_name, company, title, country, employees, timezone, stage, grade,
                          cycle_started_at, created_at, updated_at)
        SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example', 'Lead ' || n, 'Buyer ' || n, 'VP',
               'US', 900, 'America/Chicago', 'nurture', 'A', :then, :then, :then
        FROM generate_series(1, CAST(:count AS int)) AS n RETURNING id
    ), cycles AS (
        INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, :then FROM made
    ), enrolled AS (
        INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
        SELECT id, 1, 'not-ready', 1, 'active', :then, CAST(:now AS timestamptz) + interval '7 days'
        FROM made ORDER BY id RETURNING id, lead_id
    )
    INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, slot_at, slot_until, local_on, zone,
                          queued_at)
    SELECT lead_id, id, 'not-ready', 'questions', 1, 'not-ready/three-questions',
           CAST(:now AS timestamptz) + interval '1 day', CAST(:now AS timestamptz) + interval '2 days',
           CAST(:now AS date), 'America/Chicago', :now FROM enrolled
    """
)
COME_DUE = text("UPDATE delivery SET slot_at = :now WHERE lead_id BETWEEN :first AND :last")
SENT = text("SELECT count(*) FROM delivery WHERE lead_id BETWEEN :first AND :last AND state = 'sent'")


@dataclass
class _Turns:
    """Each turn of a side sends mails of its own, which are due when it begins."""

    app: App
    place: Servers
    sink: Sink
    mails: int
    server: int
    figures: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    ours_next: int = 1
    floor_next: int = 1

    def ours(self, processes: int, connections: int = CONNECTIONS) -> float:
        """By worker processes that do nothing but the flow."""
        which = {"first": self.ours_next, "last": self.ours_next + self.mails - 1}
        self.ours_next += self.mails
        with transaction(self.app.engine) as db:
            db.execute(COME_DUE, {**which, "now": TUESDAY})
        tidy(self.app.engine, "delivery", "lead", "enrollment")
        command = [sys.executable, "-m", "bench.send", "--work"]
        side = f"ours {processes}" if connections == CONNECTIONS else f"ours {processes}, {connections} connections"
        rate = self._turn(side, command, processes, connections)
        with transaction(self.app.engine) as db:
            self._see("ours", db.execute(SENT, which).scalar_one())
        return rate

    def floor(self, processes: int) -> float:
        """By as many processes of the floor."""
        which = {"first": self.floor_next, "last": self.floor_next + self.mails - 1}
        self.floor_next += self.mails
        with psycopg.connect(self.place.plain_url, autocommit=True) as db:
            db.execute(send_floor.COME_DUE, which)
        tidy(self.app.engine, "floor_enrollment", "floor_lead", "floor_message")
        command = [sys.executable, "-m", "bench.send_floor", self.place.plain_url, str(self.sink.port)]
        rate = self._turn(f"floor {processes}", command, processes)
        with psycopg.connect(self.place.plain_url) as db:
            found = db.execute(send_floor.SENT, which).fetchone()
        self._see("floor", found[0] if found else 0)
        return rate

    def _turn(self, side: str, command: Sequence[str], processes: int, connections: int = CONNECTIONS) -> float:
        variables = environment(self.place, MAIL_URL=f"smtp://127.0.0.1:{self.sink.port}?connections={connections}")
        with ExitStack() as stack:
            started = [
                stack.enter_context(
                    subprocess.Popen(
                        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=variables
                    )
                )
                for _ in range(processes)
            ]
            for process in started:
                stack.callback(process.kill)
                _line(process)
            before, postgres, sinking = self.sink.count(), cpu.tree(self.server), cpu.tree(self.sink.pid)
            began = time.perf_counter()
            for process in started:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            said = [json.loads(_line(process)) for process in started]
            seconds = time.perf_counter() - began
            used = {
                "worker": sum(one["cpu"] for one in said),
                "postgres": cpu.tree(self.server) - postgres,
                "sink": cpu.tree(self.sink.pid) - sinking,
            }
        after = self.sink.count()
        self._see("the sink", after - before if after is not None and before is not None else self.mails)
        rate = self.mails / seconds
        figures = {name: round(1e6 * spent / self.mails, 1) for name, spent in used.items()}
        self.figures.setdefault(side, []).append({"rate": round(rate), **figures})
        return rate

    def _see(self, whose: str, sent: int) -> None:
        if sent != self.mails:
            raise RuntimeError(f"{whose}: {sent} mails instead of {self.mails}")

    def of(self, side: str, what: str) -> list[float]:
        """One figure of all turns of a side."""
        return [one[what] for one in self.figures[side]]


def measure(options: Options) -> Iterable[Measured]:
    """One process and two, ours and the floor, by turns."""
    mails = options.number("mails", 15_000, 400)
    with servers() as place, sink() as takes, product(place) as app:
        turns = _Turns(app, place, takes, mails, cpu.postmaster(app.engine))
        _fill(app, place, 3 * mails * (options.runs + 1))
        sides: dict[str, Callable[[], float]] = {
            "ours 1": lambda: turns.ours(1), "floor 1": lambda: turns.floor(1),
            "ours 2": lambda: turns.ours(2), "floor 2": lambda: turns.floor(2),
            "more": lambda: turns.ours(1, MORE),
        }  # fmt: skip
        rates = by_turns(sides, options.runs)
    more = {side: {what: median(turns.of(side, what)) for what in found[0]} for side, found in turns.figures.items()}
    yield against("send", rates["ours 1"], rates["floor 1"], RATE, target=Target(least=0.667), more={"each": more})
    yield against("send.two", rates["ours 2"], rates["floor 2"], RATE, note="two processes")
    yield against(
        "send.scaling", rates["ours 2"], rates["ours 1"], RATE, target=Target(least=1.5), note="two processes by one"
    )
    yield against("send.more", rates["more"], rates["floor 1"], RATE, note=f"one process, {MORE} connections")
    yield against("send.floor", rates["floor 2"], rates["floor 1"], RATE, note="two processes of the floor by one")
    own, least = turns.of("ours 1", "worker"), turns.of("floor 1", "worker")
    yield against("send.cpu", own, least, MICROSECONDS, target=Target(most=1.54), note="worker, one process")
    yield alone("send.postgres", turns.of("ours 1", "postgres"), MICROSECONDS)


def _fill(app: App, place: Servers, count: int) -> None:
    with transaction(app.engine) as db:
        db.execute(LEADS, {"count": count, "then": datetime(2026, 1, 1, tzinfo=UTC), "now": TUESDAY})
    with psycopg.connect(place.plain_url, autocommit=True) as floor:
        for statement in send_floor.TABLES.split(";"):
            floor.execute(statement, {"leads": count} if "%(" in statement else None)
    tidy(app.engine)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        raise RuntimeError("a process that sends has ended before its time")
    return said


def _work() -> None:
    """One worker process: get ready, wait for a line, send what is due, say what it took."""
    from os import environ

    from nurture.app import open_app
    from nurture.interpreter import settle_in
    from nurture.settings import read_settings

    with open_app(read_settings(environ)) as app:
        app.letters.template(send_floor.TEMPLATE)
        settle_in()
        print("ready", flush=True)
        sys.stdin.readline()
        began, used = time.perf_counter(), cpu.own()
        done = deliver(app, lambda: TUESDAY, seconds=600)
        said = {"mails": done.sent, "seconds": time.perf_counter() - began, "cpu": cpu.own() - used}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--work"]:
        _work()
    else:
        run_alone(measure, __doc__)
