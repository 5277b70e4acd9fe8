"""Leads where it is nine in the morning now, and a worker that decides about them and sends their mails.

Time is the machine's, as in production; the demo's clock is one more query whenever somebody looks at it. The shipped
campaign spreads a day's mails over its hours, so that no worker could be measured by how soon the last has left: once
all are planned, their slots come at once. A round's time is that of both: from the commit by which the leads come due
to the last planned mail, and from the commit by which the slots come to the last recorded answer. Between the two the
worker does nothing.
"""

import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, TextClause, text

from bench import cpu
from bench.population import come_due, populate
from bench.product import ROOT, first_tick, tidy
from nurture.app import App
from nurture.db import transaction
from nurture.store.deliveries import UNDER_WAY

PATIENCE = 120.0
OPENS = 9
"""The local hour at which the campaign's mails may go."""
DECIDED = text("SELECT NOT EXISTS (SELECT FROM enrollment WHERE status <> 'ended' AND due_at <= :now)")
LEFT = text(
    f"""
    SELECT NOT EXISTS (SELECT FROM delivery WHERE phase = 'queued' AND mailer = 'default' AND slot_at <= :now)
        AND NOT EXISTS (SELECT FROM {UNDER_WAY})
    """
)
"""Whether all is done; to count it again and again would take the processors' time."""
SENT = text(
    "SELECT count(*) FROM delivery WHERE queued_at >= :now AND lead_id BETWEEN :first AND :last AND state = 'sent'"
)
COME = text(
    "UPDATE delivery SET slot_at = :now WHERE queued_at >= :now AND state = 'queued' "
    "AND lead_id BETWEEN :first AND :last"
)
LIVE_AT = text("UPDATE lead SET timezone = :zone")


@dataclass(frozen=True, slots=True)
class Round:
    """What some mails took.

    Attributes:
        worker: microseconds of the worker's CPU a mail.
        postgres: the same of the database server.
        deciding: seconds from the due leads to the planned mails.
        sending: seconds from the slots that have come to the recorded answers.
    """

    worker: float
    postgres: float
    deciding: float
    sending: float


class Morning:
    """So many leads for each round."""

    def __init__(self, app: App, rounds: int, mails: int, *, first: int = 1) -> None:
        """Fill the empty database of an app by the machine's clock; rounds take leads from the `first` on."""
        self._app, self._mails, self._first = app, mails, first
        self._lived = 0
        first_tick(app)
        began = app.now()
        populate(app.engine, first - 1 + mails * rounds, 0, sorted(app.book.matchers), began)
        with transaction(app.engine) as db:
            db.execute(LIVE_AT, {"zone": _zone_of_morning(began)})
        self._server = cpu.postmaster(app.engine)

    def round(self, worker: int) -> Round:
        """Let the next leads come due, and wait until that worker (by process id) has sent their mails."""
        engine, now = self._app.engine, self._app.now()
        first = self._first + self._lived * self._mails
        self._lived += 1
        which = {"first": first, "last": first + self._mails - 1, "now": now}
        tidy(engine, "delivery", "lead", "enrollment")
        before, server_before = cpu.tree(worker), cpu.tree(self._server)
        began = time.perf_counter()
        with transaction(engine) as db:
            come_due(db, first, first + self._mails - 1, now)
        planned = self._wait(engine, DECIDED, now)
        come = time.perf_counter()
        with transaction(engine) as db:
            db.execute(COME, which)
        sent = self._wait(engine, LEFT, now)
        with transaction(engine) as db:
            if (count := db.execute(SENT, which).scalar_one()) != self._mails:
                raise SystemExit(f"of {self._mails} mails {count} were sent")
        used, server_used = cpu.tree(worker) - before, cpu.tree(self._server) - server_before
        return Round(1e6 * used / self._mails, 1e6 * server_used / self._mails, planned - began, sent - come)

    def _wait(self, engine: Engine, question: TextClause, now: datetime) -> float:
        """Until the answer is yes; gives when that was."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with transaction(engine) as db:
                if db.execute(question, {"now": now}).scalar_one():
                    return time.perf_counter()
            time.sleep(0.05)
        raise SystemExit(f"after {PATIENCE:.0f} seconds not all of {self._mails} are done")


def every_day(folder: Path) -> Path:
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
