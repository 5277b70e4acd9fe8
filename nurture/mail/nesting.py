"""Walks through a draft's elements and says where each piece of Jinja stands.

A piece may stand in text or in a quoted attribute's value. An `{% if %}` has to begin and end in the same element, so
that what it leaves out is whole elements: otherwise half the mail could vanish, or stand open.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nurture.mail.draft import Draft
from nurture.mail.elements import ELEMENTS, HOLDS_HTML, is_unknown
from nurture.mail.markup import VOID, Attribute, Tag, Text, read
from nurture.mail.pieces import Piece
from nurture.mail.refusals import STRICT, Refusals

OPENS = frozenset({"if", "for", "with"})
CLOSES = frozenset({"endif", "endfor", "endwith"})
GOES_ON = frozenset({"else", "elif"})
DEEPEST = 100
"""So many elements may be open within each other. Mails need some twenty; mail programs give up at a few hundred."""
_IN_LISTS, _IN_ROWS = frozenset({"li", "p"}), frozenset({"td", "th", "p"})
_ENDS = {
    "p": frozenset({"p"}), "li": _IN_LISTS, "dt": _IN_LISTS | {"dt", "dd"}, "dd": _IN_LISTS | {"dt", "dd"},
    "td": _IN_ROWS, "th": _IN_ROWS, "tr": _IN_ROWS | {"tr"}, "option": frozenset({"option"}),
}  # fmt: skip
"""In HTML, the elements that end by themselves where one of this name begins (HTML Standard, *Optional tags*)."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one piece of Jinja stands: in an element's text, an attribute's value, or in a comment."""

    piece: Piece
    start: int
    end: int
    parents: tuple[Tag, ...]
    attribute: Attribute | None = None
    in_comment: bool = False
    region: int = -1

    @property
    def parent(self) -> str:
        """The name of the element it stands in; nothing outside of all."""
        return self.parents[-1].name if self.parents else ""


@dataclass(frozen=True, slots=True)
class Met:
    """A tag or a text, and the elements open there."""

    item: Tag | Text
    parents: tuple[Tag, ...]


def walk(
    draft: Draft, *, strict: bool, refusals: Refusals = STRICT, deepest: int | None = DEEPEST
) -> Iterator[Met | Slot]:
    """Give tags and texts, each followed by the pieces in it; nothing behind the place where they go too deep.

    Args:
        draft: What to read.
        strict: Every element that opens must close in order, as in XML; otherwise as in HTML, where some need not.
        refusals: What to do about what does not fit.
        deepest: How many elements may be open at one time; None: any number.

    Raises:
        TemplateError: A tag does not fit, elements go too deep, or Jinja stands where it cannot.
    """
    parents: list[Tag] = []
    for item in read(draft, refusals):
        tag = item if isinstance(item, Tag) and item.region < 0 else None
        if tag and tag.kind == "close":
            with refusals:
                _close(draft, tag, parents, strict=strict)
        while strict and tag and tag.kind != "close" and _is_left_open(draft, tag, parents):
            with refusals:
                left = parents.pop()
                raise draft.place(left.start).error(f"<{left.name}> is not closed", topic="tag")
        if not strict and tag and tag.kind != "close":
            _end_by_themselves(tag, parents)
        if tag and tag.kind == "open" and len(parents) == deepest:
            with refusals:
                what = f"more than {deepest} elements within each other; mail programs do not show that"
                raise draft.place(tag.start).error(what, topic="depth")
            return
        yield Met(item, tuple(parents))
        yield from _slots(draft, item, tuple(parents), refusals)
        if tag and tag.kind == "open":
            parents.append(tag)
    if strict and parents:
        with refusals:
            raise draft.place(parents[-1].start).error(f"<{parents[-1].name}> is not closed", topic="tag")


def _end_by_themselves(tag: Tag, parents: list[Tag]) -> None:
    while parents and parents[-1].name in _ENDS.get(tag.name, ()):
        parents.pop()


def _close(draft: Draft, tag: Tag, parents: list[Tag], *, strict: bool) -> None:
    names = [parent.name for parent in parents]
    if names and names[-1] == tag.name:
        parents.pop()
        return
    if tag.name in VOID:
        return  # `</br>`, `</img>`: browsers mind neither
    line = draft.place(parents[-1].start).line if parents else 0
    hint = None
    if strict and _is_meant_for(draft, tag, names):
        parents.pop()
        if is_unknown(names[-1]) and tag.name in ELEMENTS:
            return  # the beginning is refused as no element of MJML; once it is right, so is this
        hint = None if is_unknown(names[-1]) else f"did you mean </{names[-1]}>?"
    elif tag.name in names and not (strict and _closes_later(draft, names[-1], tag.end)):
        while parents.pop().name != tag.name:
            pass
    if strict:
        wanted = f"; open here is <{names[-1]}>, from line {line}" if names else ""
        raise draft.place(tag.start).error(f"</{tag.name}> closes nothing{wanted}", hint=hint, topic="tag")


