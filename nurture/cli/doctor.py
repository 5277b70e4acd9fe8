"""`nurture doctor`: what is wrong here, and what to do."""

import os
from collections import Counter
from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.text import Text

from nurture.agreement import Agreement
from nurture.app import clock_of, real_clock
from nurture.cli.opening import opened_settings, upgrade
from nurture.cli.printing import Json, err, out, print_json
from nurture.db import make_engine
from nurture.doctor import Case, Finding, Names, examine
from nurture.errors import NurtureError, UsageError
from nurture.local.web_address import mail_address
from nurture.settings import Settings, read_settings
from nurture.workspace import load_workspace

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": "dim"}

Offline = Annotated[bool, typer.Option("--offline", help="Ask nobody outside: no mail server, no provider, no DNS.")]
Nameserver = Annotated[str | None, typer.Option(help="Ask this DNS server, ADDRESS or ADDRESS:PORT, not the system's.")]


def doctor(offline: Offline = False, nameserver: Nameserver = None, as_json: Json = False) -> None:
    """Look at everything that mail needs, and say what to do. Exit status 1 where there is a problem."""
    names = _names(nameserver)
    given = read_settings(os.environ)
    with opened_settings() as settings:
        if given.is_embedded:
            upgrade(settings)
            settings = _in_the_mailbox(settings)
        findings = _examined(settings, names, offline=offline, is_embedded=given.is_embedded)
    counted = Counter(finding.level for finding in findings)
    if as_json:
        shown = [asdict(finding) for finding in findings]
        print_json({"findings": shown, "problems": counted["problem"], "warnings": counted["warning"]})
    else:
        _print(findings)
    if counted["problem"]:
        raise typer.Exit(1)


def _examined(settings: Settings, names: Names, *, offline: bool, is_embedded: bool) -> list[Finding]:
    engine = make_engine(settings.database_url or "", pool_size=1)
    try:
        now = real_clock() if not settings.stepped_clock else clock_of(settings, engine)()
        case = Case(settings, _agreement(settings), engine, names, now, is_embedded)
        return examine(case, offline=offline)
    finally:
        engine.dispose()


def _agreement(settings: Settings) -> Agreement | None:
    try:
        return load_workspace(settings.workspace).agreement
    except NurtureError:
        return None


def _in_the_mailbox(settings: Settings) -> Settings:
    """Where nobody says where mail leaves by, it goes to the mailbox of `nurture up`."""
    if settings.mail_url is not None:
        return settings
    return replace(settings, mail_url=mail_address(settings.data_dir) or "smtp://127.0.0.1:1")


def _names(nameserver: str | None) -> Names:
    if nameserver is None:
        return Names()
    address, _, port = nameserver.rpartition(":") if nameserver.count(":") == 1 else (nameserver, "", "53")
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise UsageError("--nameserver: say an address, or ADDRESS:PORT, such as 1.1.1.1 or 127.0.0.1:5353")
    try:
        return Names.at(address, int(port))
    except ValueError:
        raise UsageError(f"--nameserver: {address} is no address; say one such as 1.1.1.1") from None


def _print(findings: list[Finding]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        line = Text(f"{finding.level:<8} ", style=_COLOURS[finding.level])
        line.append(f"{finding.check:<{width}}  {finding.found}", style="default")
        out.print(line, soft_wrap=True)
        if finding.do:
            out.print(Text(f"{'':<8} {'':<{width}}  → {finding.do}"), soft_wrap=True)
    counted = Counter(finding.level for finding in findings)
    err.print(f"{counted['problem']} problems, {counted['warning']} warnings", markup=False)
