"""Which language a page is shown in: the lead's own, else one that the browser asks for, else English. Pure."""

import re
from collections.abc import Collection, Iterator

from nurture.grammar.labels import language_tag

ENGLISH = "en"
"""Shown where nothing better is known."""
_QUALITY = re.compile(r"q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_LONGEST = 500


def choose_language(locale: str | None, accept: str, known: Collection[str]) -> str:
    """Pick one of the languages that are known (RFC 4647, section 3.4: from `de-at` on to `de`).

    Args:
        locale: the lead's own, as its profile says it.
        accept: the browser's `Accept-Language` (RFC 9110, section 12.5.4).
        known: tags in lower case; English is one of them.
    """
    wanted = [language_tag(locale)] if locale else []
    for tag in (*wanted, *_accepted(accept[:_LONGEST])):
        for choice in _shorter_and_shorter(tag):
            if choice in known:
                return choice
    return ENGLISH


def _accepted(header: str) -> list[str]:
    """The header's languages, the best first; what it says no to, and what cannot be read, is left out."""
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")):
        said, _, parameter = part.partition(";")
        tag = language_tag(said)
        quality = _QUALITY.fullmatch(parameter.strip().lower()) if parameter.strip() else None
        weight = float(quality[1]) if quality else 0.0 if parameter.strip() else 1.0
        if tag and weight:
            found.append((-weight, place, tag))
    return [tag for _, _, tag in sorted(found)]


def _shorter_and_shorter(tag: str | None) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
