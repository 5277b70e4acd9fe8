"""A template's mistake, put where it can be read: with its lines, and beside what the check has to say."""

from dataclasses import dataclass

from nurture.authoring.preview.edition import Edition
from nurture.authoring.preview.sources import MarkedLine, excerpt
from nurture.errors import Problem, TemplateError


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a mail cannot be made, and the lines around; `lines` is empty where the file is not one of ours."""

    problem: Problem
    lines: list[MarkedLine]


def fault_of(edition: Edition, error: TemplateError | None) -> Fault | None:
    """The fault that an error tells of, in whatever file it is: it may be in a part that the mail uses."""
    if error is None:
        return None
    problem = _problem(error)
    text = edition.texts.get(error.template)
    return Fault(problem, [] if text is None else excerpt(text, problem))


def without(problems: list[Problem], error: TemplateError | None) -> list[Problem]:
    """The problems but for the one that is shown already."""
    return [problem for problem in problems if not _is_same(problem, error)]


def worst_first(problems: list[Problem]) -> list[Problem]:
    """Errors before warnings, else in the order of lines."""
    return sorted(problems, key=lambda problem: problem.severity != "error")


def with_error(problems: list[Problem], error: TemplateError | None, file: str) -> list[Problem]:
    """The problems of a file, and its error where the check has not said it."""
    if error is None or error.template != file or any(_is_same(problem, error) for problem in problems):
        return problems
    return [*problems, _problem(error)]


def _problem(error: TemplateError) -> Problem:
    return Problem(error.template, error.line, error.column, error.what, error.hint)


def _is_same(problem: Problem, error: TemplateError | None) -> bool:
    return error is not None and (problem.line, problem.message) == (error.line, error.what)
