"""`nurture suppress …`: the list of addresses that must not be mailed, and how somebody is taken off it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table, said
from nurture.cli.privacy import address
from nurture.errors import NotFound, UsageError
from nurture.flows.import_suppressions import import_suppressions
from nurture.flows.suppress import release, suppress_address
from nurture.grammar.mistakes import did_you_mean
from nurture.reports.suppression import suppression_list, suppression_report
from nurture.rules.suppressing import KINDS, Kind
from nurture.sheets.rejects import rejects_beside

suppress = typer.Typer(help="Addresses that must not be mailed.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address.")]
By = Annotated[str, typer.Option(help="Who says so; it is kept.")]
Why = Annotated[str, typer.Option(help="Why; it is kept.")]
Topic = Annotated[str | None, typer.Option(help="Of this topic only; else of all mail.")]
_BY_HAND: tuple[Kind, ...] = ("manual", "competitor", "unsubscribed", "complained", "bounced")


@suppress.command("list")
def list_(
    reason: Annotated[str | None, typer.Option(help=f"Only for this reason: {', '.join(KINDS)}.")] = None,
    most: Annotated[int, typer.Option(min=1, help="So many at most, the latest first.")] = 1000,
    as_json: Json = False,
) -> None:
    """List who must not be mailed. Of an address that no lead has, only the hash is known."""
    if reason is not None and reason not in KINDS:
        raise UsageError(_no_such(reason, KINDS))
    with opened_app() as app:
        rows = suppression_list(app, reason=reason, most=most)
    if as_json:
        print_json(rows)
        return
    columns = ("lead", "topic", "reason", "at", "how")
    print_table(
        columns, [[row["lead"] or f"{row['hash'][:12]}…", *(row[name] or None for name in columns[1:])] for row in rows]
    )


@suppress.command("show")
def show(email: Email, as_json: Json = False) -> None:
    """Show whether an address may be mailed, and all that was ever said about that."""
    with opened_app() as app:
        report = suppression_report(app, address(email))
    if as_json:
        print_json(report)
    else:
        _show(report)
    if not report["history"] and not report["suppressed"]:
        raise typer.Exit(1)


@suppress.command("add")
def add(
    email: Email,
    by: By,
    why: Why,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(_BY_HAND)}.")] = "manual",
    topic: Topic = None,
) -> None:
    """Say that an address must not be mailed, whether a lead has it or not. What is queued for it does not go."""
    kind = _kind(reason)
    with opened_app() as app:
        news = suppress_address(app, address(email), reason=kind, by=by, why=why, now=app.now(), topic=topic)
    already = "" if news else " already"
    out.print(f"{email} gets no mail{f' about {topic}' if topic else ''}{already}: {kind}", markup=False)


@suppress.command("release")
def release_(
    email: Email,
    by: By,
    why: Why,
    topic: Topic = None,
    insist: Annotated[
        bool, typer.Option("--insist", help="Even though the person said so itself; it has asked for mail again.")
    ] = False,
) -> None:
    """Take an address off the list. The campaigns are asked again; an enrollment that ended stays ended.

    Who unsubscribed, complained or asked to be erased is released only with --insist.
    """
    with opened_app() as app:
        done = release(app, address(email), by, why, app.now(), topic, insist=insist)
        left = suppression_report(app, address(email))["suppressed"]
    about = f" about {topic}" if topic else ""
    out.print(f"{email} may be mailed{about} again; it was {', '.join(done.reasons)}", markup=False)
    for row in left:
        of = f"mail about {row['topic']}" if row["topic"] else "mail"
        out.print(f"but it still gets no {of}: {row['reason']}", markup=False)


@suppress.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="CSV", help="The file; its first line names the columns.")],
    reason: Annotated[
        str | None, typer.Option(help=f"For rows that name no reason of their own: {', '.join(_BY_HAND)}.")
    ] = None,
    by: By = "import",
    maps: Annotated[list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="As for leads.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go, if not beside the file.")] = None,
    encoding: Annotated[str | None, typer.Option(help="What the file is written in, if it is not found out.")] = None,
    as_json: Json = False,
) -> None:
    """Take over another tool's list: exports of Mailchimp, HubSpot, listmonk and others. Bad rows go to a file."""
    if not file.exists():
        raise NotFound(f"{file}: there is no such file")
    kind = None if reason is None else _kind(reason)
    with opened_app() as app:
        done = import_suppressions(
            app, file, reason=kind, by=by, maps=maps or (), rejects=rejects or rejects_beside(file),
            encoding=encoding, now=app.now(),
        )  # fmt: skip
    counts = {"read": done.read, "suppressed": done.suppressed, "known": done.known, "rejected": done.rejected}
    if as_json:
        print_json({**counts, "rejects_file": None if done.rejects_file is None else str(done.rejects_file)})
        return
    out.print(", ".join(f"{number:,} {name}" for name, number in counts.items()), markup=False)
    if done.rejects_file is not None:
        out.print(f"why rows were rejected: {done.rejects_file}", markup=False, soft_wrap=True)


def _kind(reason: str) -> Kind:
    found = next((kind for kind in _BY_HAND if kind == reason), None)
    if found is None:
        raise UsageError(_no_such(reason, _BY_HAND))
    return found


def _no_such(reason: str, known: tuple[Kind, ...]) -> str:
    hint = did_you_mean(reason, known)
    return f"no such reason: {reason!r}{f' ({hint})' if hint else ''}; there are {', '.join(known)}"


def _show(report: dict[str, Any]) -> None:
    lead = "a lead" if report["lead"] else "no lead"
    out.print(f"{report['email']}: {lead}", markup=False)
    for row in report["suppressed"]:
        of = f"mail about {row['topic']}" if row["topic"] else "mail"
        out.print(f"gets no {of}: {row['reason']} on {said(row['at'])} ({row['how'] or 'no word how'})", markup=False)
    if not report["suppressed"]:
        out.print("may be mailed", markup=False)
    columns = ("at", "what", "topic", "reason", "by", "why")
    if report["history"]:
        print_table(columns, [[row[name] or None for name in columns] for row in report["history"]], title="history")
