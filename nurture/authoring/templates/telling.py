"""How a problem of a template is told."""

import re
from difflib import get_close_matches
from typing import Literal

from nurture.authoring.templates.codes import BY_TOPIC, MUSTACHE, PART, UNKNOWN_NAME
from nurture.authoring.templates.merge_names import hint_for, ours
from nurture.errors import Problem, TemplateError
from nurture.mail.macros import KNOWN
from nurture.mail.names import LEAD_FIELDS
from nurture.mail.pieces import Place
from nurture.workspace.codes import Code

_NAMED = re.compile(r"`(?P<name>\w+)` is not known here|knows a name `(?P<other>\w+)`")
_ALONE = re.compile(r"\w+\s*-?\}\}")
_UNKNOWN = re.compile(r"`(?P<name>\w+)` is not known here")
Severity = Literal["error", "warning"]


def problem(
    code: Code, place: Place, message: str, hint: str | None = None, *, severity: Severity = "error"
) -> Problem:
    """A problem at a place, in one line whatever was quoted."""
    message, hint = " ".join(message.split()), hint and " ".join(hint.split())
    return Problem(place.file, place.line, place.column, message, hint, severity, code.code)


def warning(code: Code, place: Place, message: str, hint: str | None = None) -> Problem:
    """What is probably not meant, and goes out all the same."""
    return problem(code, place, message, hint, severity="warning")


def refused(error: TemplateError, line: str = "") -> Problem:
    """What the mail's compiler refuses; `line` is the line of the source where it does."""
    place = Place(error.template, error.line, error.column)
    unknown = _UNKNOWN.match(error.what) if error.topic == "name" else None
    if unknown is None:
        return problem(BY_TOPIC[error.topic], place, error.what, error.hint)
    name = unknown["name"]
    meant = ours(name)
    is_alone = line[: error.column - 1].rstrip("- ").endswith("{{") and _ALONE.match(line, error.column - 1)
    if not is_alone or get_close_matches(name, (*KNOWN, *LEAD_FIELDS), 1, 0.85):
        hint = error.hint or (f"write {meant}" if meant else None)
        return problem(BY_TOPIC[error.topic], place, error.what, hint)
    told = f"`{{{{ {name} }}}}` looks like Mustache or Handlebars: no mail here knows a name `{name}`"
    return problem(MUSTACHE, place, told, hint_for(name))


def is_of_lost(one: Problem, lost: frozenset[str]) -> bool:
    """Tell a problem that comes of a statement which could not be read: what it named is not known, or has no block."""
    if one.code == PART.code and "outside of every {% block %}" in one.message:
        return bool(lost)
    named = _NAMED.search(one.message) if one.code in {UNKNOWN_NAME.code, MUSTACHE.code} else None
    return named is not None and (named["name"] or named["other"]) in lost