def _is_meant_for(draft: Draft, tag: Tag, names: list[str]) -> bool:
    """Tell whether an end is the innermost element's, misspelt: that has no other, and it ends no other."""
    if not names or _closes_later(draft, names[-1], tag.end):
        return False
    return tag.name not in names or _closes_later(draft, tag.name, tag.end)


def _is_left_open(draft: Draft, tag: Tag, parents: list[Tag]) -> bool:
    """Tell whether an element of MJML begins in a text that nothing ends."""
    if not parents or not tag.name.startswith("mj-"):
        return False
    around = parents[-1].name
    return (around in HOLDS_HTML or not around.startswith("mj")) and not _closes_later(draft, around, tag.start)


def _closes_later(draft: Draft, name: str, offset: int) -> bool:
    """Tell whether an element that is open at an offset has its end further on: then the end met there is astray."""
    ends = re.findall(rf"<(/?){re.escape(name)}[\s/>]", draft.text[offset:], re.IGNORECASE)
    return ends.count("/") > ends.count("")


def _slots(draft: Draft, item: Tag | Text, parents: tuple[Tag, ...], refusals: Refusals) -> Iterator[Slot]:
    for word in draft.shelf.word.finditer(draft.text, item.start, item.end):
        slot: Slot | None = None
        with refusals:
            slot = _slot(draft, item, parents, word)
        if slot:
            yield slot


def _slot(draft: Draft, item: Tag | Text, parents: tuple[Tag, ...], word: re.Match[str]) -> Slot:
    piece = draft.shelf.pieces[int(word[1])]
    if isinstance(item, Text):
        if item.kind == "raw":
            what = "Jinja cannot stand in a style sheet or script: a value there is not escaped"
            raise piece.place.error(what, topic="place")
        return Slot(piece, *word.span(), parents, in_comment=item.kind == "comment", region=item.region)
    attribute = next((one for one in item.attributes if one.start <= word.start() < one.end), None)
    if attribute is None or not attribute.quoted:
        raise piece.place.error(
            f"in <{item.name}>, Jinja can stand only within an attribute's quotes: "
            f'name="{draft.shelf.written_out(word[0])}"',
            topic="place",
        )
    return Slot(piece, *word.span(), (*parents, item), attribute, region=item.region)


def check_comment(draft: Draft, comment: Text) -> None:
    """Check that a comment can be left out with the Jinja in it.

    Raises:
        TemplateError: A block begins in it and ends elsewhere, or the other way round.
    """
    depth = 0
    for part in draft.shelf.parts(draft.text[comment.start : comment.end]):
        word = "" if isinstance(part, str) else part.word
        depth += (word in OPENS) - (word in CLOSES)
        if depth < 0:
            break
    if depth:
        raise draft.place(comment.start).error(
            "half of a {% … %} block stands in this comment; put {# … #} around all of it", topic="place"
        )


def is_whole(pieces: Iterable[Piece]) -> bool:
    """Tell whether every block that begins among these pieces ends among them, in order."""
    opened: list[str] = []
    for piece in pieces:
        word = piece.word
        if word in OPENS:
            opened.append(f"end{word}")
        elif (word in CLOSES and (not opened or opened.pop() != word)) or (word in GOES_ON and not opened):
            return False
    return not opened


class Blocks:
    """Watches that each `{% if %}`, `{% for %}` and `{% with %}` goes on and ends in the element it began in."""

    def __init__(self) -> None:
        """None is open."""
        self._open: list[tuple[Piece, object]] = []

    def see(self, slot: Slot) -> None:
        """Take the next piece.

        Raises:
            TemplateError: It belongs to a block that began in another element.
        """
        word, here = slot.piece.word, (slot.parents[-1:], slot.attribute, slot.region)
        if word in OPENS:
            self._open.append((slot.piece, here))
        if not self._open or word not in CLOSES | GOES_ON:
            return
        opener, there = self._open[-1]
        if word in CLOSES:
            self._open.pop()
        if here != there:
            name = slot.parent or "no element"
            raise slot.piece.place.error(
                f"{{% {opener.text} %}} of line {opener.place.line} began in another element than <{name}>, "
                "where this stands; put whole elements between the two",
                topic="place",
            )
