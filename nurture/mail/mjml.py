"""MJML: what the elements may hold, and the way through the compiler and back.

The compiler drops an element it does not know, with all that is in it, and does so without a word; what would be lost
is refused here, at its line.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from mjml import mjml2html

from nurture.errors import TemplateError
from nurture.mail.draft import Draft, Edit
from nurture.mail.elements import ELEMENTS, EMPTY, HOLDS_HTML, HOLDS_RAW, is_unknown
from nurture.mail.markup import VOID, Tag, Text
from nurture.mail.nesting import Blocks, Met, Slot, check_comment
from nurture.mail.refusals import STRICT, Refusals
from nurture.mail.slots import LinkSlots

_NOT_HERE = {
    "mj-include": 'parts of mails are put in with {% include "_part.mjml" %}',
    "mj-html-attributes": "the MJML compiler here does not know <mj-html-attributes>",
    "script": "mail clients run no scripts",
}
_LINKED = frozenset({"mj-button", "mj-carousel-image", "mj-image", "mj-navbar-link", "mj-social-element"})
_SHARES = frozenset({"facebook", "twitter", "x", "linkedin", "google", "pinterest", "tumblr", "xing"})
_AT = re.compile(r" at position (\d+):\d+")
_SPOILT = re.compile(r"[^ -~]|[\\\"]")
"""What the compiler writes into attributes as Rust writes it in messages: line breaks, quotes, accents of their own."""


def prepare(draft: Draft, items: Iterable[Met | Slot], links: LinkSlots, refusals: Refusals = STRICT) -> Draft:
    """Check a mail's MJML, number its links, and make it fit for the compiler. `items` is the walk through it.

    Raises:
        TemplateError: An element is not known, does not close, or stands where it would be lost.
    """
    edits: list[Edit] = []
    blocks = Blocks()
    base = ""
    for met in items:
        with refusals:
            if isinstance(met, Slot):
                edits += _slot(met, blocks)
            elif isinstance(met.item, Text):
                edits += _text(draft, met.item, met.parents)
            else:
                edits += _as_xml(draft, met.item)
                if met.item.kind == "close":
                    continue
                with refusals:
                    _check(draft, met.item, met.parents)
                if met.item.name == "mj-navbar":
                    base, without = _base_url(met.item)
                    edits += without
                link = _link(draft, met.item, links, base)
                edits += [*link, *_spelt_out(met.item, link)]
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
            what = f"MJML leaves out what stands here: {draft.shelf.written_out(word[0])}"
            raise piece.place.error(what, topic="place")
    return html


def _check(draft: Draft, tag: Tag, parents: tuple[Tag, ...]) -> None:
    parent = parents[-1].name if parents else ""
    if any(above.name in _NOT_HERE for above in parents):
        return
    if tag.name in _NOT_HERE:
        raise draft.place(tag.start).error(_NOT_HERE[tag.name], topic="element")
    if is_unknown(tag.name):
        near = get_close_matches(tag.name, ELEMENTS, 1)
        hint = f"did you mean <{near[0]}>?" if near else None
        raise draft.place(tag.start).error(f"there is no <{tag.name}> in MJML", hint=hint, topic="element")
    if not parents and tag.name != "mjml":
        raise draft.place(tag.start).error("a mail in MJML is one <mjml> element", topic="nesting")
    within_html = any(above.name in HOLDS_HTML for above in parents)
    if tag.name in ELEMENTS:
        if within_html or parent in EMPTY:
            raise draft.place(tag.start).error(f"<{tag.name}> cannot stand in <{parent}>", topic="nesting")
    elif not within_html and parent in ELEMENTS:
        what = f"<{tag.name}> stands directly in <{parent}>, where MJML loses it"
        raise draft.place(tag.start).error(what, hint="put it into <mj-text>", topic="nesting")


def _text(draft: Draft, text: Text, parents: tuple[Tag, ...]) -> list[Edit]:
    shown = draft.text[text.start : text.end]
    if text.kind == "comment":
        check_comment(draft, text)
        return [Edit(text.start, text.end, "")]
    within_html = any(above.name in HOLDS_HTML for above in parents)
    words = draft.shelf.word.sub("", shown)
    parent = parents[-1].name if parents else "the file"
    known = not parents or parent in ELEMENTS  # what is in an element that is none was refused with it
    if words.strip() and known and not within_html and not words.startswith("<"):
        start = text.start + len(shown) - len(shown.lstrip())
        what = f"text stands directly in <{parent}>"
        raise draft.place(start).error(what, hint="put it into <mj-text>", topic="nesting")
    if shown == "<" and within_html:  # no tag begins here; conditional comments for Outlook come as texts, too
        return [Edit(text.start, text.end, "&lt;")]
    return [Edit(text.start, text.end, "")] if not parents and words.strip().startswith("<?") else []


def _as_xml(draft: Draft, tag: Tag) -> list[Edit]:
    """HTML minds neither the case of names nor `</br>`; the compiler, which reads XML, does: `<BR>` would never end."""
    if tag.kind == "close" and tag.name in VOID:
        return [Edit(tag.start, tag.end, "<br />" if tag.name == "br" else "")]
    start = tag.start + (2 if tag.kind == "close" else 1)
    end = start + len(tag.name)
    return [] if draft.text[start:end] == tag.name else [Edit(start, end, tag.name)]


def _slot(slot: Slot, blocks: Blocks) -> list[Edit]:
    if slot.in_comment:
        return []
    blocks.see(slot)
    if slot.attribute or any(above.name in HOLDS_HTML for above in slot.parents):
        return []
    if slot.parent and slot.parent not in ELEMENTS:
        return []  # it was refused, and what may stand in it cannot be told
    if slot.parent not in HOLDS_RAW:
        what = f"Jinja cannot stand directly in <{slot.parent or 'mjml'}>"
        raise slot.piece.place.error(what, hint="put it around or into its elements", topic="place")
    return [Edit(slot.start, slot.start, "<mj-raw>"), Edit(slot.end, slot.end, "</mj-raw>")]


def _link(draft: Draft, tag: Tag, links: LinkSlots, base: str) -> list[Edit]:
    if tag.name in ELEMENTS - _LINKED:
        return []
    network = tag.get("name")
    if tag.name == "mj-social-element" and network and network.value in _SHARES:
        return []  # MJML makes a "share this page" link of it, of the page that the author names
    edit = links.edit(draft, tag, base if tag.name == "mj-navbar-link" else "")
    return [edit] if edit else []


def _spelt_out(tag: Tag, link: list[Edit]) -> list[Edit]:
    """Write the characters of attributes that the compiler would spoil as references; line breaks as blanks."""
    edits = []
    for attribute in tag.attributes:
        for found in _SPOILT.finditer(attribute.value):
            start = attribute.start + found.start()
            if not any(edit.start <= start < edit.end for edit in link):
                edits.append(Edit(start, start + 1, " " if found[0] in "\t\n\r\f" else f"&#{ord(found[0])};"))
    return edits


def _base_url(navbar: Tag) -> tuple[str, list[Edit]]:
    """Take `base-url` away from MJML, which would put it before a link's slot."""
    base = navbar.get("base-url")
    return (base.value, [Edit(base.start, base.end, "")]) if base else ("", [])


def _refused(draft: Draft, message: str) -> TemplateError:
    at = _AT.search(message)
    offset = len(draft.text.encode()[: int(at[1])].decode(errors="ignore")) if at else draft.text.find("<")
    words = draft.shelf.written_out(_AT.sub("", message)).replace(" in root template", "")
    return draft.place(max(offset, 0)).error(f"MJML says: {words}")
