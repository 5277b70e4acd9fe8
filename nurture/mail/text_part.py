"""The plain-text part, derived once from a mail's own structure: paragraphs, lists, buttons, pictures' words, lines.

It is made of the source, MJML or HTML, before layout tables hide what is what. Blocks of Jinja keep their place: what
an `{% if %}` leaves out of the HTML it leaves out here, with its blank line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from nurture.mail.draft import Draft, Shelf
from nurture.mail.markup import VOID
from nurture.mail.text_lines import peel

_PARAGRAPHS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "figcaption", "figure",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "main", "mj-accordion-text", "mj-accordion-title",
    "mj-body", "mj-button", "mj-carousel", "mj-column", "mj-hero", "mj-section", "mj-table", "mj-text", "mj-wrapper",
    "nav", "ol", "p", "pre", "section", "table", "ul",
})  # fmt: skip
_LINES = frozenset({"li", "tr", "mj-navbar-link", "mj-social-element"})
_ROWS = frozenset({"ol", "table", "ul", "mj-navbar", "mj-social", "mj-table"})
_PICTURES = frozenset({"img", "mj-image", "mj-carousel-image"})
_RULES = frozenset({"hr", "mj-divider"})
_LABELLED = frozenset({"a", "mj-button", "mj-navbar-link", "mj-social-element"})
_UNSEEN = frozenset({"style", "script", "title", "mj-head", "template"})
_NO_WIDTH = re.compile("[\u00ad\u034f\u200b\u2060\ufeff]")
_BREAK, _CELL = "\x1e", "\x1f"
_RULE = "-" * 40


@dataclass(frozen=True, slots=True)
class _Link:
    """A link within a line: its words and where it leads."""

    label: str
    url: str

    def inline(self) -> str:
        if not self.label or self.label.startswith(("http:", "https:", "www.")):
            return self.url
        if ":" in self.url and self.url.partition(":")[2] in self.label:
            return self.label  # the address or telephone number is what one reads
        return f"{self.label} ({self.url})"

    def alone(self) -> str:
        inline = self.inline()
        return f"{self.label}: {self.url}" if inline.endswith(f" ({self.url})") else inline


def text_of(draft: Draft) -> str:
    """Give the text part of a prepared draft, with the draft's words for its Jinja."""
    reader = _Reader(draft.shelf)
    reader.feed(draft.text)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self, shelf: Shelf) -> None:
        super().__init__(convert_charrefs=True)
        self._shelf = shelf
        self._out: list[str] = []
        self._line: list[str | _Link] = []
        self._bullet = ""
        self._lists: list[int | None] = []
        self._links: list[tuple[str, str, int]] = []
        self._hidden: list[str] = []
        self._newlines = 2

    def text(self) -> str:
        self._flush(2)
        return re.sub(r"\n{3,}", "\n\n", "".join(self._out)).strip("\n") + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self._hidden or tag in _UNSEEN or _is_hidden(values):
            if tag not in VOID:
                self._hidden.append(tag)
            return
        if tag in _PARAGRAPHS or tag in _LINES or tag in _RULES:
            self._flush(1 if tag in _LINES or self._lists else 2)
        if tag in _PICTURES:
            self._picture(tag, values)
        elif tag in _LABELLED:
            self._links.append((tag, values.get("href", ""), len(self._line)))
            if tag == "mj-social-element":
                self._line.append(values.get("alt", ""))
        else:
            self._mark(tag)

    def _mark(self, tag: str) -> None:
        """Write what an element shows besides its text."""
        if tag in {"ol", "ul"}:
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._bullet = self._next_bullet()
        elif tag == "br":
            self._line.append(_BREAK)
        elif tag in {"td", "th"}:
            self._line.append(_CELL)
        elif tag in _RULES:
            self._line.append(_RULE)
            self._flush(2)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if self._links and tag == self._links[-1][0]:
            self._link(*self._links.pop())
        if tag in {"ol", "ul"} and self._lists:
            self._lists.pop()
        if tag in _PARAGRAPHS or tag in _LINES:
            self._flush(1 if tag in _LINES or self._lists else 2)
        if tag in _ROWS and self._newlines == 1 and not self._lists:
            self._out.append("\n")
            self._newlines = 2

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._line.append(data.replace(_BREAK, " ").replace(_CELL, " "))

    def handle_comment(self, data: str) -> None:
        if not self._hidden and self._shelf.word.fullmatch(data):
            self._line.append(data)

    def _next_bullet(self) -> str:
        indent = "  " * (len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number + 1}. "

    def _picture(self, tag: str, values: dict[str, str]) -> None:
        alt, href = values.get("alt", "").strip(), values.get("href", "")
        if tag == "img":
            self._line.append(alt)
            return
        self._flush(2)
        self._line.append(_Link(alt, href) if href else alt)
        self._flush(2)

    def _link(self, _tag: str, href: str, start: int) -> None:
        label = _tidied("".join(part if isinstance(part, str) else part.inline() for part in self._line[start:]))
        if href and not href.startswith("#"):
            self._line[start:] = [_Link(label.replace("\n", " "), href)]

    def _flush(self, newlines: int) -> None:
        before, text, after = peel(self._shelf, _written(self._line))
        if text:
            gap = "\n" if newlines == 2 and self._newlines == 1 and not self._bullet else ""
            self._out.append(f"{gap}{before}{self._bullet}{text}{chr(10) * newlines}{after}")
            self._newlines = newlines
            self._bullet = ""
        elif before or after:
            self._out.append(before + after)
        self._line = []


def _is_hidden(attributes: dict[str, str]) -> bool:
    style = attributes.get("style", "").replace(" ", "").lower()
    return "display:none" in style or attributes.get("aria-hidden") == "true"


def _written(line: Sequence[str | _Link]) -> str:
    parts = [part for part in line if isinstance(part, _Link) or part.strip(f" \t\r\n{_CELL}")]
    if len(parts) == 1 and isinstance(parts[0], _Link):
        return parts[0].alone()
    return _tidied("".join(part if isinstance(part, str) else part.inline() for part in line))


def _tidied(text: str) -> str:
    """Collapse blanks as HTML does, break the line where the mail does, and part the cells of a table's row."""
    lines = []
    for line in _NO_WIDTH.sub("", text).split(_BREAK):
        cells = [" ".join(cell.split()) for cell in line.split(_CELL)]
        lines.append(" | ".join(cell for cell in cells if cell))
    return "\n".join(lines).strip()
