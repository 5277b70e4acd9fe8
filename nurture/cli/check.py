"""`check`: every problem of the workspace, for people, programs and pull requests."""

import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from nurture.authoring.check import Checked, inspect
from nurture.cli.printing import Json, out, print_json
from nurture.errors import Problem, UsageError
from nurture.settings import read_settings

Format = Literal["text", "json", "github"]
_COLOURS = {"error": "bold red", "warning": "bold yellow"}
_FIELDS = ("file", "line", "column", "severity", "code", "message", "hint")


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Workspaces, or files and folders; NURTURE_WORKSPACE or here."),
    ] = None,
    form: Annotated[Format | None, typer.Option("--format", help="How to say it; `text` unless told.")] = None,
    as_json: Json = False,
    spam: Annotated[bool, typer.Option("--spam", help="Ask SpamAssassin, too, what it says of each mail.")] = False,
) -> None:
    """Find every problem in the agreement, the campaigns and the templates.

    Exit status: 0 fine, warnings allowed; 1 errors found; 2 wrong usage.
    """
    if as_json and form not in (None, "json"):
        raise UsageError(f"--json is --format json, and not --format {form}")
    workspace = Path() if paths else read_settings(os.environ).workspace
    try:
        here = Path.cwd()
    except OSError as error:
        raise UsageError("the folder that you stand in is gone") from error
    checked = inspect(paths or [], workspace=workspace, seen_from=here, spam=spam)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    _SAY["json" if as_json else form or "text"](checked)
    if checked.errors:
        raise typer.Exit(1)


def _say_text(checked: Checked) -> None:
    for problem in checked.problems:
        out.print(_in_colours(problem), soft_wrap=True)
        if problem.hint:
            out.print(Text.assemble(("    hint: ", "dim"), problem.hint), soft_wrap=True)
    counts = ((checked.campaigns, "campaign"), (checked.steps, "step"), (checked.templates, "template"))
    looked_at = ", ".join(_so_many(count, what) for count, what in counts)
    found = f"{_so_many(checked.errors, 'error')}, {_so_many(checked.warnings, 'warning')}"
    out.print(f"{found if checked.problems else 'no problems'}: {looked_at}", soft_wrap=True)


def _in_colours(problem: Problem) -> Text:
    return Text.assemble(
        (f"{problem.file}:{problem.line}:{problem.column}", "bold"),
        ": ",
        (problem.severity, _COLOURS[problem.severity]),
        f": {problem.message} ",
        (f"[{problem.code}]", "dim"),
    )


def _so_many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _say_json(checked: Checked) -> None:
    problems = [{name: getattr(problem, name) for name in _FIELDS} for problem in checked.problems]
    print_json({"problems": problems, "errors": checked.errors, "warnings": checked.warnings})


def _say_github(checked: Checked) -> None:
    for problem in checked.problems:
        print(annotation(problem))  # noqa: T201 (a workflow command is a line as it stands, not text for people)


def annotation(problem: Problem) -> str:
    """A workflow command by which GitHub shows a problem at its line in a pull request.

    The form and its escapes are those of the documentation of GitHub Actions, "Workflow commands".
    """
    where = f"file={_property(problem.file)},line={problem.line},col={problem.column}"
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"::{problem.severity} {where},title={_property(problem.code)}::{_data(problem.message + hint)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_SAY: dict[Format, Callable[[Checked], None]] = {"text": _say_text, "json": _say_json, "github": _say_github}
