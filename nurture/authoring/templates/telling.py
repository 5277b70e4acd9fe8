"""How a problem of a template is told."""

import re
from typing import Literal

from nurture.authoring.templates.codes import BY_TOPIC
from nurture.authoring.templates.merge_names import hint_for, ours
from nurture.errors import Problem, TemplateError
from nurture.mail.pieces import Place
from nurture.workspace.codes import Code

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


def refused(error: TemplateError) -> Problem:
    """What the mail's compiler refuses."""
    place = Place(error.template, error.line, error.column)
    hint = error.hint
    if error.topic == "name" and (unknown := _UNKNOWN.match(error.what)):
        meant = ours(unknown["name"])
        hint = f"write {meant}" if meant else hint or hint_for(unknown["name"])
    return problem(BY_TOPIC[error.topic], place, error.what, hint)
