"""`nurture demo`: sample leads live through weeks of business time in about a minute; all is real but the clock."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from nurture.agreement import BUILT_IN_REASONS, Agreement
from nurture.app import App, Nudge, open_app
from nurture.db import make_engine, transaction
from nurture.flows.import_leads import import_leads
from nurture.local.browser import AT_ONCE, Browser, PageProblem
from nurture.local.crowd import Crowd, pool
from nurture.local.demo_place import demo_place
from nurture.local.people import make_people, write_csv
from nurture.local.processes import Child
from nurture.local.stepped_time import SteppedTime
from nurture.local.story import audited, story
from nurture.local.up import Up, running
from nurture.settings import Settings, read_settings
from nurture.sheets.people import Terms
from nurture.sheets.sheet import open_sheet
from nurture.store import business_time, tally

BEGINS_AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""A Monday morning; the same every time, so that the same seed tells the same story whatever day it is."""
SETTLED = timedelta(minutes=2)
"""After the end nobody acts any more; what was clicked last is judged."""
A_LONG_WAIT = 30
"""Days that make a reason's `wait` a long one."""
ENVIRONMENT: Mapping[str, str] = {
    "NURTURE_STEPPED_CLOCK": "1",
    "NURTURE_TICK": "1",
    "dramatiq_worker_timeout": "40",
    "LOG_LEVEL": "WARNING",
}
"""Workers ask for work every few milliseconds; nobody has to be spared here."""
PROMPT = (sys.executable, "-m", "workers.prompt")
"""Tells the workers of what is due as soon as the clock is moved, rather than at the next tick."""

Tell = Callable[[str, float], None]
"""Is told what goes on, and how much of all is done (0 to 1)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What demo is to be given."""

    leads: Path | None = None
    weeks: int = 12
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Lived:
    """A demo that has been lived through: all still runs, and this is what happened."""

    up: Up
    story: Mapping[str, Any]


@contextmanager
def lived(environ: Mapping[str, str], asked: Asked, tell: Tell, *, keep: bool = False) -> Iterator[Lived]:
    """Live through it, then give what happened while all of it still runs; at the end stop it, and tidy up.

    Raises:
        LocalServerError: A process died or did not get done.
        NurtureError: The CSV cannot be imported.
    """
    began = time.monotonic()
    with demo_place(environ, keep=keep) as ours:
        tell("Starting PostgreSQL, Valkey, mailbox, web, worker, clock", 0.0)
        with running(ours, port=0, extra=ENVIRONMENT, prepare=partial(_bring_in, asked=asked)) as up:
            with open_app(read_settings(up.environment)) as app:
                with _words_of_web(up):
                    _live(up, app, asked, tell)
                audit = audited(app.engine, up.mail)
                seconds = time.monotonic() - began
                happened = story(app, audit, weeks=asked.weeks, seed=asked.seed, seconds=seconds)
            yield Lived(up, happened)


def _bring_in(settings: Settings, *, asked: Asked) -> None:
    """Set the clock, and import the leads as the command does."""
    engine = make_engine(settings.database_url or "", pool_size=1)
    try:
        with transaction(engine) as db:
            business_time.step_to(db, BEGINS_AT)
    finally:
        engine.dispose()
    with open_app(settings) as app:
        file = asked.leads or settings.data_dir / "leads.csv"
        if asked.leads is None:
            write_csv(make_people(asked.seed, _reasons(app.agreement), BEGINS_AT), file)
        with open_sheet(file, Terms.of(app.agreement, BEGINS_AT)) as sheet:
            import_leads(app, sheet, BEGINS_AT, rejects=settings.data_dir / "leads.rejects.csv")


def _reasons(agreement: Agreement) -> dict[str, bool]:
    """Every reason that sales can have given, and whether leads wait long after it."""
    built_in = dict.fromkeys((code for code in BUILT_IN_REASONS if code != "no_outcome"), False)
    return built_in | {
        code: reason.wait is not None and reason.wait.days > A_LONG_WAIT
        for code, reason in agreement.reject_reasons.items()
    }


@contextmanager
def _words_of_web(up: Up) -> Iterator[None]:
    """Where a page failed somebody, say which process died, or where its log is."""
    try:
        yield
    except (PageProblem, httpx.HTTPError) as problem:
        up.check()
        what = str(problem) if isinstance(problem, PageProblem) else f"web: {type(problem).__name__} {problem}"
        raise PageProblem(f"{what}; see {up.logs / 'web.log'}") from problem


def _live(up: Up, app: App, asked: Asked, tell: Tell) -> None:
    """Week after week: move the clock, wait for the workers, let people act."""
    end = BEGINS_AT + timedelta(weeks=asked.weeks)
    with transaction(app.engine) as db:
        leads = tally.leads(db)
    emails = {lead.id: lead.email for lead in leads}
    prompt = up.processes.start("prompt", PROMPT, up.environment, speaks=True)
    crowd = Crowd(asked.seed, app.agreement, {lead.email: lead.timezone for lead in leads}, up.mail)
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    with (
        app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db,
        httpx.Client(timeout=30, limits=limits, trust_env=False) as client,
        pool() as threads,
    ):
        time_ = SteppedTime(db, BEGINS_AT, end, check=up.check, nudge=_nudge_through(prompt))
        browser = Browser(client, up.addresses.web.rstrip("/"), up.addresses.write_key)
        time_.drain()
        while time_.now < end:
            busy = {emails[lead_id] for lead_id in time_.step(crowd.next_at) if lead_id in emails}
            crowd.act(browser, threads, time_.now, but=busy)
            time_.drain()
            crowd.read_mail(time_.now)
            while crowd.act(browser, threads, time_.now):
                time_.drain()
                crowd.read_mail(time_.now)
            tell(_said(time_.now), (time_.now - BEGINS_AT) / (end - BEGINS_AT))
        time_.move(end + SETTLED)
        time_.drain()


def _nudge_through(prompt: Child) -> Nudge:
    def nudge(kind: str) -> None:
        if prompt.process.stdin is not None:
            with suppress(BrokenPipeError):  # whoever waits sees that it died
                prompt.process.stdin.write(f"{kind}\n")
                prompt.process.stdin.flush()

    return nudge


def _said(now: datetime) -> str:
    return f"Week {(now - BEGINS_AT).days // 7 + 1}, {now:%a} {now.day} {now:%b}"
