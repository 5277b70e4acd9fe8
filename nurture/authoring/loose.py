"""Files that belong to no workspace: YAML judged by its shape alone, templates with the names that every mail knows."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from nurture.agreement import Agreement
from nurture.authoring.meaning import agreement_problems, campaign_problems
from nurture.authoring.meaning.facts import Given
from nurture.authoring.templates import check_loose
from nurture.campaign import Campaign
from nurture.errors import Problem, UsageError
from nurture.workspace.document import Document, Mapping
from nurture.workspace.files import files_below
from nurture.workspace.load import AGREEMENT, Reading, read_document, shape_agreement, shape_campaign
from nurture.workspace.references import duplicate_steps
from nurture.workspace.shapes import keys_of
from nurture.workspace.source import read_source
from nurture.workspace.templates import FOLDER, KINDS, TemplateFile, TemplateKind, kind_of

_YAML = (".yaml", ".yml")


@dataclass(slots=True)
class Loose:
    """What stands in loose files, in numbers, and what is wrong with it; files by their path below what was asked."""

    problems: list[Problem] = field(default_factory=list)
    campaigns: int = 0
    steps: int = 0
    templates: int = 0


def check_file(path: Path) -> Loose:
    """Check one file; problems call it `.`, for it is all that was asked about, and parts beside it `../_part.md`.

    Raises:
        UsageError: it is neither YAML nor a template.
    """
    if path.suffix not in _YAML and kind_of(path) is None:
        endings = ", ".join(("yaml", *KINDS))
        raise UsageError(f"{path.name} is nothing that can be checked; files end in {endings}")
    here = _Folder(path.parent, sorted(path.parent.glob("_*")))
    here.check(path)
    problems = here.found.problems
    named = {problem: "." if problem.file == path.name else f"../{problem.file}" for problem in problems}
    return replace(here.found, problems=[replace(problem, file=named[problem]) for problem in problems])


def check_folder(folder: Path) -> Loose:
    """Check every YAML file and template below a folder.

    Those are passed over that are not meant for us: YAML without a single key of ours, Markdown that does not begin as
    a template does.
    """
    paths, problems = files_below(folder)
    here = _Folder(folder, paths, passes_over=True)
    here.found.problems += problems
    for path in paths:
        here.check(path)
    return here.found


@dataclass
class _Folder:
    """A folder whose files are being checked. `beside` are those that templates may include."""

    folder: Path
    beside: list[Path]
    passes_over: bool = False
    found: Loose = field(default_factory=Loose)

    def check(self, path: Path) -> None:
        kind = kind_of(path)
        if path.suffix in _YAML:
            self._check_yaml(path)
        elif kind is not None and not self._is_partial(path):
            self._check_template(path, kind)

    def _check_yaml(self, path: Path) -> None:
        reading = Reading(self.folder)
        document = read_document(reading, path)
        is_agreement = path.name == AGREEMENT or _looks_like(Agreement, document)
        if self.passes_over and not is_agreement and not _looks_like(Campaign, document):
            return
        if document is not None and is_agreement:
            shape_agreement(reading, document)
            if reading.agreement:
                reading.problems += agreement_problems(reading.agreement, document)
        elif document is not None:
            shape_campaign(reading, path.stem, document)
            reading.problems += duplicate_steps(document)
            for campaign in reading.campaigns.values():
                reading.problems += campaign_problems(campaign, document, None, Given())
        self.found.campaigns += len(reading.campaigns)
        self.found.steps += sum(len(campaign.steps) for campaign in reading.campaigns.values())
        self.found.problems += reading.problems

    def _check_template(self, path: Path, kind: TemplateKind) -> None:
        file = self._below(path)
        source = read_source(path, file)
        if isinstance(source, Problem):
            self.found.problems.append(source)
        elif not self.passes_over or kind != "md" or source.text.startswith("---"):
            self.found.templates += 1
            problems = check_loose(source.text, file, kind, self._partials)
            self.found.problems += [self._renamed(problem) for problem in problems]

    @cached_property
    def _partials(self) -> dict[str, TemplateFile]:
        partials = {}
        for path in filter(self._is_partial, self.beside):
            kind, below = kind_of(path), self._below(path)
            source = read_source(path, below)
            if kind is not None and not isinstance(source, Problem):
                partials[below] = TemplateFile(below, path, kind, source.text)
        return partials

    def _renamed(self, problem: Problem) -> Problem:
        """A problem of a partial, which the checks of templates think to lie in a workspace."""
        below = problem.file.removeprefix(f"{FOLDER}/")
        return replace(problem, file=below) if below in self._partials else problem

    def _is_partial(self, path: Path) -> bool:
        return kind_of(path) is not None and any(part[0] == "_" for part in path.relative_to(self.folder).parts)

    def _below(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def _looks_like(shape: type[Agreement] | type[Campaign], document: Document | None) -> bool:
    """Whether more of its keys are those of this shape than of the other."""
    if document is None or not isinstance(document.root, Mapping):
        return False
    other = Campaign if shape is Agreement else Agreement
    return _common(shape, document.root.entries) > _common(other, document.root.entries)


def _common(shape: type[Agreement] | type[Campaign], keys: Iterable[str]) -> int:
    own = set(keys_of(shape)) - {"id", "name"}
    return len(own.intersection(keys))
