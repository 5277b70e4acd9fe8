"""One reading of the workspace's files, as far as they can be read; what cannot be keeps its last good form."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.errors import NotFound, Problem
from nurture.grammar.shape import Shape
from nurture.rules.book import Rulebook
from nurture.workspace import TemplateFile
from nurture.workspace.load import AGREEMENT
from nurture.workspace.load import FOLDER as CAMPAIGNS
from nurture.workspace.parsing import parse
from nurture.workspace.shaping import shaped
from nurture.workspace.source import read_source
from nurture.workspace.templates import FOLDER as TEMPLATES
from nurture.workspace.templates import read_templates

AnyShape = TypeVar("AnyShape", bound=Shape)


@dataclass(frozen=True, slots=True)
class Kept:
    """One YAML file as it was last understood: `good` is what it meant then, `version` the file it was read from.

    `stale_since` is set while the file as it is cannot be understood: when it last could be.
    """

    good: Shape | None
    version: str
    text: str
    problems: tuple[Problem, ...]
    read_at: datetime
    stale_since: datetime | None = None

    @property
    def is_broken(self) -> bool:
        """Whether the file, as it is now, means nothing."""
        return any(problem.severity == "error" for problem in self.problems)


@dataclass(frozen=True)
class Edition:
    """Everything as of one moment. Immutable; a save makes the next one.

    Attributes:
        number: goes up with every change, and from one start to the next: so pages see that there is a newer one.
        problems: of all files, sorted; those of reading alone until `checked`.
        texts: every file's text, by its path below the workspace.
        yaml: every YAML file, as last understood, by path.
    """

    number: int
    root: Path
    read_at: datetime
    yaml: Mapping[str, Kept]
    templates: Mapping[str, TemplateFile]
    partials: Mapping[str, TemplateFile]
    texts: Mapping[str, str]
    problems: tuple[Problem, ...]
    checked: bool = False
    book: Rulebook | None = None
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    @property
    def agreement(self) -> Agreement | None:
        """What marketing and sales signed; the last good one, None if it never could be read."""
        return self.book.agreement if self.book is not None else None

    @property
    def stale(self) -> list[tuple[str, datetime | None]]:
        """Files that are shown as they were, and since when; None: never was one."""
        return [(file, kept.stale_since) for file, kept in self.yaml.items() if kept.is_broken]

    def problems_of(self, *files: str) -> list[Problem]:
        """What is wrong with these files."""
        return [problem for problem in self.problems if problem.file in files]

    def counts(self, file: str) -> tuple[int, int]:
        """How many errors and warnings a file has."""
        return self._counts[file, "error"], self._counts[file, "warning"]

    @cached_property
    def _counts(self) -> Counter[tuple[str, str]]:
        return Counter((problem.file, problem.severity) for problem in self.problems)


def read_edition(root: Path, before: Edition | None, now: datetime) -> Edition:
    """Read all files. What is wrong with them is in the edition; files that have not changed are not parsed again.

    Raises:
        NotFound: There is no workspace here at all.
    """
    if before is None and not (root / CAMPAIGNS).is_dir() and not (root / TEMPLATES).is_dir():
        raise NotFound(
            f"{root}: no workspace here: it has neither {CAMPAIGNS}/ nor {TEMPLATES}/; "
            "`nurture init DIR` writes one, and NURTURE_WORKSPACE names one"
        )
    kept: dict[str, Kept] = {}
    for path in sorted((root / CAMPAIGNS).glob("*.yaml")):
        if path.name[0] not in "._":
            name = f"{CAMPAIGNS}/{path.name}"
            kept[name] = _read(path, name, before.yaml.get(name) if before is not None else None, now)
    found = read_templates(root)
    files = [*found.whole.values(), *found.partials.values()]
    problems = [*(problem for one in kept.values() for problem in one.problems), *found.problems]
    texts = {name: one.text for name, one in kept.items()}
    texts |= {file.path.relative_to(root).as_posix(): file.text for file in files}
    agreement = kept[f"{CAMPAIGNS}/{AGREEMENT}"].good if f"{CAMPAIGNS}/{AGREEMENT}" in kept else None
    campaigns = {one.good.id: one.good for one in kept.values() if isinstance(one.good, Campaign)}
    return Edition(
        number=int(now.timestamp()) if before is None else before.number + 1,
        root=root,
        read_at=now,
        yaml=kept,
        templates=found.whole,
        partials=found.partials,
        texts=texts,
        problems=in_order(problems),
        book=Rulebook(agreement, campaigns) if isinstance(agreement, Agreement) else None,
        campaigns=campaigns,
        unreadable=tuple(Path(name).stem for name, one in kept.items() if one.good is None),
    )


def in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """By file and line, each once."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (problem.file, problem.line, problem.column, problem.code)))


def _read(path: Path, name: str, before: Kept | None, now: datetime) -> Kept:
    source = read_source(path, name)
    if isinstance(source, Problem):
        return _broken(before, "", "", (source,), now)
    if before is not None and before.version == source.version:
        return before
    document, problems = parse(source)
    good: Shape | None = None
    if document is not None:
        if path.name == AGREEMENT:
            good, more = shaped(Agreement, document)
        else:
            good, more = shaped(Campaign, document, id=path.stem)
        problems = [*problems, *more]
    if good is None or any(problem.severity == "error" for problem in problems):
        return _broken(before, source.version, source.text, tuple(problems), now)
    return Kept(good, source.version, source.text, tuple(problems), now)


def _broken(before: Kept | None, version: str, text: str, problems: tuple[Problem, ...], now: datetime) -> Kept:
    if before is None:
        return Kept(None, version, text, problems, now)
    since = before.stale_since or (before.read_at if before.good is not None else None)
    return Kept(before.good, version, text, problems, before.read_at, since)
