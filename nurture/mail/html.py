"""Plain HTML: style sheets are worked into the elements, as mail clients need it; media queries stay.

The inliner reads HTML as a browser does. In a table a browser moves text away, so a `{% … %}` between rows travels as a
comment; and it adds what authors leave out (`<tbody>`), so blocks are checked on what it gives back.
"""

import re
from collections.abc import Iterable

from css_inline import CSSInliner, InlineError

from nurture.errors import TemplateError
from nurture.mail.draft import Draft, Edit
from nurture.mail.markup import Tag, Text
from nurture.mail.nesting import Blocks, Met, Slot, check_comment, walk
from nurture.mail.refusals import STRICT, Refusals
from nurture.mail.slots import LinkSlots

_INLINER = CSSInliner(keep_at_rules=True, keep_link_tags=True, load_remote_stylesheets=False)
_STYLE = re.compile(
    r"""<style\b[^>]*>(?P<sheet>.*?)</style|\bstyle\s*=\s*"(?P<inline>[^"]*)\"""", re.DOTALL | re.IGNORECASE
)
_PLAIN_TEXT = frozenset({"title", "textarea"})


def prepare(draft: Draft, items: Iterable[Met | Slot], links: LinkSlots, refusals: Refusals = STRICT) -> Draft:
    """Check a mail's HTML, number its links, and make it fit for the inliner. `items` is the walk through it.

    Raises:
        TemplateError: A tag does not end, or Jinja stands where it cannot.
    """
    edits: list[Edit] = []
    for met in items:
        with refusals:
            if isinstance(met, Slot):
                edits += _slot(met)
            elif isinstance(met.item, Text):
                if met.item.kind == "comment":
                    check_comment(draft, met.item)
                    edits.append(Edit(met.item.start, met.item.end, ""))
            elif isinstance(met.item, Tag):
                if met.item.name == "script":
                    raise draft.place(met.item.start).error("mail clients run no scripts", topic="element")
                edit = links.edit(draft, met.item)
                edits += [edit] if edit else []
    return draft.edited(edits)


def compile_html(draft: Draft) -> str:
    """Give the HTML of a prepared draft with its styles inlined, words and all.

    Raises:
        TemplateError: An `{% if %}` does not hold whole elements.
    """
    try:
        html = _INLINER.inline(draft.text)
    except InlineError as error:
        raise _bad_style(draft, error) from None
    html = re.sub(rf"<!--({draft.shelf.word.pattern})-->", r"\1", html)
    blocks = Blocks()
    for met in walk(Draft(html, [], [], draft.shelf), strict=False, deepest=None):
        if isinstance(met, Slot):
            blocks.see(met)
    for word in draft.shelf.word.finditer(draft.text):
        if word[0] not in html:
            piece = draft.shelf.pieces[int(word[1])]
            what = f"this cannot stand here: {draft.shelf.written_out(word[0])}"
            raise piece.place.error(what, topic="place")
    return html


def _bad_style(draft: Draft, error: InlineError) -> TemplateError:
    """Find the style that the inliner stumbled over; it does not say which."""
    for found in _STYLE.finditer(draft.text):
        alone = f'<p style="{found["inline"]}">' if found["inline"] else f"<style>{found['sheet']}</style><p>"
        try:
            _INLINER.inline(f"<style>p {{ color: red }}</style>{alone}x</p>")
        except InlineError:
            start = found.start("inline") if found["inline"] else found.start("sheet")
            return draft.place(start).error(f"this style cannot be read: {error}", topic="style")
    return draft.place(0).error(f"a style in this mail cannot be read: {error}", topic="style")


def _slot(slot: Slot) -> list[Edit]:
    shown_as_it_is = slot.attribute or slot.region >= 0 or slot.parent in _PLAIN_TEXT
    if slot.piece.kind == "expression" or slot.in_comment or shown_as_it_is:
        return []
    return [Edit(slot.start, slot.start, "<!--"), Edit(slot.end, slot.end, "-->")]
