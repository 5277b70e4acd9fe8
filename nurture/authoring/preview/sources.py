"""A file's lines with what is wrong with them, whole or the few around a mistake."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nurture.errors import Problem

AROUND = 3
MOST_LINES = 5000


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """One line and its problems; `before`, `marked`, `after` part the text where a problem's column is known."""

    number: int
    text: str
    problems: tuple[Problem, ...]

    @property
    def severity(self) -> str:
        """`error`, `warning`, or nothing."""
        if any(problem.severity == "error" for problem in self.problems):
            return "error"
        return "warning" if self.problems else ""


def marked_lines(text: str, problems: Sequence[Problem]) -> list[MarkedLine]:
    """Every line, each with its problems; those of lines that the file has not stand at its last."""
    lines = text.splitlines()[:MOST_LINES] or [""]
    at: dict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        at[min(max(problem.line, 1), len(lines))].append(problem)
    return [MarkedLine(number, line, tuple(at[number])) for number, line in enumerate(lines, 1)]


def excerpt(text: str, problem: Problem) -> list[MarkedLine]:
    """The lines around a problem."""
    lines = marked_lines(text, [problem])
    at = min(max(problem.line, 1), len(lines)) - 1
    return lines[max(0, at - AROUND) : at + AROUND + 1]
