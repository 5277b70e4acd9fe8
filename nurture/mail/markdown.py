"""Markdown: the short way to write a letter. It becomes the HTML of one text in the shared layout."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt

from nurture.mail.draft import Draft, Shelf
from nurture.mail.pieces import Piece, Place

_MARKDOWN = MarkdownIt("commonmark", {"xhtmlOut": True}).enable(["table", "strikethrough"])


def from_markdown(pieces: Sequence[Piece], shelf: Shelf, place: Place) -> list[Piece]:
    """Turn a row of pieces in Markdown into a row in HTML.

    A `{% … %}` alone on its line stands between paragraphs; anywhere else it is part of the text. The HTML counts as
    written at `place`; the Jinja in it keeps its own lines.
    """
    draft = Draft.of(pieces, shelf)
    statement = re.compile(rf"^[ \t]*({shelf.word.pattern})[ \t]*$", re.MULTILINE)

    def alone(found: re.Match[str]) -> str:
        piece = shelf.pieces[int(found[2])]
        return f"<!--{found[1]}-->" if piece.kind == "statement" else found[0]

    html = _MARKDOWN.render(statement.sub(alone, draft.text))
    html = re.sub(rf"<!--({shelf.word.pattern})-->", r"\1", html)
    return [part if isinstance(part, Piece) else Piece("text", part, place) for part in shelf.parts(html)]
