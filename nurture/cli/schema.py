"""`schema`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from nurture.cli.printing import err, out
from nurture.errors import UsageError
from nurture.settings import read_settings
from nurture.workspace.schemas import FOLDER, schemas


def schema(
    to: Annotated[Path | None, typer.Option("--out", help="The folder; `schemas` in the workspace.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file is not up to date.")] = False,
) -> None:
    """Write the JSON Schemas from which editors complete and explain the agreement and the campaigns."""
    folder = to or read_settings(os.environ).workspace / FOLDER
    texts = {folder / name: text for name, text in schemas().items()}
    stale = [path for path, text in texts.items() if _read(path) != text]
    if check:
        for path in stale:
            err.print(f"{path} is not up to date: run `nurture schema`", markup=False, soft_wrap=True)
        raise typer.Exit(1 if stale else 0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in stale:
            path.write_text(texts[path], encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {(error.strerror or 'unknown').lower()}") from error
    for path in texts:
        out.print(f"{path}: {'written' if path in stale else 'up to date'}", markup=False, soft_wrap=True)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
