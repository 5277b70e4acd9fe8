"""The examples of `docs/checks.md`: each a workspace with one fault, and what the document says is said of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nurture.errors import Problem

DOCUMENT = Path(__file__).parents[2] / "docs/checks.md"
WORKSPACE = Path(__file__).parent / "workspace"
"""A small workspace without a fault, into which each example is put."""

_HEADING = re.compile(r"### (N\d{3}) · (.+)")
_FILE = re.compile(r"(?:.* )?[Ii]n `([^`]+)`:")
_WITHOUT = re.compile(r"Without `([^`]+)`\.")
_SAID = re.compile(
    r"> (?:`(?P<file>[^`]+)` )?(?P<line>\d+):(?P<column>\d+) (?P<severity>error|warning): (?P<message>.+)"
)
_KEY = re.compile(r"^([A-Za-z_]+):", re.MULTILINE)


@dataclass
class Example:
    """One code with its title, the files that differ from the workspace's (None: gone), and what is said."""

    code: str
    title: str
    files: dict[str, str | None] = field(default_factory=dict)
    said: list[tuple[str, int, int, str, str]] = field(default_factory=list)

    def write(self, root: Path) -> None:
        """Put the example into a copy of the workspace below `root`."""
        for path in WORKSPACE.rglob("*.*"):
            self._put(root, path.relative_to(WORKSPACE).as_posix(), path.read_text(encoding="utf-8"))
        for name, text in self.files.items():
            if text is None:
                (root / name).unlink()
            else:
                self._put(root, name, merged(_of_workspace(name), text)[0])

    def placed(self) -> list[tuple[str, int, int, str, str]]:
        """What is said, with the lines of whole files instead of those of the lines that the document shows."""
        return sorted(
            (file, line + self._above(file), column, severity, self._renumbered(message, self._above(file)))
            for file, line, column, severity, message in self.said
        )

    def shown(self, problem: Problem) -> str:
        """A problem as the document says it."""
        file = "" if problem.file == list(self.files)[-1] else f"`{problem.file}` "
        above = self._above(problem.file)
        said = self._renumbered(said_of(problem), -above)
        return f"> {file}{problem.line - above}:{problem.column} {problem.severity}: {said}"

    @staticmethod
    def _renumbered(message: str, by: int) -> str:
        """A message that names a line of the same file."""
        return re.sub(r"\bline (\d+)", lambda number: f"line {int(number[1]) + by}", message)

    def _above(self, file: str) -> int:
        text = self.files.get(file)
        return 0 if text is None else merged(_of_workspace(file), text)[1]

    @staticmethod
    def _put(root: Path, name: str, text: str) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def said_of(problem: Problem) -> str:
    """The message and the hint."""
    return problem.message + (f" ({problem.hint})" if problem.hint else "")


def merged(whole: str | None, lines: str) -> tuple[str, int]:
    """A file with some of its keys written anew, at its end; and how many lines stand above those."""
    if whole is None:
        return lines, 0
    keys = set(_KEY.findall(lines))
    kept, keeping = [], True
    for line in whole.splitlines(keepends=True):
        key = _KEY.match(line)
        keeping = key[1] not in keys if key else keeping
        kept += [line] if keeping else []
    return "".join(kept) + lines, len(kept)


def examples(document: Path = DOCUMENT) -> Iterator[Example]:
    """Every example of a document."""
    example: Example | None = None
    file, fence = "", None
    for line in document.read_text(encoding="utf-8").splitlines():
        if fence is not None:
            if line == "```":
                example.files[file] = "\n".join([*fence, ""])
                fence = None
            else:
                fence.append(line)
        elif heading := _HEADING.fullmatch(line):
            if example:
                yield example
            example = Example(*heading.groups())
        elif example and line.startswith("```"):
            fence = []
        elif example and (named := _FILE.fullmatch(line)):
            file = named[1]
        elif example and (gone := _WITHOUT.fullmatch(line)):
            file = gone[1]
            example.files[file] = None
        elif example and (said := _SAID.fullmatch(line)):
            where = said["file"] or file
            place = (where, int(said["line"]), int(said["column"]))
            example.said.append((*place, said["severity"], said["message"]))
    if example:
        yield example


def _of_workspace(name: str) -> str | None:
    """The file as it stands in the workspace, if an example may give only some keys of it."""
    path = WORKSPACE / name
    return path.read_text(encoding="utf-8") if name.endswith(".yaml") and path.exists() else None
