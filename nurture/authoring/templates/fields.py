"""The leads' own fields: no list of them is complete, but one that is nearly another's name is probably that."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from nurture.authoring.templates.codes import NEARLY_A_FIELD
from nurture.authoring.templates.telling import warning
from nurture.errors import Problem
from nurture.mail.compiling import Framed
from nurture.mail.names import LEAD_FIELDS
from nurture.mail.pieces import Piece, Place, cut
from nurture.mail.refusals import Refusals

_FIELD = re.compile(r"\blead\.(?:attributes\.)?(?P<field>[A-Za-z]\w*)")
_NEAR = 0.85
"""How alike two names are (difflib's ratio) when one is probably a slip of the other."""

Fields = dict[str, set[Place]]
"""Where each of the leads' own fields is named."""


def fields_in(framed: Framed) -> Iterator[tuple[str, Place]]:
    """Give the leads' own fields in a mail."""
    draft, front = framed.document, framed.front
    pieces = [part for part in draft.shelf.parts(draft.text) if isinstance(part, Piece)]
    with Refusals(keep=True):  # what cannot be read there is told by then
        for line in (front.subject, front.preheader):
            pieces += cut(line.text, line.place) if line else []
    for piece in pieces:
        for found in _FIELD.finditer(piece.text) if piece.kind != "text" else ():
            if found["field"] not in LEAD_FIELDS:
                yield found["field"], piece.place.after(piece.text[: found.start()])


def field_problems(fields: Fields, elsewhere: Collection[str]) -> Iterator[Problem]:
    """Give the fields that are named in one place alone, and nearly what conditions or several places name."""
    known = {*set(elsewhere).difference(LEAD_FIELDS), *(name for name, places in fields.items() if len(places) > 1)}
    for name, places in fields.items():
        near = get_close_matches(name, known, 1, _NEAR)
        if name not in known and near:
            told = f"`lead.{name}` is nearly `lead.{near[0]}`, and named nowhere else"
            yield warning(NEARLY_A_FIELD, next(iter(places)), told, f"did you mean `lead.{near[0]}`?")
