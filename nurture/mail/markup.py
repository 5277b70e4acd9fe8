"""Reads tags: enough of HTML and MJML to know in which element, or in which attribute, a piece of Jinja stands.

Outlook's conditional comments (`<!--[if mso]> … <![endif]-->`) are read through, since a mail client shows what is in
them; but their tags open and close nothing for the rest.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nurture.mail.draft import Draft
from nurture.mail.refusals import STRICT, Refusals

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_RAW_TEXT = frozenset({"style", "script", "mj-style"})
_CONDITION = re.compile(r"<!--\[if[^\]]*\]>(?P<shown><!-->|-->)?|<!(--<!)?\[endif\]-->", re.IGNORECASE)
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9:._-]*)")
_ATTRIBUTE = re.compile(r"""\s*([^\s"'<>/=]+)(\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?|\s*/(?!>)""")
_END = re.compile(r"\s*(/?)>")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute, whose name begins at `at`. `start` and `end` bound its value without quotes, if it is `quoted`."""

    name: str
    value: str
    start: int
    end: int
    quoted: bool
    at: int


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening, closing or self-closing tag; its name in lower case.

    `region` is where the conditional comment begins that hides it from all but Outlook; outside of these, -1.
    """

    name: str
    kind: Literal["open", "close", "whole"]
    start: int
    end: int
    attributes: tuple[Attribute, ...]
    region: int = -1

    def get(self, name: str) -> Attribute | None:
        """Give the attribute of that name."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


@dataclass(frozen=True, slots=True)
class Text:
    """What stands between tags. `kind` tells comments and the insides of `<style>` and `<script>` from text proper."""

    kind: Literal["text", "comment", "raw"]
    start: int
    end: int
    region: int = -1


def read(draft: Draft, refusals: Refusals = STRICT) -> Iterator[Tag | Text]:
    """Give tags and texts in order.

    Raises:
        TemplateError: A tag or comment does not end.
    """
    text, place, region = draft.text, 0, -1
    while place < len(text):
        start = text.find("<", place)
        start = len(text) if start < 0 else start
        if start > place:
            yield Text("text", place, start, region)
        if start == len(text):
            return
        item = _item(draft, start, region, refusals)
        if condition := _CONDITION.match(text, start):
            region = -1 if condition["shown"] or "endif" in condition[0].lower() else start
        yield item
        place = item.end
        if isinstance(item, Tag) and item.kind == "open" and item.name in _RAW_TEXT:
            end = re.compile(rf"</{item.name}\s*>", re.IGNORECASE).search(text, place)
            place = end.start() if end else len(text)
            yield Text("raw", item.end, place, region)


def _item(draft: Draft, start: int, region: int, refusals: Refusals) -> Tag | Text:
    text = draft.text
    if condition := _CONDITION.match(text, start):
        return Text("text", start, condition.end(), region)
    if text.startswith("<!--", start):
        end = text.find("-->", start)
        if end < 0:
            with refusals:
                raise draft.place(start).error("this comment does not end: `-->` is missing", topic="tag")
            return Text("comment", start, len(text), region)
        return Text("comment", start, end + 3, region)
    if text.startswith(("<!", "<?"), start):
        end = text.find(">", start)
        return Text("text", start, len(text) if end < 0 else end + 1, region)
    name = _NAME.match(text, start)
    return _tag(draft, name, region, refusals) if name else Text("text", start, start + 1, region)


def _tag(draft: Draft, name: re.Match[str], region: int, refusals: Refusals) -> Tag:
    attributes = []
    place = name.end()
    while attribute := _ATTRIBUTE.match(draft.text, place):
        if attribute[1]:
            attributes.append(_attribute(attribute))
        place = attribute.end()
    end = _END.match(draft.text, place)
    if end is None:
        with refusals:
            what = f"the tag {name[0]}> does not end: a quote or `>` is missing"
            raise draft.place(name.start()).error(what, topic="tag")
        # a quote that is missing makes the next one's text part of the value
        swallowing = next((n for n, one in enumerate(attributes) if {"<", ">"} & set(one.value)), len(attributes))
        place = attributes[swallowing].at if swallowing < len(attributes) else place
        attributes = attributes[:swallowing]
    tag = name[1].lower()
    closed = end[1] if end else draft.text[: _guessed_end(draft.text, place)].endswith("/>")
    kind: Literal["open", "close", "whole"] = "whole" if closed or tag in VOID else "open"
    stop = end.end() if end else _guessed_end(draft.text, place)
    return Tag(tag, "close" if name[0][1] == "/" else kind, name.start(), stop, tuple(attributes), region)


def _guessed_end(text: str, place: int) -> int:
    """Say where a tag was probably meant to end: behind the next `>`, or before the next `<`."""
    found = re.compile(r">|(?=<)").search(text, place)
    return found.end() if found else len(text)


def _attribute(found: re.Match[str]) -> Attribute:
    if not found[2]:
        return Attribute(found[1].lower(), "", found.end(), found.end(), quoted=False, at=found.start(1))
    quoted = found[3][0] in "\"'"
    start, end = found.span(3)
    if quoted:
        start, end = start + 1, end - 1
    return Attribute(found[1].lower(), found.string[start:end], start, end, quoted, found.start(1))
