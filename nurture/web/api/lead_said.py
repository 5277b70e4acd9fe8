"""A lead as a program says it, read as a row of a file is: the same fields, the same words, the same refusals."""

from collections.abc import Mapping
from typing import Any

import orjson

from nurture.grammar.mistakes import Mistake
from nurture.rules.profiles import LONGEST_NAME, LONGEST_VALUE, MOST_ATTRIBUTES
from nurture.sheets.columns import field_of
from nurture.sheets.people import MistakeOf, Person, Terms, person_of
from nurture.web.api.problems import Fault
from nurture.web.api.strict_json import escaped, faults

FLAGS = frozenset({"do_not_email", "tracking"})
NUMBERS = frozenset({"employees"})
ATTRIBUTES = "attributes"


class Unfit(Exception):
    """A lead that cannot be taken.

    Attributes:
        faults: what is wrong, each with its pointer below the lead.
    """

    def __init__(self, *faults: Fault) -> None:
        """Keep them."""
        super().__init__(faults[0].detail)
        self.faults = faults


def read_lead(said: object, terms: Terms) -> Person:
    """Who that is.

    What is null or empty says nothing, as an empty cell. A name that is no field's is an attribute's; `attributes` may
    hold them too.

    Raises:
        Unfit: It cannot be taken; says why and where.
    """
    if not isinstance(said, dict):
        raise Unfit(Fault("it has to be an object that says who the lead is", ""))
    if found := list(faults(said)):
        raise Unfit(*found)
    cells: dict[str, str] = {}
    called: dict[str, str] = {}
    attributes: dict[str, Any] = {}
    for name, value in said.items():
        field = field_of(name)
        if name == ATTRIBUTES:
            attributes |= _inner(value)
        elif value in (None, ""):
            continue
        elif field is None:
            attributes[name] = value
        elif field in called:
            raise Unfit(Fault(f"it says the same as {called[field]}; say one of them", f"/{escaped(name)}"))
        else:
            called[field] = name
            cells[field] = _cell(field, name, value)
    _check_attributes(attributes, said)
    try:
        return person_of({name: text for name, text in cells.items() if text}, attributes, terms)
    except MistakeOf as mistake:
        raise Unfit(Fault(mistake.said, f"/{escaped(called.get(mistake.field, mistake.field))}")) from None
    except Mistake as mistake:
        raise Unfit(Fault(str(mistake), "")) from None


def _inner(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unfit(Fault("it has to be an object: names of attributes, and their values", f"/{ATTRIBUTES}"))
    return {name: inner for name, inner in value.items() if inner not in (None, "")}


def _cell(field: str, name: str, value: object) -> str:
    """A value as a cell of a file would have it."""
    if isinstance(value, str):
        return value.strip()
    if field in FLAGS and isinstance(value, bool):
        return "yes" if value else "no"
    if field in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value)) if value == int(value) else str(value)
    wanted = "true or false" if field in FLAGS else "a number or a text" if field in NUMBERS else "a text"
    raise Unfit(Fault(f"it has to be {wanted}", f"/{escaped(name)}"))


def _check_attributes(attributes: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Refuse what would be left out in silence."""
    for name, value in attributes.items():
        at = f"/{escaped(name)}" if name in said and said[name] is value else f"/{ATTRIBUTES}/{escaped(name)}"
        if len(name) > LONGEST_NAME or not name.strip():
            raise Unfit(Fault(f"an attribute's name has 1 to {LONGEST_NAME} characters", at))
        if len(orjson.dumps(value)) > LONGEST_VALUE:
            raise Unfit(Fault(f"an attribute has at most {LONGEST_VALUE:,} octets as JSON", at))
    if len(attributes) > MOST_ATTRIBUTES:
        raise Unfit(Fault(f"a lead has at most {MOST_ATTRIBUTES} attributes", ""))
