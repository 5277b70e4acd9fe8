"""What `nurture check PATH…` is asked about: whole workspaces, parts of them, or files that belong to none."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nurture.errors import UsageError
from nurture.workspace.load import FOLDER as CAMPAIGNS
from nurture.workspace.templates import FOLDER as TEMPLATES


@dataclass(frozen=True, slots=True)
class Target:
    """One workspace, or one file or folder that lies in none.

    Attributes:
        root: the workspace, or the file or folder itself.
        said: how a person would write the root.
        is_workspace: whether it is one.
        parts: of a workspace, the files and folders that were asked about; all of it where there are none.
    """

    root: Path
    said: str
    is_workspace: bool
    parts: tuple[Path, ...] = ()

    def covers(self, file: str) -> bool:
        """Whether a file, by its path below the root, was asked about."""
        path = self.root / file
        return not self.parts or any(path == part or part in path.parents for part in self.parts)


def targets(paths: Sequence[Path], workspace: Path) -> list[Target]:
    """What is meant by these paths, each workspace once; the given workspace where there are none.

    A workspace is a folder that holds `campaigns/`. What lies below the `campaigns/` or `templates/` of one is a part.

    Raises:
        UsageError: a path does not exist, or is neither file nor folder.
    """
    if not paths:
        return [Target(_absolute(workspace), str(workspace), is_workspace=True)]
    workspaces: dict[Path, list[Path]] = {}
    found: list[Target] = []
    for path in paths:
        there = _absolute(path)
        _must_be_there(path)
        root = _root_of(there)
        if root is None:
            found.append(Target(there, str(path), is_workspace=False))
        elif root in workspaces:
            workspaces[root].append(there)
        else:
            workspaces[root] = [there]
            found.append(Target(root, _said(root, there, path), is_workspace=True))
    return [_with_parts(target, workspaces[target.root]) if target.is_workspace else target for target in found]


def _with_parts(target: Target, asked: list[Path]) -> Target:
    parts = () if target.root in asked else tuple(asked)
    return Target(target.root, target.said, is_workspace=True, parts=parts)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links out of the workspace)


def _must_be_there(path: Path) -> None:
    try:
        kind = "thing" if path.is_file() or path.is_dir() else None
        is_there = path.exists()
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or 'it cannot be opened').lower()}") from None
    if kind is None:
        raise UsageError(f"{path}: is neither a file nor a folder" if is_there else f"{path}: there is no such file")


def _root_of(path: Path) -> Path | None:
    """The workspace that a path is or lies in."""
    if (path / CAMPAIGNS).is_dir():
        return path
    below: Path = path
    for folder in path.parents:
        if below.name in (CAMPAIGNS, TEMPLATES) and below.is_dir() and (folder / CAMPAIGNS).is_dir():
            return folder
        below = folder
    return None


def _said(root: Path, there: Path, path: Path) -> str:
    return str(path) if root == there else str(root)
