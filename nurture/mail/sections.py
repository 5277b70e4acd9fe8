"""Blocks, macros and calls as sections of a row of pieces."""

import re
from collections.abc import Iterator, Sequence

from nurture.mail.pieces import Piece

_OPENERS = frozenset({"block", "macro", "call"})


def sections(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Sequence[Piece]]]:
    """Give each piece, and with an opening `{% block %}`, `{% macro %}` or `{% call %}` what stands up to its end."""
    place = 0
    while place < len(pieces):
        end = _end(pieces, place) if pieces[place].word in _OPENERS else place
        yield pieces[place], pieces[place + 1 : end]
        place = end + 1


def _end(pieces: Sequence[Piece], start: int) -> int:
    """Find the end of a block; that there is one was checked when the file was cut."""
    word, depth, place = pieces[start].word, 1, start
    while depth:
        place += 1
        depth += {word: 1, f"end{word}": -1}.get(pieces[place].word, 0)
    return place


def block_name(piece: Piece) -> str:
    """Give the name in `{% block name %}`."""
    words = piece.text.split()
    if len(words) != 2:
        raise piece.place.error("a block is written {% block name %}", topic="part")
    return words[1]


def is_call_of(name: str, piece: Piece) -> bool:
    """Tell `{{ name() }}`, as `caller` and `super` are written."""
    return piece.kind == "expression" and re.fullmatch(rf"{name}\s*\(\s*\)", piece.text) is not None


def replaced(body: Sequence[Piece], name: str, by: Sequence[Piece]) -> list[Piece]:
    """Put pieces where `{{ name() }}` stands."""
    return [new for piece in body for new in (by if is_call_of(name, piece) else (piece,))]


def with_super(body: Sequence[Piece] | None, parents: list[Piece]) -> list[Piece]:
    """Give what a block shows: the child's, with the parent's where it says `super()`; else the parent's."""
    return parents if body is None else replaced(body, "super", parents)
