"""Markdown: the short way to write a letter. It becomes the HTML of one text in the shared layout."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nurture.mail.draft import Draft, Shelf
from nurture.mail.pieces import Paragraph, Piece, Place

_MARKDOWN = MarkdownIt("commonmark", {"xhtmlOut": True}).enable(["table", "strikethrough"])


def from_markdown(pieces: Sequence[Piece], shelf: Shelf, place: Place) -> list[Piece]:
    """Turn a row of pieces in Markdown into a row in HTML.

    A `{% … %}` alone on its line stands between paragraphs; anywhere else it is part of the text. The HTML of a
    paragraph, list or table counts as written where that begins; the Jinja in it keeps its own lines. `place` is for
    what comes before all else.
    """
    draft = Draft.of(pieces, shelf)
    statement = re.compile(rf"^[ \t]*({shelf.word.pattern})[ \t]*$", re.MULTILINE)

    def alone(found: re.Match[str]) -> str:
        piece = shelf.pieces[int(found[2])]
        return f"<!--{found[1]}-->" if piece.kind == "statement" else found[0]

    source = statement.sub(alone, draft.text)
    begins = [0, *(found.end() for found in re.finditer("\n", draft.text))]
    environment: dict[str, object] = {}
    html: list[Piece] = []
    for line, block in _blocks(_MARKDOWN.parse(source, environment)):
        written = _MARKDOWN.renderer.render(block, _MARKDOWN.options, environment)
        written = re.sub(rf"<!--({shelf.word.pattern})-->", r"\1", written)
        begun = place if line is None else draft.place(begins[line])
        where = Paragraph(begun.file, begun.line, begun.column)
        html += [part if isinstance(part, Piece) else Piece("text", part, where) for part in shelf.parts(written)]
    return html


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[int | None, list[Token]]]:
    """Part a document into its paragraphs, lists and so on, each with the line it begins on, from 0."""
    block: list[Token] = []
    depth = 0
    for token in tokens:
        block.append(token)
        depth += token.nesting
        if depth == 0:
            yield block[0].map[0] if block[0].map else None, block
            block = []
