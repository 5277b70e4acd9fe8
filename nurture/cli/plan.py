"""`nurture plan`: what changed files would do to the leads now inside."""

from typing import Annotated, Literal

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json
from nurture.lab import plan_words
from nurture.lab.plan import Plan
from nurture.lab.plan_database import plan_of

Format = Literal["text", "json", "github"]


def plan(
    as_format: Annotated[
        Format, typer.Option("--format", help="`github` is Markdown, for a pull request or a job's summary.")
    ] = "text",
    as_json: Json = False,
) -> None:
    """Compare the files with those that were adopted, and count for which leads they change what comes next."""
    with opened_app() as app:
        made = plan_of(app, app.now())
    _print(made, "json" if as_json else as_format)


def _print(made: Plan | None, as_format: Format) -> None:
    if as_format == "json":
        print_json(
            {"changes": [], "notes": [plan_words.NOTHING_ADOPTED]} if made is None else plan_words.document(made)
        )
        return
    if made is None:
        lines = [plan_words.NOTHING_ADOPTED]
    elif as_format == "github":
        lines = list(plan_words.markdown_lines(made))
    else:
        lines = list(plan_words.text_lines(made))
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
