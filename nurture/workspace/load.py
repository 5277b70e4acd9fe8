"""Reads a workspace: the agreement, the campaigns and the templates, or every problem that they have."""

from dataclasses import dataclass, field
from pathlib import Path

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.errors import Problem, WorkspaceError
from nurture.workspace import references
from nurture.workspace.advice import agreement_advice, campaign_advice
from nurture.workspace.codes import BAD_IDENTIFIER, MISPLACED_FILE, NO_AGREEMENT
from nurture.workspace.document import Document
from nurture.workspace.parsing import parse
from nurture.workspace.shaping import shaped
from nurture.workspace.source import read_source
from nurture.workspace.templates import TemplateFile, read_templates

FOLDER = "campaigns"
AGREEMENT = "agreement.yaml"
"""The one file of the folder that is no campaign."""


@dataclass(frozen=True)
class Workspace:
    """Everything that marketers wrote, without an error in it.

    Attributes:
        root: the folder that holds `campaigns/` and `templates/`.
        agreement: what marketing and sales signed.
        campaigns: by id, in the order of their ids.
        templates: what steps can name, by name such as `not-ready/roi`.
        versions: the SHA-256 of each file, by its path below the root.
        partials: what templates include, by path below `templates/`, such as `_parts/button.mjml`.
        warnings: what is probably not meant.
    """

    root: Path
    agreement: Agreement
    campaigns: dict[str, Campaign]
    templates: dict[str, TemplateFile]
    versions: dict[str, str]
    partials: dict[str, TemplateFile] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()


def load_workspace(root: Path) -> Workspace:
    """Read everything below `campaigns/` and `templates/`.

    Raises:
        WorkspaceError: with every problem that could be found, warnings too, in the order of files and lines.
    """
    reading = _Reading(root)
    agreement_document = reading.agreement()
    documents = reading.campaigns()
    templates = read_templates(root)
    reading.problems += templates.problems
    agreement = reading.shape_agreement(agreement_document)
    campaigns = reading.shape_campaigns(documents, agreement)
    reading.problems += references.broken(agreement_document, documents, templates)
    problems = sorted(dict.fromkeys(reading.problems), key=lambda problem: (problem.file, problem.line, problem.column))
    if agreement is None or any(problem.severity == "error" for problem in problems):
        raise WorkspaceError(problems)
    return Workspace(
        root=root,
        agreement=agreement,
        campaigns=campaigns,
        templates=templates.whole,
        versions=reading.versions | templates.versions,
        partials=templates.partials,
        warnings=tuple(problems),
    )


def load_agreement(path: Path) -> Agreement:
    """Read one agreement, wherever it lies, without the campaigns that it goes with.

    Raises:
        WorkspaceError: with every problem that could be found.
    """
    reading = _Reading(path.parent)
    agreement = reading.shape_agreement(reading.read(path))
    if agreement is None or any(problem.severity == "error" for problem in reading.problems):
        raise WorkspaceError(reading.problems)
    return agreement


@dataclass
class _Reading:
    """The files of a workspace while they are read; keeps what is wrong with them."""

    root: Path
    problems: list[Problem] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def read(self, path: Path) -> Document | None:
        source = read_source(path, path.relative_to(self.root).as_posix())
        if isinstance(source, Problem):
            self.problems.append(source)
            return None
        self.versions[source.file] = source.version
        document, problems = parse(source)
        self.problems += problems
        return document

    def agreement(self) -> Document | None:
        path = self.root / FOLDER / AGREEMENT
        if path.exists():
            return self.read(path)
        where = f"{FOLDER}/{AGREEMENT}"
        self._report(where, "there is no agreement", "`nurture init` writes one to begin with", NO_AGREEMENT.code)
        return None

    def campaigns(self) -> dict[str, Document | None]:
        found: dict[str, Document | None] = {}
        for path in _yaml_files(self.root / FOLDER):
            below = path.relative_to(self.root / FOLDER)
            if below.as_posix() == AGREEMENT:
                continue
            if len(below.parts) > 1:
                message = f"campaigns lie directly in `{FOLDER}/`; this file would be passed over"
                self._report(f"{FOLDER}/{below.as_posix()}", message, "move it up", MISPLACED_FILE.code)
            elif path.suffix != ".yaml":
                message = "files end in `.yaml`; this one would be passed over"
                self._report(f"{FOLDER}/{path.name}", message, f"rename it to `{path.stem}.yaml`", MISPLACED_FILE.code)
            else:
                found[path.stem] = self.read(path)
        if not found:
            self._report(FOLDER, "there is no campaign", f"each is a file `{FOLDER}/<id>.yaml`", NO_AGREEMENT.code)
        return found

    def shape_agreement(self, document: Document | None) -> Agreement | None:
        if document is None:
            return None
        agreement, problems = shaped(Agreement, document)
        self.problems += problems
        if agreement:
            self.problems += agreement_advice(agreement, document)
        return agreement

    def shape_campaigns(
        self, documents: dict[str, Document | None], agreement: Agreement | None
    ) -> dict[str, Campaign]:
        campaigns = {}
        for name, document in documents.items():
            if name == references.REST:
                message = f"`{name}` is what `finish.then` calls no campaign at all; it cannot be one's id"
                self._report(f"{FOLDER}/{name}.yaml", message, "rename the file", BAD_IDENTIFIER.code)
            if document is None:
                continue
            campaign, problems = shaped(Campaign, document, id=name)
            self.problems += problems
            if campaign:
                campaigns[name] = campaign
                self.problems += references.unknown_steps(campaign, document)
                self.problems += campaign_advice(campaign, document, agreement)
        return campaigns

    def _report(self, file: str, message: str, hint: str, code: str) -> None:
        self.problems.append(Problem(file, 1, 1, message, hint, code=code))


def _yaml_files(folder: Path) -> list[Path]:
    paths = [path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file()]
    return sorted(path for path in paths if not any(part[0] in "._" for part in path.relative_to(folder).parts))
