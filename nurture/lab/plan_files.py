"""The two sets of files that a plan compares: those of the workspace, and those that were adopted, from their texts."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal

from nurture.errors import NurtureError, TemplateError, WorkspaceError
from nurture.mail.compiling import compile_template
from nurture.rules.book import Rulebook
from nurture.workspace import Workspace, load_workspace


@dataclass
class Files:
    """One set of files: the rules in it, and what its mails say.

    Attributes:
        workspace: as it was read.
        broken: templates that cannot be compiled, with why; filled as they are asked for.
    """

    workspace: Workspace
    broken: dict[str, str] = field(default_factory=dict)
    _texts: dict[str, object] = field(default_factory=dict)

    @cached_property
    def book(self) -> Rulebook:
        """The rules' view."""
        return Rulebook(self.workspace.agreement, self.workspace.campaigns)

    def text(self, template: str) -> object:
        """What a template's mails say, layout and macros worked out: equal where the mails are the same."""
        if template not in self._texts:
            self._texts[template] = self._compiled(template)
        return self._texts[template]

    def share_texts(self, other: "Files") -> None:
        """Compile no template that is the same in both sets, for which no part of it may differ."""
        if _parts(self.workspace) != _parts(other.workspace):
            return
        for name, file in self.workspace.templates.items():
            twin = other.workspace.templates.get(name)
            if twin is not None and (twin.kind, twin.text) == (file.kind, file.text):
                self._texts[name] = other._texts[name] = file.text

    def _compiled(self, name: str) -> object:
        file = self.workspace.templates.get(name)
        if file is None:
            return None
        try:
            made = compile_template(file, self.workspace.partials)
        except TemplateError as error:
            self.broken[name] = str(error)
            return file.text
        return made.subject.source.text, made.text.source.text, made.html.source.text


def _parts(workspace: Workspace) -> dict[str, str]:
    return {name: part.text for name, part in workspace.partials.items()}


def adopted_files(contents: Mapping[str, tuple[str, str]]) -> Files:
    """The files as they were adopted, from their texts: name → (SHA-256, text).

    Raises:
        NurtureError: A text is not what was adopted, or this version of Nurture does not take it any more.
    """
    for name, (digest, text) in contents.items():
        if sha256(text.encode()).hexdigest() != digest:
            raise NurtureError(
                f"{name} as it was adopted is not on record; the plan can be made after the next adoption"
            )
    with tempfile.TemporaryDirectory(prefix="nurture-plan-") as folder:
        root = Path(folder)
        for name, (_, text) in contents.items():
            path = root / name
            if not path.resolve().is_relative_to(root.resolve()):
                raise NurtureError(f"{name} is no name of a file in a workspace")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        try:
            workspace = load_workspace(root)
        except WorkspaceError as error:
            first = error.problems[0]
            raise NurtureError(f"the adopted files are not what this version takes: {first}") from error
        return Files(workspace)


Fate = Literal["added", "changed", "removed"]


def changed_files(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Fate]:
    """Which files differ, by name; the arguments are SHA-256 by name."""
    fates: dict[str, Fate] = {}
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            fates[name] = "added" if name not in before else "removed" if name not in after else "changed"
    return fates
