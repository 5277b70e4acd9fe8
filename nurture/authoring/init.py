"""`nurture init`: a workspace that works, with comments that teach, to be changed into one's own.

What it writes lies in `starter/` beside this file, and is a workspace as it stands.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from nurture.errors import Conflict, UsageError
from nurture.grammar.addresses import Mailbox
from nurture.workspace.scalars import core_value
from nurture.workspace.schemas import FOLDER as SCHEMAS
from nurture.workspace.schemas import schemas

MAY_BE_THERE = frozenset({".git"})
"""What a folder may hold and still count as empty."""

_STARTER = files("nurture.authoring") / "starter"
_DOT = "dot-"
"""Begins the names of files that are hidden where they are written: packaging tools pass over hidden ones."""
_AGREEMENT = "campaigns/agreement.yaml"
_LAYOUT = "templates/_layout.mjml"
_PLAIN = re.compile(r"[A-Za-z0-9][\w .,'’()&/+@<>-]*")
_SIGNATURE = re.compile(r"[\w.'’-]+( [\w.'’-]+)*")


@dataclass(frozen=True, slots=True)
class Own:
    """What is known of whoever begins; None where the starter's own words stay."""

    company: str | None = None
    sender: Mailbox | None = None
    timezone: str | None = None


def init(folder: Path, own: Own = Own()) -> list[Path]:
    """Write a workspace into an empty or new folder; gives the files, by their paths below it.

    Raises:
        Conflict: something is there already. Nothing was written then, and nothing is ever written over.
        UsageError: the folder or a file in it cannot be written.
    """
    texts = dict(_texts(own))
    try:
        _see_empty(folder)
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {(error.strerror or 'it failed').lower()}") from error
    return [Path(name) for name in texts]


def _see_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise Conflict(f"{folder} is a file; a workspace is a folder")
    there = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if others := [name for name in there if name not in MAY_BE_THERE]:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise Conflict(f"{folder} is not empty: it holds {others[0]}{more}; give a new or an empty folder")


def _texts(own: Own) -> Iterator[tuple[str, str]]:
    changes = _changes(own)
    for name, file in _files(_STARTER, ""):
        text = file.read_text(encoding="utf-8")
        for old, new in changes.get(name, []):
            text = "".join(_changed(line, old, new) for line in text.splitlines(keepends=True))
        yield name, text
    for name, text in schemas().items():
        yield f"{SCHEMAS}/{name}", text


def _changed(line: str, old: str, new: str) -> str:
    """A line with what the starter says replaced. What came from the author need not be changed any more."""
    before, found, after = line.partition(old)
    if not found:
        return line
    if not old.startswith("reply_to"):
        after = after.replace("# CHANGE: ", "# ").replace("# CHANGE\n", "\n")
    return before + new + re.sub("^ +#", "  #", after) if after.strip() else before + new + "\n"


def _files(folder: Traversable, below: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f".{entry.name.removeprefix(_DOT)}" if entry.name.startswith(_DOT) else entry.name
        if entry.is_dir():
            yield from _files(entry, f"{below}{name}/")
        else:
            yield f"{below}{name}", entry


def _changes(own: Own) -> dict[str, list[tuple[str, str]]]:
    """By file: what the starter says, and what it says for this company."""
    agreement: list[tuple[str, str]] = []
    layout: list[tuple[str, str]] = []
    if own.company:
        agreement.append(("name: Example Company", f"name: {_scalar(own.company)}"))
    if own.sender:
        sender = f"{own.sender.name} <{own.sender.address}>" if own.sender.name else own.sender.address
        agreement.append(("sender: Sam at Example Company <sam@news.example.com>", f"sender: {_scalar(sender)}"))
        agreement.append(("reply_to: sam@example.com", f"reply_to: {_scalar(own.sender.address)}"))
        name = own.sender.name.partition(" at ")[0]
        if _SIGNATURE.fullmatch(name):
            layout.append(("<p>Sam<br />", f"<p>{name}<br />"))
    if own.timezone:
        agreement.append(("timezone: America/New_York", f"timezone: {own.timezone}"))
    return {_AGREEMENT: agreement, _LAYOUT: layout}


def _scalar(text: str) -> str:
    """A text as YAML reads it back: in quotes, unless it surely needs none."""
    plain = _PLAIN.fullmatch(text) and core_value(text) == text and text == text.strip()
    return text if plain else json.dumps(text, ensure_ascii=False)
