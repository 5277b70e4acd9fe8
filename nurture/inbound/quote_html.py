"""HTML of a reply as lines of text, with marks where mail programs put what was said before."""

import re
from collections import Counter

from nurture.inbound.html_tokens import Tag, tokens

QUOTE = "\ue000"
"""A line that stands for a quoted part left out; what follows it may be the writer's own again."""
CUT = "\ue001"
"""A line from which on everything is the mail that was answered."""
RULE = "_" * 24
"""A line that stands for a horizontal rule."""

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
)
_UNSEEN = frozenset({"head", "template", "object", "svg", "select"})
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p",
        "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
    }
)  # fmt: skip
_CELLS = frozenset({"td", "th", "caption"})
_PARTS_OF_TABLES = _CELLS | {"tr", "tbody", "thead", "tfoot"}
_DEEPEST = 2_000

_QUOTES = re.compile(
    r"gmail_attr|moz-cite-prefix|yahoo_quoted|zmail_extra|protonmail_quote|tutanota_quote|mailru-blockquote"
    r"|mcntquote|moz-forward-container|AppleMailQuote|wacz_quoted",
    re.IGNORECASE,
)
_CUTS = re.compile(
    r"^(?:x_)*(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|stopSpelling|zwchr"
    r"|mail-editor-reference-message-container"
    r"|reply-intro|ms-outlook-mobile-body-separator-line|_rc_reply|yahoo_quoted_\w+|isReplyContent|isForwardContent)$",
    re.IGNORECASE,
)
_SIGNATURES = re.compile(
    r"gmail_signature|moz-signature|ms-outlook-mobile-signature|protonmail_signature|ymail_android_signature"
    r"|AppleMailSignature|zmail_signature|tutanota_signature|^(?:x_)?signature$|front-signature|superhuman-signature",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden", re.IGNORECASE)
_OUTLOOK_LINE = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s*(?:#e1e1e1|#b5c4df|windowtext)\s*1\.0pt;\s*padding:\s*3\.0pt",
    re.IGNORECASE,
)


def lines_of(html: str) -> list[str]:
    """Give the text as it is shown, line by line, white space squeezed; the marks are lines of their own."""
    page = _Page()
    for token in tokens(html):
        if isinstance(token, str):
            page.text(token)
        elif token.closes:
            page.close(token.name)
        else:
            page.open(token)
        if page.is_over:
            break
    return page.end()


class _OpenElements:
    """The elements that are open. An end tag closes nothing beyond its own cell or table (HTML 13.2.4)."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._cells: list[Counter[str]] = [Counter()]
        self._tables: list[Counter[str]] = [Counter()]

    def __len__(self) -> int:
        return len(self._names)

    def push(self, name: str) -> None:
        """An element begins. What is nested too deeply to be meant is not followed."""
        if len(self._names) >= _DEEPEST:
            return
        self._names.append(name)
        self._cells[-1][name] += 1
        self._tables[-1][name] += 1
        if name in _CELLS or name == "table":
            self._cells.append(Counter())
        if name == "table":
            self._tables.append(Counter())

    def pop_to(self, name: str) -> list[str]:
        """An end tag: gives what it closes, the innermost first; nothing where no such element is open here."""
        closed: list[str] = []
        if not self._may_close(name):
            return closed
        while not closed or closed[-1] != name:
            last = self._names.pop()
            if last == "table":
                self._tables.pop()
            if last in _CELLS or last == "table":
                self._cells.pop()
            self._cells[-1][last] -= 1
            self._tables[-1][last] -= 1
            closed.append(last)
        return closed

    def _may_close(self, name: str) -> bool:
        if name == "table":
            return len(self._tables) > 1
        within = self._tables if name in _PARTS_OF_TABLES else self._cells
        return within[-1][name] > 0


class _Page:
    """What has been shown so far, and which elements are open."""

    def __init__(self) -> None:
        self.is_over = False
        self._lines: list[str] = []
        self._line: list[str] = []
        self._open = _OpenElements()
        self._skips_from: int | None = None
        self._verbatim = 0

    def text(self, said: str) -> None:
        """Show a text, unless an element around it is left out."""
        if self._skips_from is not None:
            return
        if self._verbatim:
            first, *others = said.split("\n")
            self._line.append(first)
            for other in others:
                self._break()
                self._line.append(other)
        else:
            self._line.append(said)

    def open(self, tag: Tag) -> None:
        """An element begins."""
        if self._skips_from is None:
            self._begin(tag)
        if tag.name not in _VOID:
            self._open.push(tag.name)

    def _begin(self, tag: Tag) -> None:
        self._begin_line(tag)
        mark = _mark(tag)
        if mark is None:
            self._show(tag.name)
            return
        if mark:
            self._lines.append(mark)
        self.is_over = mark == CUT
        if tag.name not in _VOID:
            self._skips_from = len(self._open)

    def _begin_line(self, tag: Tag) -> None:
        if tag.name == "br":
            self._break(asked=True)
        elif tag.name in _BLOCKS:
            self._break()
        if tag.name == "p" and self._lines and self._lines[-1] and "mso" not in tag.attributes.get("class", "").lower():
            self._lines.append("")

    def _show(self, name: str) -> None:
        """What an element shows of its own."""
        if name == "hr":
            self._lines.append(RULE)
        elif name == "pre":
            self._verbatim += 1
        elif name in ("td", "th"):
            self._line.append(" ")
        elif name == "li":
            self._line.append("- ")

    def close(self, name: str) -> None:
        """An element ends, and with it those within that were left open."""
        for closed in self._open.pop_to(name):
            if closed == "pre" and self._skips_from is None and self._verbatim:
                self._verbatim -= 1
        if self._skips_from is not None and len(self._open) <= self._skips_from:
            self._skips_from = None
        elif self._skips_from is None and name in _BLOCKS:
            self._break()

    def end(self) -> list[str]:
        """Give all lines."""
        self._break()
        return self._lines

    def _break(self, *, asked: bool = False) -> None:
        """End the line. One with nothing on it is kept where it was `asked` for, or holds a no-break space."""
        line = "".join(self._line)
        self._line.clear()
        shown = line.replace("\xa0", " ").rstrip() if self._verbatim else " ".join(line.split())
        if shown or asked or "\xa0" in line or self._verbatim:
            self._lines.append(shown)


def _mark(tag: Tag) -> str | None:
    """What an element means: `QUOTE`, `CUT`, empty for what is left out without a trace, None for one like others."""
    name, given = tag.name, tag.attributes
    if name == "blockquote":
        return QUOTE
    if name in _UNSEEN:
        return ""
    if not given:
        return None
    named = given.get("id", "")
    if named and _CUTS.match(named):
        return CUT
    words = f"{given.get('class', '')} {named}".strip()
    if words and _QUOTES.search(words):
        return QUOTE
    if (words and _SIGNATURES.search(words)) or "data-signatureblock" in given or "data-signature" in given:
        return ""
    style = given.get("style", "")
    if style and _OUTLOOK_LINE.search(style):
        return CUT
    if given.get("data-marker") == "__QUOTED_TEXT__":
        return CUT
    return "" if style and _HIDDEN.search(style) else None
