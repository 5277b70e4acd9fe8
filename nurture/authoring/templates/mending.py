"""Tells what is wrong with each bracket of a file, and mends it so that all else can be checked.

Whatever is wrong is covered by as many characters that are harmless, so that every place in the mended text is the
same place in the author's.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from nurture.authoring.templates import foreign
from nurture.authoring.templates.blocks import unpaired
from nurture.authoring.templates.brackets import Bracket, brackets
from nurture.authoring.templates.telling import problem
from nurture.errors import Problem
from nurture.mail.pieces import Place, file_of
from nurture.workspace import TemplateFile

_COMMENTS = re.compile(r"<!--(?!\[if|<!).*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mended:
    """A file whose brackets are all in order, and what was not."""

    file: TemplateFile
    problems: tuple[Problem, ...]
    covered: tuple[tuple[int, int, int], ...]
    """The stretches that were covered: line, first column, and the column behind the last."""
    lost: frozenset[str]
    """The words of statements that were covered: what they would have named, nothing else can name."""


@dataclass(slots=True)
class _Work:
    file: str
    text: str
    problems: list[Problem] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)

    def tell(self, advice: foreign.Advice, offset: int) -> None:
        place = Place(self.file, 1).after(self.text[:offset])
        self.problems.append(problem(advice.code, place, advice.message, advice.hint))

    def cover(self, start: int, end: int, by: str = " ") -> None:
        """Put as many harmless characters over a stretch, on the same lines."""
        self.covered.append((start, end))
        harmless = re.sub(r"[^\n]", by, self.text[start:end])
        self.text = self.text[:start] + harmless + self.text[end:]


def mended(file: TemplateFile) -> Mended:
    """Mend a template or a part."""
    text, problems, covered, lost = _mended(file.text, file_of(file))
    return Mended(replace(file, text=text), problems, covered, lost)


@lru_cache(maxsize=256)
def _mended(text: str, path: str) -> tuple[str, tuple[Problem, ...], tuple[tuple[int, int, int], ...], frozenset[str]]:
    work = _Work(path, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    every = list(brackets(work.text))
    for bracket in every:
        for advice, offset in bracket.faults:
            work.tell(advice, offset)
        if bracket.faults and not bracket.is_value:
            work.lost.update(re.findall(r"\w+", bracket.inner))
        if bracket.faults:
            work.cover(bracket.start, bracket.end, "x" if bracket.shows else " ")
    _pair(work, every)
    _merge_tags(work, every)
    lines = [
        (place.line, place.column, place.column + end - start)
        for start, end in work.covered
        for place in [Place(path, 1).after(work.text[:start])]
    ]
    return work.text, tuple(work.problems), tuple(lines), frozenset(work.lost)


def _pair(work: _Work, every: Sequence[Bracket]) -> None:
    """See that what begins ends; what does not is covered, with its ends."""
    for advice, bracket in unpaired(every):
        if advice:
            work.tell(advice, bracket.start)
        work.lost.update(re.findall(r"\w+", bracket.inner))
        work.cover(bracket.start, bracket.end)


def _merge_tags(work: _Work, every: Sequence[Bracket]) -> None:
    unseen = [found.span() for found in _COMMENTS.finditer(work.text)]
    unseen += [(bracket.start, bracket.end) for bracket in every]
    for program, tag in foreign.MERGE_TAGS:
        for found in _outside(tag, work.text, unseen):
            work.tell(foreign.merge_tag(program, found), found.start())
            work.cover(*found.span(), "x")


def _outside(tag: re.Pattern[str], text: str, unseen: list[tuple[int, int]]) -> Iterator[re.Match[str]]:
    for found in tag.finditer(text):
        if not any(start <= found.start() < end for start, end in unseen):
            yield found
