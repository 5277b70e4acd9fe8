"""What every mail gets without its author: a layout, a title, a preheader, a footer, the pixel and the hidden link."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from nurture.mail.draft import Draft, Shelf
from nurture.mail.expansion import Expansion
from nurture.mail.front_matter import FrontMatter
from nurture.mail.markup import Tag, read
from nurture.mail.nesting import Slot, walk
from nurture.mail.pieces import Piece, PieceKind, Place, cut, file_of
from nurture.mail.refusals import STRICT, Refusals
from nurture.mail.slots import HIDDEN_LINK, OPEN_URL
from nurture.workspace import TemplateFile

Syntax = Literal["mjml", "html"]
_Tags = Mapping[tuple[str, str], Tag]
_Inserts = list[tuple[int, Draft]]

_AROUND_TEXT = {
    "mj-column": ("<mj-text>", "</mj-text>"),
    "mj-hero": ("<mj-text>", "</mj-text>"),
    "mj-section": ("<mj-column><mj-text>", "</mj-text></mj-column>"),
    "mj-body": ("<mj-section><mj-column><mj-text>", "</mj-text></mj-column></mj-section>"),
    "mj-wrapper": ("<mj-section><mj-column><mj-text>", "</mj-text></mj-column></mj-section>"),
    "mj-text": ("", ""),
}
_UNSEEN = (
    "display:block;width:0;height:0;max-height:0;overflow:hidden;font-size:0;line-height:0;color:transparent;"
    "text-decoration:none;mso-hide:all;"
)
_TAIL: tuple[tuple[PieceKind, str], ...] = (
    ("statement", f"if {HIDDEN_LINK}"),
    ("text", '<a href="'),
    ("expression", HIDDEN_LINK),
    ("text", f'" aria-hidden="true" tabindex="-1" style="{_UNSEEN}"></a>'),
    ("statement", "endif"),
    ("statement", f"if {OPEN_URL}"),
    ("text", '<img src="'),
    ("expression", OPEN_URL),
    ("text", '" width="1" height="1" alt="" aria-hidden="true" style="display:block;border:0;" />'),
    ("statement", "endif"),
)
_PREHEADER = '<div style="display:none;font-size:1px;line-height:1px;max-height:0;overflow:hidden;mso-hide:all;">'
_HERE = "_here"


@cache
def shipped() -> Mapping[str, TemplateFile]:
    """Give the layout and footers for workspaces without their own, by file name."""
    kinds: tuple[tuple[str, Syntax], ...] = (("_layout", "mjml"), ("_footer", "mjml"), ("_footer", "html"))
    return {file.name: file for file in (_shipped(f"{name}.{kind}", kind) for name, kind in kinds)}


def _shipped(name: str, kind: Syntax) -> TemplateFile:
    path = Path(__file__).with_name("layouts") / name
    return TemplateFile(name, path, kind, path.read_text("utf-8"))


def in_layout(
    expansion: Expansion,
    front: FrontMatter,
    body: Sequence[Piece],
    *,
    is_markdown: bool,
    refusals: Refusals = STRICT,
) -> list[Piece]:
    """Put a mail that is no whole document into its layout.

    Raises:
        TemplateError: There is no such layout, or it has no block for it.
    """
    asked = front.layout
    place = asked.place if asked else Place(front.subject.place.file, front.first_line)
    marker = Piece("statement", _HERE, place)
    framed = [marker]
    with refusals:
        layout = expansion.partial(asked.text if asked else "_layout.mjml", place)
        framed = expansion.into(layout, [marker], place)
    if marker not in framed:
        framed = expansion.into(shipped()["_layout.mjml"], [marker], place)
    around = _around(framed, place) if is_markdown else ("", "")
    wrapped = [Piece("text", around[0], place), *body, Piece("text", around[1], place)]
    return [new for piece in framed for new in (wrapped if piece is marker else (piece,))]


def _around(framed: Sequence[Piece], place: Place) -> tuple[str, str]:
    for met in walk(Draft.of(framed), strict=False, refusals=Refusals(keep=True)):
        if isinstance(met, Slot) and met.piece.text == _HERE:
            if met.parent not in _AROUND_TEXT:
                raise place.error(f"the layout has its block in <{met.parent}>, where no text can stand", topic="part")
            return _AROUND_TEXT[met.parent]
    return "", ""


def completed(
    draft: Draft, syntax: Syntax, front: FrontMatter, expansion: Expansion, refusals: Refusals = STRICT
) -> Draft:
    """Add title, preheader and footer where the author has none.

    Raises:
        TemplateError: The author's own footer cannot be read, or there are two preheaders.
    """
    tags: _Tags = {(tag.name, tag.kind): tag for tag in read(draft, refusals) if isinstance(tag, Tag)}
    inserts: _Inserts = []
    with refusals:
        inserts = _mjml_head(draft, tags, front) if syntax == "mjml" else _html_head(draft, tags, front)
    if not _has_footer(draft) and (syntax == "html" or ("mj-body", "open") in tags):
        end = tags.get(("mj-body" if syntax == "mjml" else "body", "close"))
        footer = expansion.partial(f"_footer.{syntax}", draft.place(0))
        pieces = expansion.expand(cut(footer.text, Place(file_of(footer), 1)))
        inserts.append((end.start if end else len(draft.text), Draft.of(pieces, draft.shelf)))
    return draft.with_inserted(inserts)


def with_tail(html: str, shelf: Shelf, file: str) -> str:
    """Add the open pixel and the hidden link at the end of a compiled mail."""
    place = Place(file, 1)
    tail = "".join(part if kind == "text" else shelf.put(Piece(kind, part, place)) for kind, part in _TAIL)
    end = html.lower().rfind("</body>")
    return html + tail if end < 0 else html[:end] + tail + html[end:]


def _mjml_head(draft: Draft, tags: _Tags, front: FrontMatter) -> _Inserts:
    body = tags.get(("mj-body", "open"))
    if body is None:
        raise draft.place(0).error("a mail in MJML has an <mj-body>")
    if front.preheader and ("mj-preview", "open") in tags:
        raise front.preheader.place.error("the mail has an <mj-preview> already; keep one of the two", topic="line")
    pieces: list[Piece] = []
    if ("mj-title", "open") not in tags:
        pieces += _element(front, "<mj-title>", "{{ subject }}", "</mj-title>")
    head = tags.get(("mj-head", "open"))
    if head is None:
        place = draft.place(body.start)
        pieces = [Piece("text", "<mj-head>", place), *pieces, Piece("text", "</mj-head>", place)]
    inserts: _Inserts = [(head.end if head else body.start, Draft.of(pieces, draft.shelf))]
    if front.preheader:
        # Not as <mj-preview>: MJML makes that white, which on paper that is nearly white is what spam filters look for.
        preheader = _element(front, f"<mj-raw>{_PREHEADER}", front.preheader.text, "</div></mj-raw>")
        inserts.append((body.end, Draft.of(preheader, draft.shelf)))
    return inserts


def _html_head(draft: Draft, tags: _Tags, front: FrontMatter) -> _Inserts:
    inserts: _Inserts = []
    head, body = tags.get(("head", "open")), tags.get(("body", "open"))
    if head and ("title", "open") not in tags:
        inserts.append((head.end, Draft.of(_element(front, "<title>", "{{ subject }}", "</title>"), draft.shelf)))
    if front.preheader:
        preheader = _element(front, _PREHEADER, front.preheader.text, "</div>")
        inserts.append((body.end if body else 0, Draft.of(preheader, draft.shelf)))
    return inserts


def _element(front: FrontMatter, start: str, content: str, end: str) -> list[Piece]:
    place = (front.preheader or front.subject).place
    return [Piece("text", start, place), *cut(content, place), Piece("text", end, place)]


def _has_footer(draft: Draft) -> bool:
    code = " ".join(piece.text for piece in draft.shelf.parts(draft.text) if isinstance(piece, Piece))
    return "unsubscribe_url" in code and "company.address" in code
