"""One template as a check reads it: the whole document with all that was put into it, tag by tag."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from nurture.mail.compiling import Framed
from nurture.mail.draft import Draft
from nurture.mail.markup import Attribute, Tag, Text
from nurture.mail.nesting import Met, Slot
from nurture.mail.pieces import Piece, Place


@dataclass(frozen=True, slots=True)
class Reading:
    """The tags and texts of a document in order, with the elements open around each."""

    framed: Framed
    items: Sequence[Met]

    @property
    def draft(self) -> Draft:
        """The document."""
        return self.framed.document

    def place(self, offset: int) -> Place:
        """Tell where a character of the document stands in its author's own file."""
        return self.draft.place(offset)

    def tags(self) -> Iterator[Met]:
        """Give the tags that open or stand for themselves."""
        for met in self.items:
            if isinstance(met.item, Tag) and met.item.kind != "close":
                yield met

    def parts(self, attribute: Attribute) -> list[str | Piece]:
        """Give an attribute's value, what is Jinja in it as pieces."""
        return self.draft.shelf.parts(attribute.value)

    def constant(self, attribute: Attribute | None) -> str | None:
        """Give an attribute's value, where it is the same in every mail."""
        if attribute is None:
            return None
        parts = self.parts(attribute)
        return None if any(isinstance(part, Piece) for part in parts) else attribute.value

    def inside(self, index: int) -> Iterator[Tag | Text]:
        """Give what stands in the element that opens at an index, up to where it closes."""
        opening = self.items[index]
        depth = len(opening.parents)
        for met in islice(self.items, index + 1, None):
            if len(met.parents) <= depth:
                return
            yield met.item

    def shown(self, text: Text) -> str:
        """Give a text as it stands, with words for its Jinja."""
        return self.draft.text[text.start : text.end] if text.kind == "text" else ""


def read_document(framed: Framed) -> Reading:
    """Read what was framed."""
    return Reading(framed, [one for one in framed.items if not isinstance(one, Slot)])
