"""`nurture db adopt`: a database that was restored or copied may send from here."""

from typing import Annotated

import typer

from nurture.cli.asking import ask
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json
from nurture.flows.stay_home import adopt_database, why_not_home

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def adopt(
    by: Annotated[str, typer.Option(help="Who says so.")] = "operator", yes: Yes = False, as_json: Json = False
) -> None:
    """Let a database that was restored or copied send from here, once its original sends no more."""
    with opened_app() as app:
        why = why_not_home(app, app.now())
        if why is not None:
            ask(f"{why}; two that send mail every lead twice. Does nothing send out of the original any more?", yes)
            adopt_database(app, by, app.now())
    if as_json:
        print_json({"adopted": why is not None, "because": why})
    else:
        out.print("this database is at home here already" if why is None else "this database sends from here now")
