"""What the author wrote that a large mail program does nothing with, by the data of caniemail.com.

Only the author's own tags and styles are looked at: what MJML makes of its elements works everywhere, and what stands
in a comment for Outlook is meant for Outlook.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from html import unescape
from importlib.resources import files

import orjson

from nurture.authoring.templates.codes import NOT_EVERYWHERE
from nurture.authoring.templates.features import FEATURES, Feature, Kind
from nurture.authoring.templates.reading import Reading
from nurture.authoring.templates.sheets import Written, read_sheet
from nurture.authoring.templates.telling import warning
from nurture.errors import Problem
from nurture.mail.markup import Tag, Text

_PICTURES = frozenset({"img", "mj-image", "mj-carousel-image", "mj-social-element"})
_OLD_OUTLOOK = "outlook.windows"
"""It reads no `@media`, so what stands in one is not meant for it."""
_NAMES = {
    "gmail": "Gmail", "gmail.desktop-webmail": "Gmail on the web", "gmail.ios": "Gmail for iOS",
    "gmail.android": "Gmail for Android", "outlook": "Outlook", "outlook.windows": "Outlook for Windows",
    "outlook.outlook-com": "Outlook.com", "outlook.macos": "Outlook for macOS", "outlook.ios": "Outlook for iOS",
    "apple-mail": "Apple Mail", "apple-mail.macos": "Mail of macOS", "apple-mail.ios": "Mail of iOS",
    "yahoo": "Yahoo Mail", "yahoo.desktop-webmail": "Yahoo Mail on the web", "yahoo.ios": "Yahoo Mail for iOS",
    "yahoo.android": "Yahoo Mail for Android",
}  # fmt: skip
_OF = {
    kind: [feature for feature in FEATURES if feature.kind == kind]
    for kind in ("property", "value", "rule", "selector", "element", "attribute", "picture")
}


def compatibility_problems(reading: Reading) -> Iterator[Problem]:
    """Give each feature that a program lacks once, where it first stands."""
    met = sorted(_met(reading), key=lambda one: one[1])
    times = Counter(feature.slug for feature, _, _ in met)
    told: set[str] = set()
    for feature, start, lacking in met:
        if feature.slug in told or not lacking:
            continue
        told.add(feature.slug)
        more = times[feature.slug] - 1
        again = f" ({more} more in this mail)" if more else ""
        *some, last = spoken(lacking)
        who = f"{', '.join(some)} and {last} do" if some else f"{last} does"
        yield warning(NOT_EVERYWHERE, reading.place(start), f"{who} nothing with {feature.shown}{again}", feature.hint)


def _met(reading: Reading) -> Iterator[tuple[Feature, int, Sequence[str]]]:
    """Each feature that is met, where, and which programs lack it there."""
    for met in reading.items:
        if met.item.region >= 0:
            continue
        if isinstance(met.item, Text):
            if met.item.kind == "raw" and met.parents and met.parents[-1].name in {"style", "mj-style"}:
                yield from _in_sheet(reading.draft.text[met.item.start : met.item.end], met.item.start)
        elif met.item.kind != "close":
            yield from _in_tag(met.item)


def _in_tag(tag: Tag) -> Iterator[tuple[Feature, int, Sequence[str]]]:
    rel = tag.get("rel")
    if tag.name != "link" or (rel is not None and rel.value.lower() == "stylesheet"):
        yield from _found("element", tag.name, tag.start)
    for attribute in tag.attributes:
        if not tag.name.startswith("mj-"):
            yield from _found("attribute", attribute.name, attribute.at)
        if attribute.name == "style":
            yield from _in_sheet(attribute.value, attribute.start)
        elif attribute.name == "src" and tag.name in _PICTURES:
            yield from _found("picture", unescape(attribute.value).strip(), attribute.start)


def _in_sheet(sheet: str, start: int) -> Iterator[tuple[Feature, int, Sequence[str]]]:
    hides_anyway = "display:none" in "".join(sheet.split()).lower()
    for written in read_sheet(sheet):
        for kind, text in _sought(written):
            for feature, at, lacking in _found(kind, text, start + written.start):
                if hides_anyway and feature.slug == "css-visibility":
                    continue
                yield feature, at, [one for one in lacking if not (written.is_conditional and one == _OLD_OUTLOOK)]


def _sought(written: Written) -> Iterator[tuple[Kind, str]]:
    if written.kind == "declaration":
        name, _, value = written.text.partition(":")
        yield "property", name.strip()
        yield "value", f"{name.strip()}:{' '.join(value.split())}"
    elif written.kind == "rule":
        yield "rule", written.text
    else:
        yield "selector", f"&{written.text}" if written.is_nested and written.text[0] != "&" else written.text


def _found(kind: Kind, text: str, start: int) -> Iterator[tuple[Feature, int, Sequence[str]]]:
    whole = kind in {"property", "element", "attribute"}
    for feature in _OF[kind]:
        if feature.pattern.fullmatch(text) if whole else feature.pattern.match(text):
            yield feature, start, lacking()[feature.slug]


@cache
def lacking() -> dict[str, list[str]]:
    """By a feature's name at caniemail.com, the programs that do nothing with it."""
    table = orjson.loads((files("nurture.authoring.templates") / "support.json").read_bytes())
    programs: dict[str, list[str]] = table["lacking"]
    return programs


def spoken(programs: Sequence[str]) -> list[str]:
    """Name programs as people do: a family by one name, where all of it is meant."""
    every = [name for name in _NAMES if "." in name]
    names: list[str] = []
    for program in programs:
        family = program.partition(".")[0]
        whole = set(programs).issuperset(name for name in every if name.startswith(f"{family}."))
        name = _NAMES[family if whole else program]
        if name not in names:
            names.append(name)
    return names
