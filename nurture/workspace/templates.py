"""The templates of a workspace, as text; what stands in them is the renderer's business."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nurture.errors import Problem
from nurture.grammar.mistakes import did_you_mean, quoted
from nurture.workspace.codes import AMBIGUOUS_TEMPLATE
from nurture.workspace.files import files_below
from nurture.workspace.source import Source, read_source

FOLDER = "templates"
TemplateKind = Literal["mjml", "html", "md"]
KINDS: tuple[TemplateKind, ...] = ("mjml", "html", "md")
PAGES = "pages/"
"""What lies in this folder is no mail: texts and templates of the pages that leads see (`nurture.pages`)."""


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One template. `name` is what steps call it, as `not-ready/roi`; a partial's name keeps its ending."""

    name: str
    path: Path
    kind: TemplateKind
    text: str


@dataclass(slots=True)
class Templates:
    """Everything below `templates/`.

    Attributes:
        whole: what a step can name, by name.
        partials: what other templates include: files and folders that begin with `_`, by path below `templates/`.
        versions: SHA-256 by path below the workspace.
        others: paths, below `templates/`, of files of other kinds.
        pages: what lies in `templates/pages/`, by path there; what is wrong with one keeps no mail from going out.
    """

    whole: dict[str, TemplateFile] = field(default_factory=dict)
    partials: dict[str, TemplateFile] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    pages: dict[str, Source | Problem] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def why_not(self, name: str) -> tuple[str, str | None] | None:
        """What is wrong with a step's reference to a template, and a hint; None where it exists."""
        if name in self.whole:
            return None
        known = f"there is no template {quoted(name)} below `{FOLDER}/`"
        bare, _, ending = name.rpartition(".")
        if ending in KINDS and bare in self.whole:
            return known, f"write it without its ending: `{bare}`"
        if any(f"{name}.{kind}" in self.partials for kind in KINDS):
            return f"{quoted(name)} is a part for other templates", "what begins with `_` is no mail"
        for other in self.others:
            if other.rpartition(".")[0] == name:
                return known, f"there is `{FOLDER}/{other}`, but a template ends in .mjml, .html or .md"
        return known, did_you_mean(
            name, self.whole
        ) or f"it would be {quoted(f'{FOLDER}/{name}')} with .mjml, .html or .md"


def kind_of(path: Path) -> TemplateKind | None:
    """What kind of template a file is, by its ending; None where it is none."""
    return next((kind for kind in KINDS if path.suffix == f".{kind}"), None)


def read_templates(root: Path) -> Templates:
    """Read every template below a workspace. Unreadable ones and double names are among the problems."""
    found = Templates()
    folder = root / FOLDER
    paths, found.problems = files_below(folder, endings=[f".{kind}" for kind in KINDS])
    for path in paths:
        below = path.relative_to(folder).as_posix()
        if below.startswith(PAGES):
            found.pages[below.removeprefix(PAGES)] = read_source(path, f"{FOLDER}/{below}")
            continue
        kind = kind_of(path)
        if kind is None:
            found.others.append(below)
            continue
        source = read_source(path, f"{FOLDER}/{below}")
        if isinstance(source, Problem):
            found.problems.append(source)
        else:
            _keep(found, source, below, kind)
    return found


def _keep(found: Templates, source: Source, below: str, kind: TemplateKind) -> None:
    found.versions[source.file] = source.version
    if any(part.startswith("_") for part in below.split("/")):
        found.partials[below] = TemplateFile(below, source.path, kind, source.text)
        return
    name = below.removesuffix(f".{kind}")
    first = found.whole.get(name)
    if first is not None:
        message = f"`{name}` is also `{first.path.name}`; a step could not say which it means"
        found.problems.append(source.problem(AMBIGUOUS_TEMPLATE, 0, message, "rename one of them"))
        return
    found.whole[name] = TemplateFile(name, source.path, kind, source.text)
