"""Gives every link of a template its number, and puts a slot where its tracked URL goes.

It happens once, on the source; so the HTML and the text part carry the same link under the same number, and a mail
costs one signature a link. A URL that is the same in every mail becomes `{{ _link_3 }}`; one made of a lead's data
becomes `{{ _link(3, […]) }}`, which checks what came of it.
"""

from collections.abc import Sequence
from html import unescape

from nurture.mail.draft import Draft, Edit
from nurture.mail.macros import OWN_PAGES, call_in
from nurture.mail.markup import Attribute, Tag
from nurture.mail.pieces import Piece, Place
from nurture.mail.urls import leads_elsewhere, starts_web_address, web_address

HIDDEN_LINK, OPEN_URL = "_link_0", "_open_url"
_NO_LINKS = frozenset({"link", "base", "mj-font", "use", "image"})


class LinkSlots:
    """The links of one template in order. `urls[n]` is where link n leads, None where that depends on the lead.

    `urls[0]` is the hidden link's place; it leads where the first constant link does, and is empty without one.
    """

    def __init__(self) -> None:
        """Only the hidden link is there."""
        self.urls: list[str | None] = [""]

    def edit(self, draft: Draft, tag: Tag, base: str = "") -> Edit | None:
        """Put a slot into a tag's `href`, if it leads to the web. `base` is what a relative one is relative to.

        Raises:
            TemplateError: The link leads nowhere that a mail client could follow it to.
        """
        href = tag.get("href")
        if href is None or tag.kind == "close" or tag.name in _NO_LINKS:
            return None
        place = draft.place(href.start)
        piece = self._slot(draft.shelf.parts(href.value), place, base)
        return _edit(draft, href, piece) if piece else None

    def _slot(self, parts: Sequence[str | Piece], place: Place, base: str) -> Piece | None:
        for part in parts:
            if isinstance(part, Piece) and part.kind == "statement":
                raise part.place.error(
                    "a link is written without {% … %}; choose inside the expression: "
                    "{{ 'https://…/a' if lead.country == 'GB' else 'https://…/b' }}",
                    topic="link",
                )
        first = parts[0] if parts else ""
        if isinstance(first, Piece):
            return None if len(parts) == 1 and _is_ours(first) else self._computed(parts, first.place)
        start = unescape(first)
        if not start.strip() or leads_elsewhere(start):
            return None
        if base and start.startswith("/"):
            start = base.rstrip("/") + start
        if len(parts) > 1 and starts_web_address(start):
            return self._computed([start, *parts[1:]], next(part.place for part in parts if isinstance(part, Piece)))
        url = web_address(start) if len(parts) == 1 else None
        if url is None:
            what = f"the link `{start.strip()}` leads nowhere in a mail: write all of it, from https:// on"
            raise place.error(what, topic="link")
        self.urls.append(url)
        self.urls[0] = self.urls[0] or url
        return Piece("expression", f"_link_{len(self.urls) - 1}", place)

    def _computed(self, parts: Sequence[str | Piece], place: Place) -> Piece:
        self.urls.append(None)
        codes = [f"({part.text})" if isinstance(part, Piece) else ascii(unescape(part)) for part in parts]
        return Piece("expression", f"_link({len(self.urls) - 1}, [{', '.join(codes)}])", place)


def _is_ours(piece: Piece) -> bool:
    """Tell a link to our own pages, which record what happens there themselves."""
    call = call_in(piece.text)
    return piece.text in OWN_PAGES or (call is not None and call.name == "answer_url")


def _edit(draft: Draft, href: Attribute, piece: Piece) -> Edit:
    word = draft.shelf.put(piece)
    return Edit(href.start, href.end, word if href.quoted else f'"{word}"')
