"""A workspace's `texts.<language>.yaml`: only the texts that it wants otherwise, or a whole language of its own."""

from collections.abc import Iterator
from dataclasses import replace

from nurture.errors import Problem
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.pages.catalogue import LISTS, SHIPPED_LANGUAGES, allowed, entries, placeholders, required, shipped
from nurture.pages.codes import BAD_TEXT, NO_SUCH_TEXT, NOT_WHOLE
from nurture.pages.languages import ENGLISH
from nurture.workspace.codes import WRONG_KIND
from nurture.workspace.document import Document, Mapping, Path
from nurture.workspace.parsing import parse
from nurture.workspace.source import Source

LONGEST = 1000
"""Characters of one text."""


def text_problems(source: Source, language: str) -> tuple[dict[str, str], list[Problem]]:
    """The texts of one file that can be used, by key, and what is wrong with the others."""
    document, problems = parse(source)
    if document is None:
        return {}, problems
    if not isinstance(document.root, Mapping):
        return {}, [*problems, source.problem(WRONG_KIND, document.root.start, "the file must be a mapping")]
    sound: dict[str, str] = {}
    for group, name, value in entries(document):
        wrong = _wrong(document, group, name, value)
        if wrong is None:
            sound[f"{group}.{name}"] = str(value)
        else:
            problems.append(wrong)
    return sound, [*problems, *_missing(source, language, sound)]


def _wrong(document: Document, group: str, name: str, value: object) -> Problem | None:
    keys = shipped().languages[ENGLISH]
    groups = list(dict.fromkeys(key.partition(".")[0] for key in keys))
    if group not in groups:
        meant = did_you_mean(group, groups) or f"there are {one_of(groups)}"
        return _at(document, (group,), f"no page has texts called {quoted(group)}", meant)
    if not name:
        return _at(document, (group,), f'{quoted(group)} holds texts, each as a line `name: "…"`', None)
    key = f"{group}.{name}"
    if key not in keys:
        near = [one.partition(".")[2] for one in keys if one.startswith(f"{group}.")]
        meant = did_you_mean(name, near) or "docs/pages.md has the list"
        return _at(document, (group, name), f"there is no text {quoted(key)}", meant)
    said = next(_unusable(key, value), None)
    if said is None:
        return None
    message, hint, within = said
    return document.source.problem(BAD_TEXT, document.offset((group, name), within=within), message, hint)


def _unusable(key: str, value: object) -> Iterator[tuple[str, str | None, int | None]]:
    """Why a text cannot be used, what to write instead, and how far into it that stands."""
    if not isinstance(value, str) or not value.strip():
        yield f"{quoted(key)} is a text", "put words in quotes", None
        return
    if len(value) > LONGEST:
        yield f"{quoted(key)} has {len(value):,} characters; at most {LONGEST:,} are shown", "shorten it", None
    known = allowed(key)
    for name in placeholders(value):
        if name not in known:
            there = f"there are {one_of([f'{{{one}}}' for one in known])}" if known else None
            hint = did_you_mean(name, known) or there
            yield f"nothing is filled in for {quoted(f'{{{name}}}')} in {quoted(key)}", hint, value.find(f"{{{name}}}")
    for name in required(key):
        if name not in placeholders(value):
            yield f"{quoted(key)} must say {quoted(f'{{{name}}}')}", "without it nobody knows what is meant", None
    if key in LISTS and len(value.split(",")) != LISTS[key]:
        yield (
            f"{quoted(key)} has {len(value.split(','))} words, and {LISTS[key]} are needed",
            "commas between them",
            None,
        )


def _missing(source: Source, language: str, sound: dict[str, str]) -> Iterator[Problem]:
    if any(language == tag or language.startswith(f"{tag}-") for tag in SHIPPED_LANGUAGES):
        return
    missing = [key for key in shipped().languages[ENGLISH] if key not in sound]
    if missing:
        shown = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
        message = f"texts that are not in this language stay English: {shown}"
        yield replace(source.problem(NOT_WHOLE, 0, message, "docs/pages.md has the list"), severity="warning")


def _at(document: Document, path: Path, message: str, hint: str | None) -> Problem:
    return document.source.problem(NO_SUCH_TEXT, document.offset(path, at_key=True), message, hint)
