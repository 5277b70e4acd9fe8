"""The subject and the preheader: what an inbox shows of a mail before it is opened."""

from collections.abc import Iterator

from nurture.authoring.templates.codes import LONG_PREHEADER, LONG_SUBJECT, NO_PREHEADER
from nurture.authoring.templates.reading import Reading
from nurture.authoring.templates.telling import warning
from nurture.errors import Problem
from nurture.mail.front_matter import Line
from nurture.mail.markup import Tag
from nurture.mail.pieces import Place

LONGEST_SUBJECT = 70
"""Characters; desktop programs show about so many, telephones half of them."""
LONGEST_PREHEADER = 140
"""Characters; no inbox shows more."""


def preheader_problems(reading: Reading) -> Iterator[Problem]:
    """Tell a mail without a preheader: an inbox then shows what happens to stand first in it."""
    front = reading.framed.front
    if front.preheader is None and not any(_is_preview(met.item) for met in reading.tags()):
        hint = 'write preheader: "…" below the subject: an inbox shows it behind the subject'
        yield warning(NO_PREHEADER, Place(reading.framed.path, 1), "the mail has no preheader", hint)


def length_problems(subject: str, at: Place, preheader: str, line: Line | None) -> Iterator[Problem]:
    """Tell a subject or preheader, as one lead gets it, that inboxes cut off."""
    if len(subject) > LONGEST_SUBJECT:
        told = f"the subject has {len(subject)} characters; inboxes show about {LONGEST_SUBJECT}, telephones fewer"
        yield warning(LONG_SUBJECT, at, told, "put what counts first, and shorten the rest")
    if line and len(preheader) > LONGEST_PREHEADER:
        told = f"the preheader has {len(preheader)} characters; no inbox shows more than {LONGEST_PREHEADER}"
        yield warning(LONG_PREHEADER, line.place, told, "shorten it")


def _is_preview(item: object) -> bool:
    """Tell MJML's own preheader, and one that is hidden at the head of plain HTML."""
    if not isinstance(item, Tag):
        return False
    style = item.get("style")
    hidden = style is not None and "display:none" in style.value.replace(" ", "").lower()
    named = item.get("class")
    return item.name == "mj-preview" or hidden or (named is not None and "preheader" in named.value.lower())
