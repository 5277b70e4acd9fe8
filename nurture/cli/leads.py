"""`nurture leads …`: a file of them in, one of them shown, one of them refused."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from nurture.cli.asking import ask
from nurture.cli.bars import rows_bar
from nurture.cli.merging import say_merging
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json, print_table, said
from nurture.errors import NotFound, UsageError
from nurture.facts import PROFILE_FIELDS
from nurture.flows.import_leads import Imported, import_leads
from nurture.flows.merge_leads import foresee, merge_leads
from nurture.flows.refuse import refuse
from nurture.reports.adoption import NOT_IN_FORCE
from nurture.reports.came_back import in_words
from nurture.reports.lead import lead_report
from nurture.sheets.columns import parse_maps
from nurture.sheets.people import Terms
from nurture.sheets.rejects import rejects_beside
from nurture.sheets.sheet import open_sheet

leads = typer.Typer(help="The people in nurture.", no_args_is_help=True)

SHOWN = 15
"""Events and mails that a person is shown; `--json` has all."""

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The lead's address.")]


@leads.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="CSV", help="The file; its first line names the columns.")],
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Which column holds what; may be said several times."),
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go, if not beside the file.")] = None,
    encoding: Annotated[str | None, typer.Option(help="What the file is written in, if it is not found out.")] = None,
    as_json: Json = False,
) -> None:
    """Import leads from a CSV file. Bad rows go to another file, with line and reason; the good ones go in.

    Exit status 1 where all rows are bad.

    Known columns: email, first_name, last_name, title, company, country, timezone, locale, industry, employees, source,
    owner, stage, reject_reason, rejected_at, do_not_email, consent_basis, consent_at, consent_source, consent_wording,
    tracking. Any other becomes an attribute of the lead.
    """
    asked = parse_maps(maps or ())
    if not file.exists():
        raise NotFound(f"{file}: there is no such file")
    rejects = _rejects(file, rejects)
    with opened_app() as app:
        now = app.now()
        with open_sheet(file, Terms.of(app.agreement, now), asked=asked, encoding=encoding) as sheet:
            with rows_bar(sheet) as progress:
                done = import_leads(app, sheet, now, rejects=rejects, progress=progress)
            for note in sheet.notes:
                err.print(f"nurture: {file.name}: {note}", markup=False, soft_wrap=True)
    if as_json:
        names = ("read", "created", "updated", "rejected", "offered")
        counts = {name: getattr(done, name) for name in names}
        print_json({**counts, "rejects_file": None if done.rejects_file is None else str(done.rejects_file)})
    else:
        _say(done)
    if done.read and done.rejected == done.read:
        raise typer.Exit(1)


@leads.command("show")
def show(email: Email, as_json: Json = False) -> None:
    """Show one lead: who it is, where it stands, what it did, what it was sent."""
    with opened_app() as app:
        report = lead_report(app, email, app.now())
    if as_json:
        print_json(report)
    else:
        _show(report)


@leads.command("reject")
def reject(
    email: Email,
    reason: Annotated[str, typer.Option(metavar="CODE", help="A reject reason of the agreement.")],
    note: Annotated[str, typer.Option(help="In your own words.")] = "",
    by: Annotated[str, typer.Option(help="Who says so.")] = "operator",
) -> None:
    """Say that sales does not want a lead (now); the reason picks what comes next."""
    with opened_app() as app:
        refuse(app, email.strip().lower(), reason=reason, by=by, note=note, now=app.now())
    out.print(f"{email} is refused: {reason}", markup=False)


@leads.command("merge")
def merge(
    keep: Annotated[
        str, typer.Argument(metavar="KEEP", help="The address of the lead that lives on; mail goes there.")
    ],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Address of the lead that is the same person.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    by: Annotated[str, typer.Option(help="Who says so.")] = "operator",
    as_json: Json = False,
) -> None:
    """Make one lead of two that are the same person: all that OTHER did and got is KEEP's from then on.

    Says first what will happen, and asks; with --json and without --yes it only says. OTHER's address finds KEEP from
    then on. Nothing is lost, and nothing takes it back.
    """
    with opened_app() as app:
        told = foresee(app, keep, other)
        if not as_json:
            say_merging(told)
        done = not told.one_already and (yes or not as_json)
        if done:
            if not as_json:
                ask("merge them?", yes)
            told = merge_leads(app, keep, other, by=by, now=app.now())
    if as_json:
        print_json({"merged": done, **asdict(told)})
    elif done:
        out.print(f"{told.lost} is {told.kept} from now on", markup=False)
        if told.offered:
            out.print(f"{told.kept} was handed to sales", markup=False)


def _rejects(file: Path, asked: Path | None) -> Path:
    rejects = rejects_beside(file) if asked is None else asked
    if rejects.exists() and rejects.samefile(file):
        raise UsageError(f"--rejects: {rejects} is the file that is imported")
    if not rejects.parent.is_dir():
        raise UsageError(f"--rejects: there is no folder {rejects.parent}")
    return rejects


def _say(done: Imported) -> None:
    counts = f"{done.created:,} created, {done.updated:,} updated, {done.rejected:,} rejected"
    out.print(f"{done.read:,} rows read: {counts}", markup=False)
    if done.offered:
        out.print(f"{done.offered:,} leads were handed to sales", markup=False)
    if done.rejects_file is not None:
        out.print(f"why rows were rejected: {done.rejects_file}", markup=False, soft_wrap=True)


def _show(report: dict[str, Any]) -> None:
    name = " ".join(filter(None, (report["first_name"], report["last_name"])))
    out.print(f"{report['email']} {name}".strip(), markup=False)
    facts = {field: report[field] for field in PROFILE_FIELDS if not field.endswith("_name") and report[field]}
    print_table(("", ""), [*facts.items(), *report["attributes"].items()])
    grade = f"grade {said(report['grade'])}, score {report['score']:.2f}"
    out.print(f"{report['stage']}, cycle {report['cycle']}, {grade}", markup=False)
    if not report["adopted"]:
        out.print(f"the score is {NOT_IN_FORCE}", markup=False, soft_wrap=True)
    out.print(_where(report), markup=False)
    for wait in report["postponed"]:
        out.print(f"no mail before {said(wait['until'])}: {wait['because']}", markup=False)
    for line in _allowed(report):
        out.print(line, markup=False)
    if report["left_topics"]:
        out.print(f"left the topics {', '.join(report['left_topics'])}", markup=False)
    _show_list("handoffs", report["handoffs"], ("id", "state", "cycle", "grade", "score", "owner", "offered_at"))
    mails = [{**mail, "became": in_words(mail["became"])} for mail in report["deliveries"]]
    _show_list("mails", mails, ("id", "campaign", "step", "state", "slot_at", "sent_at", "became", "reason"))
    events = [{**event, "why": "; ".join(event["reasons"]) or None} for event in report["events"]]
    _show_list("events", events, ("id", "at", "what", "verdict", "why"))
    _show_list("consents", report["consents"], ("purpose", "given", "basis", "source", "at", "by", "wording"))
    _show_list("mail that came in", report["inbound"], ("received_at", "kind", "source", "matched_by", "said"))
    _show_list("known as", report["known_as"], ("kind", "value", "since"))
    _show_list("was also", report["merged"], ("email", "at", "by"))
    _show_list("may be the same person (`nurture leads merge`)", report["may_be"], ("email", "at", "because"))
    refused = [cycle for cycle in report["cycles"] if cycle["reason"]]
    _show_list("refusals", refused, ("started_at", "reason", "refused_by", "note"))


def _where(report: dict[str, Any]) -> str:
    """One sentence: what nurture does with the lead."""
    if (suppressed := report["suppressed"]) is not None:
        return f"gets no mail: {suppressed['reason']} on {said(suppressed['at'])}"
    enrollment = report["enrollment"]
    if enrollment is None:
        waits = f" before {said(report['mail_from'])}" if report["mail_from"] else ""
        return f"in no campaign, no mail{waits}"
    slow = ", slowed down" if enrollment["slow"] else ""
    return f"in {enrollment['campaign']}, {enrollment['status']}{slow}; next decision {said(enrollment['next_due_at'])}"


def _allowed(report: dict[str, Any]) -> list[str]:
    """On what ground it may be mailed, and what stands in the way."""
    lines = [] if report["basis"] is None else [f"ground for mail: {report['basis']}, {said(report['basis_at'])}"]
    if report["not_mailed_because"] is not None:
        lines.append(f"not mailed: {report['not_mailed_because']}")
    if not report["tracked"]:
        lines.append("not observed: no tracked links, no pixel, no views of pages")
    return lines


def _show_list(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if rows:
        print_table(columns, [[row[name] for name in columns] for row in rows[:SHOWN]], title=title)
