"""Which column says what of a handoff that another CRM had."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nurture.errors import NurtureError, UsageError
from nurture.grammar.mistakes import did_you_mean, one_of

ABOUT_LEAD: tuple[str, ...] = ("email", "first_name", "last_name", "title", "company", "country", "industry", "source")
"""What is taken over of a lead that is not known yet."""
FIELDS: tuple[str, ...] = (
    "id", *ABOUT_LEAD, "owner", "state", "offered_at", "accepted_at", "contacted_at", "qualified_at", "closed_at",
    "value", "reason", "note",
)  # fmt: skip
"""Columns that are known; all others are kept with the handoff as they are."""
_ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("opportunity id", "deal id", "record id", "external id", "lead id"),
    "email": ("contact email", "e-mail", "email address", "associated contact email"),
    "company": ("account", "account name", "company name", "associated company"),
    "owner": ("rep", "agent", "sales agent", "deal owner", "opportunity owner", "lead owner", "owner email"),
    "state": ("stage", "status", "deal stage", "lead status"),
    "offered_at": ("engage date", "create date", "created date", "created at", "opened at"),
    "closed_at": ("close date", "closed date"),
    "value": ("amount", "close value", "deal value"),
    "reason": ("lost reason", "loss reason", "closed lost reason"),
    "note": ("notes", "description"),
    "source": ("lead source",),
}
_BETWEEN_WORDS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class DealColumns:
    """Where to look in a row: the file's columns, the position of each field, and of each column that is only kept."""

    header: tuple[str, ...]
    fields: Mapping[str, int]
    kept: Mapping[str, int]


def parse_maps(said: Sequence[str]) -> dict[str, str]:
    """Read `FIELD=COLUMN` as given to `--map`, once or more.

    Raises:
        UsageError: One is not of this form, names no field, or one that was named already.
    """
    asked: dict[str, str] = {}
    for one in said:
        name, equals, column = (part.strip() for part in one.partition("="))
        if not (name and equals and column):
            raise UsageError(f"--map takes FIELD=COLUMN, such as id='Deal number'; {one!r} is not that")
        field = _BY_FOLD.get(_fold(name))
        if field is None:
            near = did_you_mean(name, FIELDS) or f"there are {', '.join(FIELDS)}"
            raise UsageError(f"--map: {name} is no field of a handoff ({near})")
        if field in asked:
            raise UsageError(f"--map says twice which column holds {field}: {asked[field]!r} and {column!r}")
        asked[field] = column
    return asked


def match(header: Sequence[str], asked: Mapping[str, str], name: str = "the file") -> DealColumns:
    """Say what each column holds. `asked` (field → column) goes before the columns' own names, ours before others'.

    Raises:
        UsageError: `asked` names a column that there is not.
        NurtureError: No column tells deals apart, or says how they stand.
    """
    fields = {field: _position(header, column, name) for field, column in asked.items()}
    taken = set(fields.values())
    if tuple(header[:2]) == ("line", "reason"):
        taken |= {0, 1}  # what an earlier import wrote in front of rows that it did not take
    for names in (_BY_FOLD, _BY_ALIAS):
        for position, column in enumerate(header):
            field = names.get(_fold(column))
            if field is not None and field not in fields and position not in taken:
                fields[field] = position
                taken.add(position)
    for needed, why in (("id", "tells one deal from another"), ("state", "says how a deal stands")):
        if needed not in fields:
            listed = ", ".join(f"`{column}`" for column in header)
            raise NurtureError(
                f"{name}: no column {why}; say which with --map {needed}=COLUMN; there are {listed}"
            )  # fmt: skip
    kept = {column: position for position, column in enumerate(header) if position not in taken}
    return DealColumns(tuple(header), fields, kept)


def _position(header: Sequence[str], column: str, name: str) -> int:
    alike = [position for position, there in enumerate(header) if there == column]
    alike = alike or [position for position, there in enumerate(header) if _fold(there) == _fold(column)]
    if alike:
        return alike[0]
    near = did_you_mean(column, header) or f"it has {one_of(header)}"
    raise UsageError(f"--map: {name} has no column {column!r} ({near})")


def _fold(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name).casefold()


_BY_FOLD = {_fold(field): field for field in FIELDS}
_BY_ALIAS = {_fold(alias): field for field, aliases in _ALIASES.items() for alias in aliases}
