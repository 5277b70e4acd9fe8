"""MJML: what the elements may hold, and the way through the compiler and back.

The compiler drops an element it does not know, with all that is in it, and does so without a word; what would be lost
is refused here, at its line.
"""

import re
from difflib import get_close_matches

from mjml import mjml2html

from nurture.errors import TemplateError
from nurture.mail.draft import Draft, Edit
from nurture.mail.markup import Tag, Text
from nurture.mail.nesting import Blocks, Slot, check_comment, walk
from nurture.mail.pieces import Place
from nurture.mail.slots import LinkSlots

_HOLDS_HTML = frozenset({
    "mj-text", "mj-button", "mj-table", "mj-raw", "mj-navbar-link", "mj-social-element", "mj-accordion-title",
    "mj-accordion-text", "mj-title", "mj-preview", "mj-style",
})  # fmt: skip
_HOLDS_RAW = frozenset({"mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"})
_HOLDS_ELEMENTS = _HOLDS_RAW | {
    "mjml", "mj-attributes", "mj-accordion", "mj-accordion-element", "mj-carousel", "mj-navbar", "mj-social",
}  # fmt: skip
_EMPTY = frozenset(
    {"mj-image", "mj-divider", "mj-spacer", "mj-font", "mj-breakpoint", "mj-carousel-image", "mj-all", "mj-class"}
)
ELEMENTS = _HOLDS_HTML | _HOLDS_ELEMENTS | _EMPTY
_NOT_HERE = {
    "mj-include": 'parts of mails are put in with {% include "_part.mjml" %}',
    "mj-html-attributes": "the MJML compiler here does not know <mj-html-attributes>",
    "script": "mail clients run no scripts",
}
_SHARES = frozenset({"facebook", "twitter", "x", "linkedin", "google", "pinterest", "tumblr", "xing"})
_AT = re.compile(r" at position (\d+):\d+")


def prepare(draft: Draft, links: LinkSlots) -> Draft:
    """Check a mail's MJML, number its links, and make it fit for the compiler.

    Raises:
        TemplateError: An element is not known, does not close, or stands where it would be lost.
    """
    edits: list[Edit] = []
    blocks = Blocks()
    base = ""
    for met in walk(draft, strict=True):
        if isinstance(met, Slot):
            edits += _slot(met, blocks)
        elif isinstance(met.item, Text):
            edits += _text(draft, met.item, met.parents)
        elif met.item.kind != "close":
            _check(draft.place(met.item.start), met.item, met.parents)
            if met.item.name == "mj-navbar":
                base, without = _base_url(met.item)
                edits += without
            edits += _link(draft, met.item, links, base)
    return draft.edited(edits)


def compile_mjml(draft: Draft) -> str:
    """Give the HTML of a prepared draft, words and all.

    Raises:
        TemplateError: The compiler refuses it, or left some Jinja out.
    """
    try:
        html = mjml2html(draft.text, fonts={})
    except ValueError as error:
        raise _refused(draft, str(error)) from None
    for word in draft.shelf.word.finditer(draft.text):
        if word[0] not in html:
            piece = draft.shelf.pieces[int(word[1])]
            raise piece.place.error(f"MJML leaves out what stands here: {draft.shelf.written_out(word[0])}")
    return html


def _check(place: Place, tag: Tag, parents: tuple[Tag, ...]) -> None:
    parent = parents[-1].name if parents else ""
    if tag.name in _NOT_HERE:
        raise place.error(_NOT_HERE[tag.name])
    if tag.name.startswith("mj") and tag.name not in ELEMENTS:
        near = get_close_matches(tag.name, ELEMENTS, 1)
        raise place.error(f"there is no <{tag.name}> in MJML" + (f"; did you mean <{near[0]}>?" if near else ""))
    if not parents and tag.name != "mjml":
        raise place.error("a mail in MJML is one <mjml> element")
    within_html = any(above.name in _HOLDS_HTML for above in parents)
    if tag.name in ELEMENTS:
        if within_html or parent in _EMPTY:
            raise place.error(f"<{tag.name}> cannot stand in <{parent}>")
    elif not within_html:
        raise place.error(f"<{tag.name}> stands directly in <{parent}>, where MJML loses it; put it into <mj-text>")


def _text(draft: Draft, text: Text, parents: tuple[Tag, ...]) -> list[Edit]:
    shown = draft.text[text.start : text.end]
    if text.kind == "comment":
        check_comment(draft, text)
        return [Edit(text.start, text.end, "")]
    within_html = any(above.name in _HOLDS_HTML for above in parents)
    words = draft.shelf.word.sub("", shown)
    if words.strip() and not within_html and not words.startswith("<"):
        parent = parents[-1].name if parents else "the file"
        start = text.start + len(shown) - len(shown.lstrip())
        raise draft.place(start).error(f"text stands directly in <{parent}>; put it into <mj-text>")
    return []


def _slot(slot: Slot, blocks: Blocks) -> list[Edit]:
    if slot.in_comment:
        return []
    blocks.see(slot)
    if slot.attribute or any(above.name in _HOLDS_HTML for above in slot.parents):
        return []
    if slot.parent not in _HOLDS_RAW:
        around = slot.parent or "mjml"
        raise slot.piece.place.error(f"Jinja cannot stand directly in <{around}>; put it around or into its elements")
    return [Edit(slot.start, slot.start, "<mj-raw>"), Edit(slot.end, slot.end, "</mj-raw>")]


def _link(draft: Draft, tag: Tag, links: LinkSlots, base: str) -> list[Edit]:
    network = tag.get("name")
    if tag.name == "mj-social-element" and network and network.value in _SHARES:
        return []  # MJML makes a "share this page" link of it, of the page that the author names
    edit = links.edit(draft, tag, base if tag.name == "mj-navbar-link" else "")
    return [edit] if edit else []


def _base_url(navbar: Tag) -> tuple[str, list[Edit]]:
    """Take `base-url` away from MJML, which would put it before a link's slot."""
    base = navbar.get("base-url")
    return (base.value, [Edit(base.start, base.end, "")]) if base else ("", [])


def _refused(draft: Draft, message: str) -> TemplateError:
    at = _AT.search(message)
    offset = len(draft.text.encode()[: int(at[1])].decode(errors="ignore")) if at else draft.text.find("<")
    words = draft.shelf.written_out(_AT.sub("", message)).replace(" in root template", "")
    return draft.place(max(offset, 0)).error(f"MJML says: {words}")
