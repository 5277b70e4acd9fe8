"""`nurture status`: at a glance, whether all is well, what is late, and what to do."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from sqlalchemy import text

from nurture.app import App
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json
from nurture.db import transaction
from nurture.doctor import signs
from nurture.doctor.finding import Finding
from nurture.doctor.signs import many, spoken
from nurture.settings import read_settings
from nurture.store.health import Health, health

ANSWERS_WITHIN = 10
"""Seconds for each question to the database."""
_MARKS = {"ok": ("ok", "green"), "warning": ("look", "yellow"), "problem": ("act", "bold red"), "skipped": ("–", "dim")}

Watch = Annotated[
    float | None, typer.Option("--watch", metavar="SECONDS", min=1.0, help="Look again every so often, until Ctrl-C.")
]


def status(watch: Watch = None, as_json: Json = False) -> None:
    """Say whether all is well, what is late and what to do. Exit status 1 where something needs a person."""
    is_embedded = read_settings(os.environ).is_embedded
    with opened_app() as app:
        while True:
            found = _look(app)
            findings = _findings(found, is_embedded=is_embedded)
            if as_json:
                print_json(_document(found, findings))
            else:
                if watch is not None and out.is_terminal:
                    out.clear()
                out.print(_screen(found, findings))
            if watch is None:
                break
            try:
                time.sleep(watch)
            except KeyboardInterrupt:
                break
    if not _is_well(findings):
        raise typer.Exit(1)


def _look(app: App) -> Health:
    with transaction(app.engine) as db:
        db.execute(text(f"SET LOCAL statement_timeout = '{ANSWERS_WITHIN}s'"))
        return health(db, app.now())


def _findings(found: Health, *, is_embedded: bool) -> list[Finding]:
    """The signs; on embedded servers that nobody runs, nobody works, and that is as it should be."""
    findings = signs.signs(found)
    if not is_embedded or found.clock.is_led:
        return findings
    resting = {"clock", "workers", "overdue"}
    return [
        Finding(one.check, "skipped", "`nurture up` does not run here at the moment")
        if one.check in resting and one.level != "ok"
        else one
        for one in findings
    ]


def _is_well(findings: list[Finding]) -> bool:
    return all(finding.level in ("ok", "skipped") for finding in findings)


def _screen(found: Health, findings: list[Finding]) -> Group:
    """A screenful: the headline, what needs somebody, then how it goes."""
    amiss = [finding for finding in findings if finding.level in ("warning", "problem")]
    rests = any(finding.level == "skipped" for finding in findings)
    parts: list[Any] = [_headline(amiss, rests=rests), ""]
    for finding in amiss:
        mark, style = _MARKS[finding.level]
        parts.append(_row(mark, style, finding.check, finding.found))
        parts.append(Padding(Text(f"→ {finding.do}"), (0, 0, 1, 6), expand=False))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, said in _figures(found):
        table.add_row(name, Text(said))
    return Group(*parts, Padding(table, (0, 0, 0, 2), expand=False))


def _headline(amiss: list[Finding], *, rests: bool) -> Text:
    if not amiss:
        said = "All is well; `nurture up` does not run here at the moment." if rests else "All is well."
        return Text(said, style="bold green")
    acts = sum(finding.level == "problem" for finding in amiss)
    if acts:
        rest = f", {len(amiss) - acts} to look at" if len(amiss) > acts else ""
        return Text(f"{acts} {'thing has' if acts == 1 else 'things have'} to be mended{rest}.", style="bold red")
    return Text(f"It goes; {len(amiss)} {'thing' if len(amiss) == 1 else 'things'} to look at.", style="bold yellow")


def _row(mark: str, style: str, name: str, said: str) -> Table:
    row = Table.grid(padding=(0, 2))
    row.add_column(width=4, style=style)
    row.add_column(no_wrap=True, style="bold")
    row.add_column(overflow="fold")
    row.add_row(mark, name, Text(said))
    return row


def _figures(found: Health) -> Iterator[tuple[str, str]]:
    for mailer in found.mailers:
        name = "mails" if mailer.name == "default" else f"mails {mailer.name}"
        oldest = f", the oldest for {spoken(mailer.waiting.oldest)}" if mailer.waiting.count else ""
        yield name, f"{many(mailer.waiting.count)} due{oldest}; {many(mailer.planned)} planned"
        yield "", f"{mailer.under_way} under way, {mailer.sent_last_minute:,} sent in the last minute"
    oldest = f", the oldest for {spoken(found.due.oldest)}" if found.due.count else ""
    yield "leads", f"{many(found.due.count)} to be decided{oldest}"
    waits = [
        f"{many(one.count)} by {channel}, the oldest for {spoken(one.oldest)}"
        for channel, one in found.outboxes.items()
    ]
    yield "news", "; ".join(waits) or "none waits"
    handoffs = found.handoffs
    yield "handoffs", f"{handoffs.open:,} open, {handoffs.offered:,} not answered, {handoffs.late:,} past a deadline"
    yield "events", f"{found.events_rejected:,} rejected since yesterday"
    seen = "never seen" if found.clock.age is None else f"looked {spoken(found.clock.age)} ago"
    leader = found.clock.leader.partition("/")[0] if found.clock.leader and found.clock.is_led else ""
    yield "clock", seen + (f", on {leader}" if leader else "")
    running = ", ".join(f"{found.processes.get(kind, 0)} {kind}" for kind in ("web", "worker", "clock"))
    peaks = ", ".join(f"{kind} {octets / 2**20:.0f} MB" for kind, octets in sorted(found.peak_octets.items()))
    yield "processes", running + (f"; most memory: {peaks}" if peaks else "")
    yield "database", f"{_size(found.database_octets)}; {found.connections} of {found.most_connections} connections"


def _size(octets: int) -> str:
    return f"{octets / 2**30:.1f} GB" if octets >= 2**30 else f"{octets / 2**20:.0f} MB"


def _document(found: Health, findings: list[Finding]) -> dict[str, Any]:
    """What `--json` prints: the signs, then every number; ages in seconds."""
    return {
        "well": _is_well(findings),
        "at": datetime.now(UTC),  # noqa: TID251 - when this was printed, by the machine's clock
        "findings": findings,
        "due": found.due,
        "mailers": found.mailers,
        "outboxes": found.outboxes,
        "set_aside": found.set_aside,
        "notices_failed": found.notices_failed,
        "events": {"rejected": found.events_rejected, "unfiled": found.events_unfiled},
        "handoffs": found.handoffs,
        "clock": found.clock,
        "processes": found.processes,
        "peak_octets": found.peak_octets,
        "database": {
            "octets": found.database_octets,
            "connections": found.connections,
            "most_connections": found.most_connections,
        },
    }
