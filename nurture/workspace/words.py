"""What pydantic finds wrong with one value, in a marketer's words."""

import re
from collections.abc import Callable
from typing import Any

from pydantic_core import ErrorDetails

from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.workspace.codes import BAD_IDENTIFIER, MISSING_KEY, NOT_ALLOWED, OUT_OF_RANGE, WRONG_KIND, Code
from nurture.workspace.document import Path

Said = tuple[Code, str, str | None]
"""The kind of problem, the message, and a hint."""


def key_words(error: ErrorDetails, path: Path) -> Said:
    """What is wrong with the last key of a path, where keys are the author's own."""
    if error["type"] == "literal_error":
        return _not_allowed(error, "a key here")
    if error["type"] == "string_pattern_mismatch":
        return _bad_identifier(error, "a key here")
    return OUT_OF_RANGE, f"the key {quoted(path[-1])} is too long", None


def value_words(error: ErrorDetails, path: Path) -> Said:
    """What is wrong with the value at a path, or with there being none."""
    subject = _subject(path)
    if error["type"] == "missing":
        return MISSING_KEY, f"{subject} is missing", None
    if error["input"] is None:
        return WRONG_KIND, *empty_words(path)
    for prefix, say in _SAY.items():
        if error["type"].startswith(prefix):
            return say(error, subject)
    return WRONG_KIND, f"{subject} cannot be {quoted(error['input'])}", None


def empty_words(path: Path) -> tuple[str, str]:
    """That nothing stands at a path where something must, and a hint."""
    return f"{_subject(path)} is empty", "nothing stands after the `:`"


def _subject(path: Path) -> str:
    if not path:
        return "the file"
    if isinstance(path[-1], str):
        return quoted(path[-1])
    names = [part for part in path if isinstance(part, str)]
    return f"item {path[-1] + 1} of {quoted(names[-1])}" if names else f"item {path[-1] + 1}"


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
    hint = f"write it without quotes: {quoted(given)}" if isinstance(given, str) and given.strip().isdigit() else None
    return WRONG_KIND, f"{subject} must be a whole number, not {_said(given)}", hint


def _text(error: ErrorDetails, subject: str) -> Said:
    given = error["input"]
    written = "true" if given is True else "false" if given is False else str(given)
    hint = "put it in quotes: " + quoted('"' + written + '"') if isinstance(given, int | float) else None
    return WRONG_KIND, f"{subject} must be text, not {_said(given)}", hint


def _truth(error: ErrorDetails, subject: str) -> Said:
    return WRONG_KIND, f"{subject} must be `true` or `false`, not {_said(error['input'])}", None


def _list(error: ErrorDetails, subject: str) -> Said:
    given = error["input"]
    hint = f"write {quoted(f'[{given}]')}" if isinstance(given, str | int) else "each item begins with `- `"
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
    is_limit = error["loc"][0] == "limits"
    hint = "a limit of 0 lets no mail through; to stop mails, `status: paused`" if is_limit else None
    return OUT_OF_RANGE, f"{subject} must be at least {error['ctx']['ge']}, not {_said(error['input'])}", hint


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
