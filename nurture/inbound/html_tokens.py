"""HTML as mail programs write it, cut into tags and texts.

A reader of our own: it must not raise over anything, and has to take time in proportion to the length whatever is sent.
Every search goes on where the last one ended, and one that found nothing is not made again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

_RAW = frozenset({"script", "style", "title", "textarea"})
_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9:_-]{0,40})")
_ATTRIBUTE = re.compile(
    r"""\b(class|id|style|type|data-[a-z-]{1,40})\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE
)
_LONGEST_TAG = 4_000


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, its name in lower case, with those attributes that tell what mail programs mean by it."""

    name: str
    closes: bool
    attributes: dict[str, str] = field(default_factory=dict)


def tokens(html: str) -> Iterator[Tag | str]:
    """Give tags and the texts between them, decoded; comments and what is not shown are left out."""
    scan = _Scan(html)
    at = 0
    while True:
        tag_at = html.find("<", at)
        if tag_at < 0:
            yield unescape(html[at:])
            return
        if tag_at > at:
            yield unescape(html[at:tag_at])
        tag, at = scan.tag(tag_at)
        if tag is None:
            continue
        if isinstance(tag, Tag) and tag.name in _RAW and not tag.closes:
            at = scan.end_of_raw(tag.name, at)
        else:
            yield tag


class _Scan:
    """Finds where things end; what was not found once, from a place on, is not looked for again."""

    def __init__(self, html: str) -> None:
        self._html, self._lower = html, html.lower()
        self._missing: set[str] = set()

    def find(self, wanted: str, at: int) -> int:
        """As `str.find`, but of what is not there any more a second question costs nothing."""
        if wanted in self._missing:
            return -1
        found = self._lower.find(wanted, at)
        if found < 0:
            self._missing.add(wanted)
        return found

    def tag(self, at: int) -> tuple[Tag | str | None, int]:
        """Give the tag that begins here (or the text, where it is none) and where to go on."""
        html = self._html
        if html.startswith("<!--", at):
            end = self.find("-->", at + 4)
            return None, (end + 3 if end >= 0 else at + 4)
        name = _NAME.match(html, at + 1)
        if name is None:
            if html.startswith(("<!", "<?", "</"), at):
                end = self.find(">", at)
                return None, (end + 1 if end >= 0 else at + 2)
            return "<", at + 1
        end = self._tag_end(name.end())
        if end < 0:
            return "<", at + 1
        said = html[name.end() : min(end, name.end() + _LONGEST_TAG)]
        closes = html[at + 1] == "/"
        attributes = {} if closes or "=" not in said else _attributes(said)
        if not closes and "@" in html[name.start() : end] and "=" not in said:
            return html[at : end + 1], end + 1  # <ada@example.com> only looks like a tag
        return Tag(name[1].lower(), closes, attributes), end + 1

    def _tag_end(self, at: int) -> int:
        """The `>` that ends the tag, not one within quotation marks; any, where these do not close."""
        start = at
        while True:
            end = self.find(">", at)
            if end < 0:
                return -1
            opened = self._quote_between(at, end)
            if opened < 0:
                return end
            closed = self.find(self._html[opened], opened + 1)
            if closed < 0 or closed - start > _LONGEST_TAG:
                return end
            at = closed + 1

    def _quote_between(self, at: int, end: int) -> int:
        """Where a quoted value begins, after an equals sign."""
        for mark in ("='", '="'):
            found = self._html.find(mark, at, end)
            if found >= 0:
                other = self._html.find('="', at, found) if mark == "='" else -1
                return (other if other >= 0 else found) + 1
        return -1

    def end_of_raw(self, name: str, at: int) -> int:
        """Where an element ends whose inside is no HTML."""
        end = self.find(f"</{name}", at)
        if end < 0:
            return at
        closed = self.find(">", end)
        return closed + 1 if closed >= 0 else len(self._html)


def _attributes(said: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(said):
        found.setdefault(one[1].lower(), unescape(one[2].strip("\"'")))
    return found
