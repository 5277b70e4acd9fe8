"""The lines between `---` and `---` at the head of a template: its subject, its preheader, its layout."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from nurture.mail.pieces import Place

_FENCED = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_KEYS = ("subject", "preheader", "layout")


@dataclass(frozen=True, slots=True)
class Line:
    """One value and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a template says about itself. `body` is the rest, which begins on line `first_line` of the file."""

    subject: Line
    preheader: Line | None
    layout: Line | None
    body: str
    first_line: int


def read_front_matter(text: str, file: str) -> FrontMatter:
    """Split a template's file.

    Raises:
        TemplateError: There is no front matter, it is no YAML, a key is unknown or not a text, the subject is missing.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    fenced = _FENCED.match(text)
    if fenced is None:
        raise Place(file, 1).error('a mail begins with ---, a line `subject: "…"`, and ---')
    lines = {key: _line(key, value, place) for key, value, place in _entries(fenced["yaml"], file)}
    subject = lines.get("subject")
    if subject is None or not subject.text.strip():
        raise (subject.place if subject else Place(file, 1)).error("a mail needs a subject")
    return FrontMatter(
        subject=subject,
        preheader=lines.get("preheader"),
        layout=lines.get("layout"),
        body=text[fenced.end() :],
        first_line=text.count("\n", 0, fenced.end()) + 1,
    )


def _entries(yaml: str, file: str) -> list[tuple[str, object, Place]]:
    try:
        values = YAML().load(yaml)
    except MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        raise Place(file, line + 2).error(f"this is no YAML: {error.problem or error.context}") from None
    except YAMLError as error:
        raise Place(file, 2).error(f"this is no YAML: {error}") from None
    if values is None:
        return []
    if not isinstance(values, CommentedMap):
        raise Place(file, 2).error('between --- and --- stand lines such as `subject: "…"`')
    return [(str(key), value, Place(file, values.lc.key(key)[0] + 2)) for key, value in values.items()]


def _line(key: str, value: object, place: Place) -> Line:
    if key not in _KEYS:
        near = get_close_matches(key, _KEYS, 1)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        raise place.error(f"`{key}` is not known here; allowed are {', '.join(_KEYS)}{meant}")
    if not isinstance(value, str):
        raise place.error(f'`{key}` is a text; put it in quotes: {key}: "…"')
    if "\n" in value.strip():
        raise place.error(f"`{key}` is one line")
    return Line(value.strip(), place)
