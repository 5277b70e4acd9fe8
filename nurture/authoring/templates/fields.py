"""Fields of the lead that no import, trait or condition of the workspace knows."""

import re
from collections.abc import Collection, Iterator

from nurture.authoring.templates.codes import UNKNOWN_FIELD, UNKNOWN_NAME
from nurture.authoring.templates.reading import Reading
from nurture.authoring.templates.telling import problem, warning
from nurture.errors import Problem
from nurture.grammar.mistakes import nearest
from nurture.mail.names import LEAD_FIELDS
from nurture.mail.pieces import Piece, cut

_FIELD = re.compile(r"\blead\.(?:attributes\.)?(?P<field>[A-Za-z]\w*)")


def field_problems(reading: Reading, attributes: Collection[str]) -> Iterator[Problem]:
    """Give the fields that are neither every lead's nor among `attributes`."""
    front = reading.framed.front
    pieces = [part for part in reading.draft.shelf.parts(reading.draft.text) if isinstance(part, Piece)]
    for line in (front.subject, front.preheader):
        pieces += cut(line.text, line.place) if line else []
    for piece in pieces:
        for found in _FIELD.finditer(piece.text) if piece.kind != "text" else ():
            field = found["field"]
            if field in LEAD_FIELDS or field in attributes:
                continue
            place = piece.place.after(piece.text[: found.start()])
            near = nearest(field, attributes)
            if near:
                yield problem(UNKNOWN_NAME, place, f"no lead has a field `{field}`", f"did you mean `lead.{near}`?")
            else:
                told = f"nothing else in this workspace knows a field `{field}`"
                yield warning(UNKNOWN_FIELD, place, told, "see that an import or an `identify` brings it")
