"""`nurture`: mounts the command groups and turns errors into one line and an exit status."""

import sys
from typing import Annotated

import typer

import nurture
from nurture.cli import (
    adopt,
    api_keys,
    campaigns,
    check,
    crm,
    deliveries,
    demo,
    digest,
    doctor,
    events,
    handoffs,
    import_events,
    inbound,
    init,
    leads,
    notices,
    plan,
    preview,
    privacy,
    processes,
    queue,
    reassigning,
    rejected,
    rejudge,
    report,
    reps,
    schema,
    score,
    send_test,
    simulate,
    status,
    suppress,
    up,
    why,
)
from nurture.cli.printing import err
from nurture.errors import NurtureError

app = typer.Typer(
    name="nurture",
    help="Keeps refused and unready leads warm, and hands them back to sales the moment they are ready.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(leads.leads, name="leads")
leads.leads.command("erase")(privacy.erase_lead)
leads.leads.command("export")(privacy.export)
leads.leads.command("consent")(privacy.consent)
leads.leads.command("tracking")(privacy.tracking)
app.add_typer(suppress.suppress, name="suppress")
app.add_typer(handoffs.handoffs, name="handoffs")
handoffs.handoffs.command("reassign")(reassigning.reassign)
app.add_typer(reps.reps, name="reps")
app.add_typer(api_keys.api_keys, name="api-keys")
app.add_typer(deliveries.deliveries, name="deliveries")
app.add_typer(notices.notices, name="notices")
app.add_typer(queue.queue, name="queue")
app.add_typer(events.events, name="events")
events.events.command("import")(import_events.import_)
events.events.command("rejected")(rejected.rejected)
events.events.command("rejudge")(rejudge.rejudge)
events.events.command("judge")(rejudge.judge)
app.add_typer(score.score, name="score")
app.add_typer(processes.database, name="db")
processes.database.command("adopt")(adopt.adopt)
app.command("report")(report.report)
app.command("digest")(digest.digest)
app.add_typer(crm.crm, name="crm")
app.command("check")(check.check)
app.command("init")(init.init)
app.command("schema")(schema.schema)
app.command("enroll")(campaigns.enroll)
app.command("qualify")(campaigns.qualify)
app.command("plan")(plan.plan)
app.command("why")(why.why)
app.command("preview")(preview.preview)
app.command("simulate")(simulate.simulate)
app.command("send-test")(send_test.send_test)
app.command("inbound")(inbound.inbound)
app.command("web")(processes.web)
app.command("worker")(processes.worker)
app.command("clock")(processes.clock)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("status")(status.status)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(nurture.__version__)
        raise typer.Exit


@app.callback()
def _nurture(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Nothing is common to all commands but what `main` does."""


def main() -> None:
    """Run a command. Exit status: 0 fine, 1 problems found or nothing such, 2 wrong usage."""
    try:
        app()
    except NurtureError as error:
        err.print(f"nurture: {error}", markup=False, soft_wrap=True)
        sys.exit(error.exit_status)
    except BrokenPipeError:
        sys.exit(141)


if __name__ == "__main__":
    main()
