"""What the YAML parser says, in words for somebody who has never heard of block mappings."""

import re

from ruamel.yaml.error import MarkedYAMLError

from nurture.errors import Problem
from nurture.workspace.codes import SYNTAX
from nurture.workspace.source import Source

_QUOTED = "put the whole value in quotes"
_MISFIT = "this line does not fit the ones above it"

_SAYINGS: tuple[tuple[str, str, str | None], ...] = (
    (r"unexpected end of stream.*quoted", "the quote that opens here is never closed", None),
    (r"found character '\\t'", "a tab stands here, and YAML is indented with spaces", None),
    (r"found character '(.)' that cannot start", "no value can begin with `{0}`", _QUOTED),
    (r"flow sequence", "a `[` is not closed, or a comma is missing", None),
    (r"flow mapping", "a `{{` is not closed, or a comma is missing", None),
    (r"scanning an (?:alias|anchor)", "no text can begin with `*` or `&`", _QUOTED),
    (r"unknown escape", "this backslash means nothing inside double quotes", "use single quotes, or write two"),
    (r"'<scalar>'.*block", "something stands after the end of the quoted text", "put all of it inside the quotes"),
    (r"block (?:mapping|collection|sequence)", _MISFIT, "is it indented like them? Is a `-` missing, or too many?"),
    (r"could not find expected ':'", "there is no `:` after this key", None),
)
"""A pattern over the parser's `problem` and `context`, then what to say, and a hint; the first that fits is said."""


def syntax_problem(source: Source, error: MarkedYAMLError) -> Problem:
    """The one problem that the parser stopped at."""
    said = f"{error.problem or ''} {error.context or ''}"
    mark, opened = error.problem_mark, error.context_mark
    at = int(mark.index) if mark else 0
    if "end of stream" in said and "quoted" in said and opened:
        at = int(opened.index)
    message, hint = _words(source.text, at, said)
    if opened and "flow" in said:
        line, _ = source.place(int(opened.index))
        hint = f"the bracket was opened in line {line}"
    return source.problem(SYNTAX, at, message, hint)


def _words(text: str, at: int, said: str) -> tuple[str, str | None]:
    if "mapping values are not allowed" in said:
        line = text[text.rfind("\n", 0, at) + 1 : at]
        if ": " in line.rstrip(" :"):
            return "there is a second `: ` in this line", _QUOTED
        return _MISFIT, "is a `:` missing there, or is the indentation wrong?"
    for pattern, message, hint in _SAYINGS:
        found = re.search(pattern, said, re.DOTALL)
        if found:
            return message.format(*found.groups()), hint
    return "this cannot be read as YAML", None
