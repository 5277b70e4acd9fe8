"""Which column says what of a lead."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nurture.errors import NurtureError, UsageError
from nurture.facts import PROFILE_FIELDS
from nurture.grammar.mistakes import did_you_mean
from nurture.rules.profiles import LONGEST_NAME, MOST_ATTRIBUTES

CONSENT: tuple[str, ...] = ("consent_basis", "consent_at", "consent_source", "consent_wording")
"""On what ground a lead may be mailed: `nurture.facts.BASES`, since when, where that was said, and in what words."""
FIELDS: tuple[str, ...] = (
    "email", *PROFILE_FIELDS, "stage", "reject_reason", "rejected_at", "do_not_email", *CONSENT, "tracking",
)  # fmt: skip
"""Columns that are known by their names; any other becomes an attribute."""
REJECTS: tuple[str, ...] = ("line", "reason")
"""How a file of rejects begins; it can be mended and imported, and these say nothing of the lead."""

_BETWEEN_WORDS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where to look in a row.

    Attributes:
        header: names of all columns, in order.
        fields: position of each field of a lead that the file has.
        attributes: position of each attribute, by name.
        notes: what the author of the file may not have meant, a sentence each.
    """

    header: tuple[str, ...]
    fields: Mapping[str, int]
    attributes: Mapping[str, int]
    notes: tuple[str, ...] = ()


def parse_maps(maps: Sequence[str]) -> dict[str, str]:
    """Read `field=column` as given to `--map`, once or more; a field may also be an attribute's name.

    Raises:
        UsageError: One is not of this form, or a field comes twice.
    """
    asked: dict[str, str] = {}
    for said in maps:
        field, equals, column = (part.strip() for part in said.partition("="))
        if not (field and equals and column):
            raise UsageError(f"--map takes field=column, such as email='Work e-mail'; {said!r} is not that")
        field = field_of(field) or field
        if field in asked:
            raise UsageError(f"--map says twice which column holds {field}: {asked[field]!r} and {column!r}")
        asked[field] = column
    return asked


def field_of(name: str) -> str | None:
    """The field that a column of this name holds, whatever its case, spaces, hyphens and underscores."""
    return _BY_FOLD.get(_fold(name))


def match_columns(
    header: Sequence[str], asked: Mapping[str, str], *, repeated: Sequence[str] = (), name: str = "the file"
) -> Columns:
    """Say what each column holds. `asked` (field or attribute → column) goes before the columns' own names.

    Args:
        header: names of the columns, each another one.
        asked: what `--map` said.
        repeated: names that the file has more than once, for the notes.
        name: of the file, for messages.

    Raises:
        UsageError: `asked` names a column that there is not.
        NurtureError: No column holds the address.
    """
    fields: dict[str, int] = {}
    attributes: dict[str, int] = {}
    notes = [
        f"more than one column is called {again!r}; all but the first are kept as attributes" for again in repeated
    ]
    for field, column in asked.items():
        position = _position(header, column, name)
        (fields if field in FIELDS else attributes)[field] = position
        if field not in FIELDS and (hint := did_you_mean(field, FIELDS)):
            notes.append(f"--map {field}: is no field of a lead, so it is kept as an attribute ({hint})")
    passed = {*fields.values(), *attributes.values()}
    if tuple(header[: len(REJECTS)]) == REJECTS:
        passed.update(range(len(REJECTS)))
    for position, column in enumerate(header):
        if position in passed:
            continue
        field_here = field_of(column)
        if field_here is not None and field_here not in fields:
            fields[field_here] = position
        else:
            attributes.setdefault(column, position)
    if "email" not in fields:
        raise NurtureError(_no_address(header, name))
    notes += _left_out(attributes)
    return Columns(tuple(header), fields, attributes, tuple(notes))


def _left_out(attributes: Mapping[str, int]) -> Iterator[str]:
    fitting = [name for name in attributes if len(name) <= LONGEST_NAME]
    if too_long := [name for name in attributes if len(name) > LONGEST_NAME]:
        yield f"columns left out, for their names have more than {LONGEST_NAME} characters: {len(too_long)}"
    if len(fitting) > MOST_ATTRIBUTES:
        yield f"{len(fitting)} columns are attributes, of which each lead keeps the first {MOST_ATTRIBUTES} that it has"


def _position(header: Sequence[str], column: str, name: str) -> int:
    if column in header:
        return header.index(column)
    alike = [position for position, there in enumerate(header) if _fold(there) == _fold(column)]
    if len(alike) == 1:
        return alike[0]
    hint = did_you_mean(column, header)
    near = f" ({hint})" if hint else ""
    raise UsageError(f"--map: {name} has no column {column!r}{near}; it has {_listed(header)}")


def _no_address(header: Sequence[str], name: str) -> str:
    if any("@" in column for column in header):
        return f"{name}: the first line has to name the columns, and this one holds an address: {_listed(header)}"
    likely = next((column for column in header if "mail" in column.casefold()), "COLUMN")
    return (
        f"{name}: no column is called `email`; say which one holds the address with --map email={_shell(likely)}; "
        f"there are {_listed(header)}"
    )


def _listed(header: Sequence[str]) -> str:
    return ", ".join(f"`{column}`" for column in header)


def _shell(word: str) -> str:
    return word if re.fullmatch(r"[\w.-]+", word) else f"'{word}'"


def _fold(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name).casefold()


_BY_FOLD = {_fold(field): field for field in FIELDS}
