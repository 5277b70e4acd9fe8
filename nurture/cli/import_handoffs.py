"""`nurture handoffs import`: what another CRM had of leads, with what became of them there."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nurture.cli.bars import rows_bar
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json
from nurture.errors import NotFound, UsageError
from nurture.flows.import_handoffs import ImportedHandoffs, import_handoffs
from nurture.sheets.dates import DateOrder
from nurture.sheets.deal_columns import parse_maps
from nurture.sheets.deal_states import parse_states
from nurture.sheets.deals import DealTerms, open_deals
from nurture.sheets.rejects import rejects_beside


def import_(
    file: Annotated[Path, typer.Argument(metavar="CSV", help="The file; its first line names the columns.")],
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Which column holds what; may be said several times."),
    ] = None,
    states: Annotated[
        list[str] | None,
        typer.Option("--state", metavar="WORD=STATE", help="What the file means by a word; several times."),
    ] = None,
    order: Annotated[
        DateOrder | None, typer.Option("--dates", help="What 3/4/2026 is: day first (dmy) or month first (mdy).")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go, if not beside the file.")] = None,
    encoding: Annotated[str | None, typer.Option(help="What the file is written in, if it is not found out.")] = None,
    by: Annotated[str, typer.Option(help="Who says so.")] = "import",
    as_json: Json = False,
) -> None:
    """Import handoffs and their outcomes from another CRM, as CSV. Nobody is told, offered or mailed by it.

    Known columns: id and state (both needed), email, first_name, last_name, title, company, country, industry, source,
    owner, offered_at, accepted_at, contacted_at, qualified_at, closed_at, value, reason, note, also under the names
    that HubSpot and Salesforce have for them. Other columns are kept with the handoff. Import the file again when it
    has grown: a row is known by its id.
    """
    asked, words = parse_maps(maps or ()), parse_states(states or ())
    if not file.exists():
        raise NotFound(f"{file}: there is no such file")
    rejects = rejects or rejects_beside(file)
    if rejects == file or (rejects.exists() and file.exists() and rejects.samefile(file)):
        raise UsageError(f"--rejects: {rejects} is the file that is imported")
    if not rejects.parent.is_dir():
        raise UsageError(f"--rejects: there is no folder {rejects.parent}")
    with opened_app() as app:
        now = app.now()
        terms = DealTerms(app.agreement, now, words, order)
        with open_deals(file, terms, asked=asked, encoding=encoding) as deals, rows_bar(deals) as progress:
            done = import_handoffs(app, deals, now, rejects=rejects, progress=progress, by=by)
    if as_json:
        print_json({**asdict(done), "rejects_file": None if done.rejects_file is None else str(done.rejects_file)})
    else:
        _say(done)


def _say(done: ImportedHandoffs) -> None:
    counts = f"{done.created:,} created, {done.updated:,} updated, {done.unchanged:,} unchanged"
    out.print(f"{done.read:,} rows read: {counts}, {done.rejected:,} rejected", markup=False)
    if done.leads:
        without = f", {done.nobodys:,} of them without an address" if done.nobodys else ""
        out.print(f"{done.leads:,} leads were made for them{without}", markup=False)
    if done.rejects_file is not None:
        out.print(f"why rows were rejected: {done.rejects_file}", markup=False, soft_wrap=True)
