"""The texts of all pages, by language and key: those that are shipped, with a workspace's own in their place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from nurture.pages.languages import ENGLISH
from nurture.workspace.document import Document
from nurture.workspace.document import Mapping as Node
from nurture.workspace.parsing import parse
from nurture.workspace.source import Source

SHIPPED_LANGUAGES = ("en", "de", "fr", "es")
LISTS: Mapping[str, int] = MappingProxyType({"page.months": 12})
"""Texts that are so many words with commas between them."""
ANYWHERE = ("company", "mailbox")
"""What every text may say, and need not: who sends, and the lead's address, masked."""
_AS_THEY_ARE = frozenset({"page.your_address", *LISTS})
"""Texts in which nothing is filled in: other texts are made of them."""
_PLACE = re.compile(r"\{([^{}]*)\}")

Texts = Mapping[str, str]
"""By key, such as `unsubscribe.title`."""


@dataclass(frozen=True)
class Catalogue:
    """Every text in every language.

    Attributes:
        languages: the texts of each language, by its tag in lower case; English is whole.
    """

    languages: Mapping[str, Texts]

    def text(self, language: str, key: str) -> str:
        """A text in a language, else in the one that it is a kind of (`pt` for `pt-br`), else in English."""
        tag = language
        while tag:
            found = self.languages.get(tag, {}).get(key)
            if found is not None:
                return found
            tag = tag.rpartition("-")[0]
        return self.languages[ENGLISH][key]

    def with_own(self, own: Mapping[str, Texts]) -> "Catalogue":
        """The same with these texts in the place of others."""
        tags = {*self.languages, *own}
        return Catalogue({tag: {**self.languages.get(tag, {}), **own.get(tag, {})} for tag in sorted(tags)})


@cache
def shipped() -> Catalogue:
    """What we ship."""
    return Catalogue({tag: MappingProxyType(_read(tag)) for tag in SHIPPED_LANGUAGES})


def placeholders(text: str) -> list[str]:
    """The names in braces, in order."""
    return _PLACE.findall(text)


def filled(text: str, values: Mapping[str, object]) -> str:
    """The text with its placeholders filled in. What is filled in is never read as a placeholder itself.

    Raises:
        KeyError: A placeholder has no value.
    """
    return _PLACE.sub(lambda place: str(values[place[1]]), text)


def allowed(key: str) -> list[str]:
    """The placeholders that a text may have: those of the English one, and those that any may have."""
    if key in _AS_THEY_ARE:
        return []
    return list(dict.fromkeys((*placeholders(shipped().languages[ENGLISH][key]), *ANYWHERE)))


def required(key: str) -> list[str]:
    """The placeholders without which a text would not say what it is about."""
    return [name for name in allowed(key) if name not in ANYWHERE]


def entries(document: Document) -> Iterable[tuple[str, str, object]]:
    """Each text of a file: its group, its name in the group, its value; a group that is none gives an empty name."""
    if not isinstance(document.root, Node):
        return
    for group, below in document.data.items():
        if not isinstance(below, dict):
            yield group, "", below
            continue
        for name, value in below.items():
            yield group, name, value


def _read(tag: str) -> dict[str, str]:
    path = files("nurture.pages") / "texts" / f"{tag}.yaml"
    document, problems = parse(Source(f"{tag}.yaml", Path(str(path)), path.read_text(encoding="utf-8")))
    if document is None or problems:
        raise ValueError(f"the shipped texts cannot be read: {problems}")
    return {f"{group}.{name}": str(value) for group, name, value in entries(document)}
