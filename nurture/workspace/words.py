"""What pydantic finds wrong, in a marketer's words and at the place in the file."""

import re
from collections.abc import Callable, Collection
from typing import Any

from pydantic_core import ErrorDetails

from nurture.errors import Problem
from nurture.grammar.mistakes import Mistake, did_you_mean, one_of, quoted
from nurture.grammar.shape import Shape
from nurture.workspace.codes import (
    BAD_IDENTIFIER,
    BY_TOPIC,
    MISSING_KEY,
    NOT_ALLOWED,
    OUT_OF_RANGE,
    UNKNOWN_KEY,
    WRONG_KIND,
    Code,
)
from nurture.workspace.document import Document, Path
from nurture.workspace.shapes import keys_at

Said = tuple[Code, str, str | None]


def problem_of(error: ErrorDetails, document: Document, shape: type[Shape], hidden: Collection[str] = ()) -> Problem:
    """One of pydantic's errors as a problem of the file that the document was read from.

    Args:
        error: what pydantic found.
        document: the file.
        shape: what the file was to be.
        hidden: keys of the shape that come from the file's name.
    """
    path = error["loc"]
    if path and path[0] in hidden:
        message = "the file's name is the id: letters, digits, `-` and `_`, at most 64 and no space"
        return document.source.problem(BAD_IDENTIFIER, 0, message, "rename the file")
    if error["type"] == "value_error":
        cause = error.get("ctx", {}).get("error")
        if isinstance(cause, Mistake):
            return _mistaken(cause, path, document)
    if path and path[-1] == "[key]":
        code, message, hint = _key(error, path[:-1])
        return document.source.problem(code, document.offset(path[:-1], at_key=True), message, hint)
    if error["type"] == "extra_forbidden":
        code, message, hint = _unknown(path, shape, hidden)
        return document.source.problem(code, document.offset(path, at_key=True), message, hint)
    code, message, hint = _words(error, path)
    return document.source.problem(code, document.offset(path), message, hint)


def _mistaken(mistake: Mistake, path: Path, document: Document) -> Problem:
    full = path + mistake.path
    offset = document.offset(full, at_key=mistake.at_key, within=mistake.offset)
    return document.source.problem(BY_TOPIC[mistake.topic], offset, mistake.message, mistake.hint)


def _unknown(path: Path, shape: type[Shape], hidden: Collection[str]) -> Said:
    allowed = [key for key in keys_at(shape, path[:-1]) if len(path) > 1 or key not in hidden]
    message = f"{quoted(path[-1])} is not known here"
    if allowed:
        message += f"; there are {one_of(allowed)}"
    return UNKNOWN_KEY, message, did_you_mean(str(path[-1]), allowed)


def _key(error: ErrorDetails, path: Path) -> Said:
    if error["type"] == "literal_error":
        return _not_allowed(error, "a key here")
    if error["type"] == "string_pattern_mismatch":
        return _bad_identifier(error, "a key here")
    return OUT_OF_RANGE, f"the key {quoted(path[-1])} is too long", None


def _words(error: ErrorDetails, path: Path) -> Said:
    subject = _subject(path)
    if error["type"] == "missing":
        return MISSING_KEY, f"{subject} is missing", None
    if error["input"] is None:
        return WRONG_KIND, f"{subject} is empty", "nothing stands after the `:`"
    for prefix, say in _SAY.items():
        if error["type"].startswith(prefix):
            return say(error, subject)
    return WRONG_KIND, f"{subject} cannot be {quoted(error['input'])}", None


def _subject(path: Path) -> str:
    if not path:
        return "the file"
    if isinstance(path[-1], str):
        return f"`{path[-1]}`"
    names = [part for part in path if isinstance(part, str)]
    return f"item {path[-1] + 1} of `{names[-1]}`" if names else f"item {path[-1] + 1}"


def _not_allowed(error: ErrorDetails, subject: str) -> Said:
    allowed = re.findall(r"'([^']*)'|(\d+)", error["ctx"]["expected"])
    words = [word or number for word, number in allowed]
    given = error["input"]
    message = f"{subject} must be {one_of(words)}, not {_said(given)}"
    return NOT_ALLOWED, message, did_you_mean(given, words) if isinstance(given, str) else None


def _bad_identifier(error: ErrorDetails, subject: str) -> Said:
    message = f"{subject} has letters, digits, `-` and `_`, at most 64 and no space; not {quoted(error['input'])}"
    return BAD_IDENTIFIER, message, None


def _whole_number(error: ErrorDetails, subject: str) -> Said:
    given = error["input"]
    hint = f"write it without quotes: `{given}`" if isinstance(given, str) and given.strip().isdigit() else None
    return WRONG_KIND, f"{subject} must be a whole number, not {_said(given)}", hint


def _text(error: ErrorDetails, subject: str) -> Said:
    given = error["input"]
    hint = f'put it in quotes: `"{given}"`' if isinstance(given, int | float) else None
    return WRONG_KIND, f"{subject} must be text, not {_said(given)}", hint


def _truth(error: ErrorDetails, subject: str) -> Said:
    return WRONG_KIND, f"{subject} must be `true` or `false`, not {_said(error['input'])}", None


def _list(error: ErrorDetails, subject: str) -> Said:
    given = error["input"]
    hint = f"write `[{given}]`" if isinstance(given, str | int) else "each item begins with `- `"
    return WRONG_KIND, f"{subject} must be a list, not {_said(given)}", hint


def _mapping(error: ErrorDetails, subject: str) -> Said:
    return WRONG_KIND, f"{subject} must be a mapping, not {_said(error['input'])}", "lines of `key: value`"


def _too_short(error: ErrorDetails, subject: str) -> Said:
    least = error["ctx"].get("min_length", 1)
    what = "character" if isinstance(error["input"], str) else "item"
    return OUT_OF_RANGE, f"{subject} needs at least {least} {what}{'' if least == 1 else 's'}", None


def _too_long(error: ErrorDetails, subject: str) -> Said:
    return OUT_OF_RANGE, f"{subject} has at most {error['ctx']['max_length']} characters", None


def _too_small(error: ErrorDetails, subject: str) -> Said:
    return OUT_OF_RANGE, f"{subject} must be at least {error['ctx']['ge']}, not {_said(error['input'])}", None


def _too_large(error: ErrorDetails, subject: str) -> Said:
    return OUT_OF_RANGE, f"{subject} must be at most {error['ctx']['le']}, not {_said(error['input'])}", None


_SAY: dict[str, Callable[[ErrorDetails, str], Said]] = {
    "literal_error": _not_allowed,
    "string_pattern_mismatch": _bad_identifier,
    "string_too_short": _too_short,
    "string_too_long": _too_long,
    "too_short": _too_short,
    "string": _text,
    "int": _whole_number,
    "bool": _truth,
    "tuple": _list,
    "dict": _mapping,
    "model": _mapping,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
}
"""By the beginning of pydantic's type of error; the longer one stands first."""


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, dict) else quoted(value)
