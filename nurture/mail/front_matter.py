"""The lines between `---` and `---` at the head of a template: its subject, its preheader, its layout, its `utm`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from nurture.errors import TemplateError
from nurture.mail.pieces import Paragraph, Place
from nurture.mail.refusals import STRICT, Refusals

_FENCED = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_SIMPLE = re.compile(r'(?P<key>[a-z]+): "(?P<text>[^"\\\t\x00-\x1f\x7f-\x9f]*)"[ ]*')
_OPEN_QUOTE = re.compile(r"""\s*[\w-]+:\s*(?P<quote>["'])(?:(?!(?P=quote)).)*""")
_OFF = "false"
KEYS = ("subject", "preheader", "layout", "utm")


@dataclass(frozen=True, slots=True)
class Line:
    """One value and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a template says about itself. `body` is the rest, which begins on line `first_line` of the file.

    `is_there` tells front matter from a file without any, or with what cannot be read; `utm` whether its links get
    `utm_` parameters.
    """

    subject: Line
    preheader: Line | None
    layout: Line | None
    body: str
    first_line: int
    is_there: bool = True
    utm: bool = True


def read_front_matter(text: str, file: str, refusals: Refusals = STRICT) -> FrontMatter:
    """Split a template's file. Where refusals are kept, an empty subject stands for one that is missing.

    Raises:
        TemplateError: There is no front matter, it is no YAML, a key is unknown or not a text, the subject is missing.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    fenced = _FENCED.match(text)
    lines: dict[str, Line] = {}
    with refusals:
        if fenced is None:
            raise Place(file, 1).error('a mail begins with ---, a line `subject: "…"`, and ---', topic="no front")
        lines = _lines(fenced["yaml"], file, refusals)
    end = fenced.end() if fenced else 0
    return FrontMatter(
        subject=lines.get("subject", Line("", Place(file, 1))),
        preheader=_given(lines, "preheader"),
        layout=_given(lines, "layout"),
        body=text[end:],
        first_line=text.count("\n", 0, end) + 1,
        is_there=bool(lines),
        utm="utm" not in lines or lines["utm"].text != _OFF,
    )


def _given(lines: dict[str, Line], key: str) -> Line | None:
    line = lines.get(key)
    return line if line and line.text else None


def _lines(yaml: str, file: str, refusals: Refusals) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    seen: set[str] = set()
    for key, value, place in _entries(yaml, file):
        seen.add(key)
        with refusals:
            lines[key] = _line(key, value, place, yaml)
    with refusals:
        subject = lines.get("subject")
        if subject is None and not any("subject" in (key, _nearest(key)) for key in seen):
            raise Place(file, 1).error("a mail needs a subject", hint='write subject: "…"', topic="subject")
        if subject is not None and not subject.text:
            raise subject.place.error("a mail needs a subject", topic="subject")
    return lines


def _entries(yaml: str, file: str) -> Iterator[tuple[str, object, Place]]:
    simple = [_SIMPLE.fullmatch(line) for line in yaml.splitlines()]
    keys = [found["key"] for found in simple if found]
    if len(keys) == len(simple) == len(set(keys)):
        # what nearly everybody writes; reading it as YAML takes longer than the rest of the file
        for number, found in enumerate(simple):
            yield found["key"], found["text"], Place(file, number + 2)  # type: ignore[index]
        return
    try:
        values = YAML().load(yaml)
    except MarkedYAMLError as error:
        raise _no_yaml(error, yaml, file) from None
    except YAMLError as error:
        raise Place(file, 2).error(f"this is no YAML: {error}", topic="front") from None
    if values is None:
        return
    if not isinstance(values, CommentedMap):
        raise Place(file, 2).error('between --- and --- stand lines such as `subject: "…"`', topic="front")
    for key, value in values.items():
        line, column = values.lc.key(key)
        yield str(key), value, Place(file, line + 2, column + 1)


def _no_yaml(error: MarkedYAMLError, yaml: str, file: str) -> TemplateError:
    """Say what is wrong with the YAML: nearly always a quote that is not closed, which YAML sees lines later."""
    for number, line in enumerate(yaml.splitlines()):
        if found := _OPEN_QUOTE.fullmatch(line):
            place = Place(file, number + 2, found.start("quote") + 1)
            return place.error("this is no YAML: a quote is not closed", topic="front")
    mark = error.problem_mark
    place = Place(file, mark.line + 2, mark.column + 1) if mark else Place(file, 2)
    return place.error(f"this is no YAML: {error.problem or error.context}", topic="front")


def _line(key: str, value: object, place: Place, yaml: str) -> Line:
    if key not in KEYS:
        near = _nearest(key)
        hint = f"did you mean `{near}`?" if near else None
        raise place.error(f"`{key}` is not known here; allowed are {', '.join(KEYS)}", hint=hint, topic="key")
    if key == "utm":
        return _switch(key, value, place)
    if value is None or value == "":
        return Line("", place)
    if not isinstance(value, str):
        raise place.error(f'`{key}` is a text; put it in quotes: {key}: "…"', topic="line")
    if "\n" in value.strip():
        raise place.error(f"`{key}` is one line", topic="line")
    return Line(value.strip(), _text_place(key, value.strip(), place, yaml))


def _switch(key: str, value: object, place: Place) -> Line:
    if not isinstance(value, bool):
        raise place.error(f"`{key}` is true or false, without quotes", topic="line")
    return Line("" if value else _OFF, place)


def _nearest(key: str) -> str | None:
    return next(iter(get_close_matches(key.lower(), KEYS, 1)), None)


def _text_place(key: str, text: str, place: Place, yaml: str) -> Place:
    """Find where a value's first word stands, behind the key, its colon and the quote."""
    line = yaml.split("\n")[place.line - 2]
    behind = line.find(":", place.column - 1 + len(key)) + 1
    first = line.find(text[0], behind) if behind else -1
    column = first + 1 if first >= 0 else place.column
    # a text that is folded, or has escapes, is not in the file as it reads
    kind = Place if first >= 0 and line.startswith(text, first) else Paragraph
    return kind(place.file, place.line, column)
