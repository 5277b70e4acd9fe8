"""Reads a workspace: the agreement, the campaigns and the templates, or every problem that they have."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.errors import Problem, WorkspaceError
from nurture.workspace import references
from nurture.workspace.advice import agreement_advice, campaign_advice
from nurture.workspace.codes import BAD_IDENTIFIER, MISPLACED_FILE, NO_AGREEMENT, Code
from nurture.workspace.document import Document
from nurture.workspace.files import files_below
from nurture.workspace.parsing import parse
from nurture.workspace.shaping import shaped
from nurture.workspace.source import Source, read_source
from nurture.workspace.templates import TemplateFile, Templates, read_templates

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
        pages: what lies in `templates/pages/`, by path there; not looked at yet.
        warnings: what is probably not meant.
    """

    root: Path
    agreement: Agreement
    campaigns: dict[str, Campaign]
    templates: dict[str, TemplateFile]
    versions: dict[str, str]
    partials: dict[str, TemplateFile] = field(default_factory=dict)
    pages: dict[str, Source | Problem] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()


@dataclass
class Reading:
    """All that could be read of a workspace, however much of it is broken.

    Attributes:
        root: the folder that holds `campaigns/` and `templates/`.
        agreement: None where its file has errors of its own.
        campaigns: those whose own file is without an error of shape, by id.
        templates: every template, as text.
        agreement_document: the agreement's file with its positions; None where it is no YAML.
        documents: the campaigns' files, by id, in their order; None where one is no YAML.
        versions: the SHA-256 of each file that could be opened, by its path below the root.
        problems: what is wrong, in the order in which it was found.
    """

    root: Path
    agreement: Agreement | None = None
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    templates: Templates = field(default_factory=Templates)
    agreement_document: Document | None = None
    documents: dict[str, Document | None] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def sorted_problems(self) -> list[Problem]:
        """Each problem once, in the order of files and lines."""
        return sorted(dict.fromkeys(self.problems), key=lambda problem: (problem.file, problem.line, problem.column))


def read_workspace(root: Path) -> Reading:
    """Read everything below `campaigns/` and `templates/`. Never raises: what is wrong is among the problems."""
    reading = Reading(root)
    reading.agreement_document = _agreement(reading)
    reading.documents = _campaigns(reading)
    reading.templates = read_templates(root)
    reading.problems += reading.templates.problems
    reading.versions |= reading.templates.versions
    if reading.agreement_document is not None:
        shape_agreement(reading, reading.agreement_document)
    for name, document in reading.documents.items():
        shape_campaign(reading, name, document)
    reading.problems += references.broken(reading.agreement_document, reading.documents, reading.templates)
    return reading


def load_workspace(root: Path) -> Workspace:
    """Read everything below `campaigns/` and `templates/`.

    Raises:
        WorkspaceError: with every problem that could be found, warnings too, in the order of files and lines.
    """
    reading = read_workspace(root)
    problems = reading.sorted_problems()
    if reading.agreement is None or any(problem.severity == "error" for problem in problems):
        raise WorkspaceError(problems)
    return Workspace(
        root=root,
        agreement=reading.agreement,
        campaigns=reading.campaigns,
        templates=reading.templates.whole,
        versions=reading.versions,
        partials=reading.templates.partials,
        pages=reading.templates.pages,
        warnings=tuple(problems),
    )


def load_agreement(path: Path) -> Agreement:
    """Read one agreement, wherever it lies, without the campaigns that it goes with.

    Raises:
        WorkspaceError: with every problem that could be found.
    """
    reading = Reading(path.parent)
    document = read_document(reading, path)
    if document is not None:
        shape_agreement(reading, document)
    if reading.agreement is None or any(problem.severity == "error" for problem in reading.problems):
        raise WorkspaceError(reading.problems)
    return reading.agreement


def read_document(reading: Reading, path: Path) -> Document | None:
    """One YAML file below the reading's root; None where it is none, and the reading knows why."""
    source = read_source(path, path.relative_to(reading.root).as_posix())
    if isinstance(source, Problem):
        reading.problems.append(source)
        return None
    reading.versions[source.file] = source.version
    document, problems = parse(source)
    reading.problems += problems
    return document


def shape_agreement(reading: Reading, document: Document) -> None:
    """Take a document for the agreement."""
    reading.agreement, problems = shaped(Agreement, document)
    reading.problems += problems
    if reading.agreement:
        reading.problems += agreement_advice(reading.agreement, document)


def shape_campaign(reading: Reading, name: str, document: Document | None) -> None:
    """Take a document for the campaign of this id. The agreement must have been shaped before."""
    if document is None:
        return
    if name == references.REST:
        message = f"`{name}` is what `finish.then` calls no campaign at all; it cannot be one's id"
        reading.problems.append(document.source.problem(BAD_IDENTIFIER, 0, message, "rename the file"))
    campaign, problems = shaped(Campaign, document, id=name)
    reading.problems += problems
    if campaign:
        reading.campaigns[name] = campaign
        reading.problems += references.unknown_steps(campaign, document)
        reading.problems += campaign_advice(campaign, document, reading.agreement)


def _agreement(reading: Reading) -> Document | None:
    path = reading.root / FOLDER / AGREEMENT
    if os.path.lexists(path):
        # What is no file is told of with the rest of the folder.
        return read_document(reading, path) if path.is_file() else None
    hint = "`nurture init` writes one to begin with"
    _report(reading, f"{FOLDER}/{AGREEMENT}", "there is no agreement", hint, NO_AGREEMENT)
    return None


def _campaigns(reading: Reading) -> dict[str, Document | None]:
    found: dict[str, Document | None] = {}
    folder = reading.root / FOLDER
    paths, problems = files_below(folder, passing_over="._", endings=(".yaml", ".yml"))
    reading.problems += problems
    for path in paths:
        below = path.relative_to(folder).as_posix()
        if below == AGREEMENT or path.suffix not in (".yaml", ".yml"):
            continue
        if "/" in below:
            message = f"campaigns lie directly in `{FOLDER}/`; this file would be passed over"
            _report(reading, f"{FOLDER}/{below}", message, "move it up", MISPLACED_FILE)
        elif path.suffix != ".yaml":
            message = "files end in `.yaml`; this one would be passed over"
            _report(reading, f"{FOLDER}/{below}", message, f"rename it to `{path.stem}.yaml`", MISPLACED_FILE)
        else:
            found[path.stem] = read_document(reading, path)
    if not found:
        _report(reading, FOLDER, "there is no campaign", f"each is a file `{FOLDER}/<id>.yaml`", NO_AGREEMENT)
    return found


def _report(reading: Reading, file: str, message: str, hint: str, code: Code) -> None:
    reading.problems.append(Problem(file, 1, 1, message, hint, code=code.code))
