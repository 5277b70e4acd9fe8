"""What a mail costs the worker that people run: decided, written, sent and recorded by its jobs, nothing left out.

python -m bench.worked — `nurture worker` and `nurture clock` as a PaaS starts them, on leads in the midst of the
shipped campaign. In each round some of them come due: the worker decides about them and plans their mails, whose slots
then come, and it sends them to a sink. CPU is that of the worker's whole process tree from the moment they come due to
the last recorded answer: deciding, jobs, leases, meters and the waiting between are all in it. The clock's is not.
Time is the machine's, for the demo's clock is one more query whenever somebody looks at it; so the leads live where it
is nine in the morning, and mails go on every day.
"""

import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from bench import cpu
from bench.alone import run_alone
from bench.measure import Measured, Options, Target, alone
from bench.population import come_due, populate
from bench.processes import processes
from bench.product import ROOT, environment, first_tick, product, tidy
from bench.servers import servers
from bench.sink import sink
from nurture.app import App
from nurture.db import transaction

MICROSECONDS = "µs CPU a mail"
PATIENCE = 120.0
PLANNED = "SELECT count(*) FROM delivery WHERE queued_at >= :now AND lead_id BETWEEN :first AND :last"
SENT = PLANNED + " AND state = 'sent'"
COME = text(
    "UPDATE delivery SET slot_at = :now WHERE queued_at >= :now AND state = 'queued' "
    "AND lead_id BETWEEN :first AND :last"
)
LIVE_AT = text("UPDATE lead SET timezone = :zone")
OPENS = 9
"""The local hour at which the campaign's mails may go."""


def measure(options: Options) -> Iterable[Measured]:
    """One round to get warm, then those that count."""
    mails = options.number("mails", 5_000, 200)
    with servers() as place, sink() as takes, tempfile.TemporaryDirectory() as folder:
        files = {"NURTURE_WORKSPACE": str(_every_day(Path(folder)))}
        told = environment(
            place,
            MAIL_URL=f"smtp://127.0.0.1:{takes.port}?connections=8",
            BASE_URL="https://nurture.example.com",
            **files,
        )
        with product(place, None, **files) as app:
            first_tick(app)
            began = app.now()
            populate(app.engine, mails * (options.runs + 1), 0, sorted(app.book.matchers), began)
            with transaction(app.engine) as db:
                db.execute(LIVE_AT, {"zone": _zone_of_morning(began)})
            server = cpu.postmaster(app.engine)
            with processes(told, Path(folder), "worker", "clock") as pids:
                rounds = [_round(app, pids["worker"], server, turn, mails) for turn in range(options.runs + 1)]
    worker, postgres, rates = zip(*rounds[1:], strict=True)
    more = {
        "mails": mails,
        "postgres": [round(each) for each in postgres],
        "mails a second": [round(r) for r in rates],
    }
    note = "deciding and jobs included"
    yield alone("send.worked", worker, MICROSECONDS, target=Target(most=600, of="ours"), note=note, more=more)


def _every_day(folder: Path) -> Path:
    """The shipped files, but no day is kept free of mails: it is measured on any."""
    for name in ("campaigns", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    for name, was, is_now in (
        ("not-ready", r"^  days: .*$", "  days: [mon, tue, wed, thu, fri, sat, sun]"),
        ("agreement", r"^  holidays: .*\n", ""),
    ):
        file = folder / "campaigns" / f"{name}.yaml"
        changed, count = re.subn(was, is_now, file.read_text(), flags=re.MULTILINE)
        if count != 1:
            raise RuntimeError(f"{name}.yaml is not as it was when this was written")
        file.write_text(changed)
    return folder


def _zone_of_morning(now: datetime) -> str:
    """A zone in which the hours of the campaign have begun, less than an hour ago."""
    ahead = (OPENS - now.astimezone(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


def _round(app: App, worker: int, server: int, turn: int, mails: int) -> tuple[float, float, float]:
    """Microseconds of the worker's CPU a mail, and of PostgreSQL's; mails a second once their slots have come."""
    engine, now = app.engine, app.now()
    first, last = turn * mails + 1, (turn + 1) * mails
    which = {"first": first, "last": last, "now": now}
    tidy(engine, "delivery", "lead", "enrollment")
    before, server_before = cpu.tree(worker), cpu.tree(server)
    with transaction(engine) as db:
        come_due(db, first, last, now)
    _until(engine, PLANNED, which, mails)
    with transaction(engine) as db:
        db.execute(COME, which)
    began = time.perf_counter()
    _until(engine, SENT, which, mails)
    seconds = time.perf_counter() - began
    used = (cpu.tree(worker) - before, cpu.tree(server) - server_before)
    return 1e6 * used[0] / mails, 1e6 * used[1] / mails, mails / seconds


def _until(engine: Engine, question: str, which: Mapping[str, object], wanted: int) -> None:
    """Wait until the answer is so many."""
    until = time.monotonic() + PATIENCE
    found = 0
    while found < wanted:
        if time.monotonic() > until:
            raise SystemExit(f"after {PATIENCE:.0f} seconds {found} of {wanted} are done")
        time.sleep(0.1)
        with transaction(engine) as db:
            found = db.execute(text(question), which).scalar_one()


if __name__ == "__main__":
    run_alone(measure, __doc__)
