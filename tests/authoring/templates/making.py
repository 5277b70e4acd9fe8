"""Makes templates with a mark where something is wrong, and reads what is said of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from nurture.authoring.templates import check_templates
from nurture.errors import Problem
from tests.mail.making import file

MARK = "«"
"""Stands in a test's source where the problem is."""
HEAD = '---\nsubject: "Hello"\npreheader: "World"\n---\n'
Said = tuple[str, str, int, int]
"""Code, file below `templates/`, line, column."""


def problems(files: Mapping[str, str], uses: Sequence[Any] | None = None, **options: Any) -> list[Problem]:
    """What is wrong with templates and parts, given by their paths below `templates/`."""
    every = [file(name, text) for name, text in files.items()]
    return check_templates(
        {one.name: one for one in every if not is_part(one.name)},
        {one.name: one for one in every if is_part(one.name)},
        uses,
        **options,
    )


def is_part(name: str) -> bool:
    """Whether a template is a part of others."""
    return any(step.startswith("_") for step in name.split("/"))


def marked(files: Mapping[str, str]) -> tuple[dict[str, str], list[tuple[str, int, int]]]:
    """The files without their marks, and where these stood."""
    places = []
    for name, text in files.items():
        parts = text.split(MARK)
        for count in range(1, len(parts)):
            before = "".join(parts[:count])
            places.append((name, before.count("\n") + 1, len(before) - before.rfind("\n")))
    return {name: text.replace(MARK, "") for name, text in files.items()}, places


def said(found: Sequence[Problem]) -> list[Said]:
    """Code and place of each problem."""
    return [(one.code, one.file.removeprefix("templates/"), one.line, one.column) for one in found]


def assert_said(code: str, files: Mapping[str, str], **options: Any) -> list[Problem]:
    """See that this code, and nothing else, is said at each mark; give what was said."""
    clean, places = marked(files)
    found = problems(clean, **options)
    assert said(found) == [(code, *place) for place in sorted(places)], [str(one) for one in found]
    return found


def text(body: str) -> str:
    """A mail of one `<mj-text>`, in the shipped layout."""
    return f"{HEAD}<mj-text>\n  {body}\n</mj-text>\n"
