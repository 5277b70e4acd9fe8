"""Which files there are below a folder, whatever else is."""

import os
from collections.abc import Collection
from pathlib import Path

from nurture.errors import Problem
from nurture.workspace.codes import UNREADABLE


def files_below(
    folder: Path, *, passing_over: str = ".", endings: Collection[str] = ()
) -> tuple[list[Path], list[Problem]]:
    """Every file below a folder in order, and what there cannot be read; links to folders stay shut.

    Args:
        folder: where to look; nothing is found where it does not exist.
        passing_over: files and folders that begin with one of these characters are nobody's business.
        endings: what has one of these (such as `.yaml`) and is no file is a problem, not passed over.
    """
    problems: list[Problem] = []

    def report(path: Path, message: str) -> None:
        where = path.relative_to(folder.parent).as_posix()
        problems.append(Problem(where, 1, 1, message, code=UNREADABLE.code))

    def cannot(error: OSError) -> None:
        shut = Path(str(error.filename))
        if shut != folder or os.path.lexists(shut):
            report(shut, f"the folder cannot be read: {(error.strerror or 'it cannot be opened').lower()}")

    found: list[Path] = []
    for here, folders, names in os.walk(folder, onerror=cannot):
        folders[:] = [name for name in folders if name[0] not in passing_over]
        for path in (Path(here, name) for name in names if name[0] not in passing_over):
            if _is_file(path):
                found.append(path)
            elif path.suffix in endings:
                is_link = path.is_symlink()
                report(path, "the link leads to no file" if is_link else "this is neither a file nor a folder")
        for path in (Path(here, name) for name in folders if Path(name).suffix in endings):
            report(path, "this is a folder, and a file is expected by its name")
    return sorted(found), problems


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a link through a folder that may not be searched
        return False


def printable(name: str) -> str:
    """A file's name as any terminal and any program can take it, in one line, whatever octets it is made of."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in name
    )
