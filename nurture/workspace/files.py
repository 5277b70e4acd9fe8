"""Which files there are below a folder, whatever else is."""

import os
from pathlib import Path

from nurture.errors import Problem
from nurture.workspace.codes import UNREADABLE


def files_below(folder: Path, *, passing_over: str = ".") -> tuple[list[Path], list[Problem]]:
    """Every file below a folder in order, and the folders below it that cannot be opened; links to folders stay shut.

    Args:
        folder: where to look; nothing is found where it does not exist.
        passing_over: files and folders that begin with one of these characters are nobody's business.
    """
    problems: list[Problem] = []

    def cannot(error: OSError) -> None:
        shut = Path(str(error.filename))
        if shut == folder and not os.path.lexists(shut):
            return
        reason = (error.strerror or "it cannot be opened").lower()
        where = shut.relative_to(folder.parent).as_posix()
        problems.append(Problem(where, 1, 1, f"the folder cannot be read: {reason}", code=UNREADABLE.code))

    found: list[Path] = []
    for here, folders, names in os.walk(folder, onerror=cannot):
        folders[:] = [name for name in folders if name[0] not in passing_over]
        paths = (Path(here, name) for name in names if name[0] not in passing_over)
        found += [path for path in paths if _is_file(path)]
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
