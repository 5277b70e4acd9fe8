"""Pictures, for those who do not see them and for the programs that lay them out."""

import re
from collections.abc import Iterator

from nurture.authoring.templates.codes import NO_ALT, NO_WIDTH
from nurture.authoring.templates.reading import Reading
from nurture.authoring.templates.telling import warning
from nurture.errors import Problem
from nurture.mail.markup import Tag

_PICTURES = frozenset({"img", "mj-image", "mj-carousel-image"})
_WIDTH = re.compile(r"(^|[;\s])(max-)?width\s*:", re.IGNORECASE)


def picture_problems(reading: Reading) -> Iterator[Problem]:
    """Give the pictures without words or width."""
    for met in reading.tags():
        tag = met.item
        if (
            not isinstance(tag, Tag)
            or tag.name not in _PICTURES
            or any(up.name == "mj-attributes" for up in met.parents)
        ):
            continue
        place = reading.place(tag.start)
        alt = tag.get("alt")
        if alt is None:
            hint = 'write alt="…" with what it shows, or alt="" where it only decorates'
            yield warning(NO_ALT, place, f"<{tag.name}> has no alt text, and many readers see no pictures", hint)
        elif not alt.value.strip() and (tag.get("href") or any(up.name == "a" for up in met.parents)):
            hint = "write where the link leads"
            yield warning(NO_ALT, reading.place(alt.start), "the picture is a link, and its alt text is empty", hint)
        if tag.name == "img" and not _has_width(tag):
            hint = 'write width="…" in pixels: Outlook shows it in its own size otherwise'
            yield warning(NO_WIDTH, place, "<img> has no width", hint)


def _has_width(tag: Tag) -> bool:
    style = tag.get("style")
    return tag.get("width") is not None or (style is not None and _WIDTH.search(style.value) is not None)
