"""Places in Markdown: its HTML knows the paragraph that it was made of, and no more."""

import re
from dataclasses import replace

from nurture.errors import Problem

_OF_HTML = ("N23", "N24")
_QUOTED = re.compile(r"`([^`]+)`")


def in_markdown(problem: Problem, text: str) -> Problem:
    """Move a problem from its paragraph's first character to what it quotes, where that stands there."""
    quoted = _QUOTED.search(problem.message) if problem.code.startswith(_OF_HTML) else None
    lines = text.split("\n")
    if quoted is None:
        return problem
    for line in range(problem.line, len(lines) + 1):
        if not lines[line - 1].strip():
            return problem
        found = re.search(rf"(?<![\w/]){re.escape(quoted[1])}(?!\w)", lines[line - 1])
        if found:
            return replace(problem, line=line, column=found.start() + 1)
    return problem
