"""Rows to people, or to rejects with a reason."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from nurture.agreement import BUILT_IN_REASONS, Agreement
from nurture.facts import Basis, Stage
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake
from nurture.rules.profiles import fitting
from nurture.sheets import cells
from nurture.sheets.columns import Columns
from nurture.sheets.readings import NOWHERE, Reject, Source, readings
from nurture.sheets.table import Row

_T = TypeVar("_T")

_CANNOT_BE_MISSED: tuple[str, ...] = ("do_not_email", "stage", "reject_reason", "rejected_at", "tracking")
"""A row may end early, but not before a cell of these: they may say that no mail is to go, or nothing observed."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row is held against: the codes of the reject reasons, the zone of dates, and the time by which all was."""

    reasons: frozenset[str]
    zone: str
    now: datetime

    @classmethod
    def of(cls, agreement: Agreement, now: datetime) -> "Terms":
        """The terms of an agreement."""
        return cls(frozenset(agreement.reject_reasons) | set(BUILT_IN_REASONS), agreement.company.timezone, now)


@dataclass(frozen=True, slots=True)
class Ground:
    """On what ground somebody may be mailed, as a row says; `at` is None where that is not known."""

    basis: Basis
    at: datetime | None = None
    source: str | None = None
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What one row says of a lead. What it does not say is not there: an empty cell is unknown.

    `profile` holds fields of `nurture.facts.PROFILE_FIELDS`, `attributes` all other columns. `stage` is None where the
    row names none. `rejected_at` goes with `reject_reason`; None: when it was rejected is not known. `tracking`:
    whether it may be observed.
    """

    email: str
    profile: Mapping[str, str | int] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)
    stage: Stage | None = None
    reject_reason: str | None = None
    rejected_at: datetime | None = None
    do_not_email: bool = False
    ground: Ground | None = None
    tracking: bool | None = None
    source: Source = field(default=NOWHERE, compare=False)

    def updated_by(self, later: "Person") -> "Person":
        """The same person after another row: what that one says goes before; who was not to be mailed still is not."""
        said = later if later.reject_reason is not None else self
        return replace(
            later,
            profile={**self.profile, **later.profile},
            attributes={**self.attributes, **later.attributes},
            stage=later.stage or self.stage,
            reject_reason=said.reject_reason,
            rejected_at=said.rejected_at,
            do_not_email=self.do_not_email or later.do_not_email,
            ground=later.ground or self.ground,
            tracking=self.tracking if later.tracking is None else later.tracking,
        )


class MistakeOf(Mistake):
    """A mistake in one field; the message begins with its name.

    Attributes:
        field: Its name.
        said: What is wrong with it, without its name.
    """

    def __init__(self, field: str, message: str, hint: str | None = None) -> None:
        """Say of which field it is."""
        super().__init__(f"{field}: {message}", hint=hint)
        self.field, self.said = field, f"{message} ({hint})" if hint else message


def read_people(rows: Iterable[Row], columns: Columns, terms: Terms) -> Iterator[Person | Reject]:
    """Say for each row who it is, or why it is nobody."""
    return readings(rows, columns.header, lambda cells, source: _person(cells, columns, terms, source))


def read_addresses(rows: Iterable[Row], columns: Columns) -> Iterator[str]:
    """The address in each row that has one, whatever else is wrong with the row: a quick look at who is in a file."""
    position = columns.fields["email"]
    for row in rows:
        if len(row.cells) > position:
            try:
                yield parse_address(row.cells[position])
            except Mistake:
                continue


def _person(row: tuple[str, ...], columns: Columns, terms: Terms, source: Source) -> Person:
    _check_width(row, columns)
    width = len(row)
    said: dict[str, str] = {}
    for name, position in columns.fields.items():
        if position < width and (cell := row[position].strip()):
            said[name] = cell
    attributes: dict[str, str] = {}
    for name, position in columns.attributes.items():
        if position < width and (cell := row[position].strip()):
            attributes[name] = cell
    return person_of(said, attributes, terms, source)


def person_of(said: dict[str, str], attributes: Mapping[str, object], terms: Terms, source: Source = NOWHERE) -> Person:
    """Who that is, of whom this is said: fields by their names as a cell would say them, none of them empty.

    Raises:
        Mistake: It cannot be taken; a `MistakeOf` where one field is to blame.
    """
    email = _read("email", said.pop("email", ""), parse_address)
    do_not_email = _take(said, "do_not_email", cells.yes_or_no)
    stage = _take(said, "stage", cells.stage)
    reason = _take(said, "reject_reason", lambda text: cells.reject_reason(text, terms.reasons))
    rejected_at = _take(said, "rejected_at", lambda text: cells.instant(text, terms.zone))
    _check_refusal(reason, rejected_at, terms)
    ground = _ground(said, terms)
    tracking = _take(said, "tracking", cells.yes_or_no)
    employees = _take(said, "employees", cells.head_count)
    profile: dict[str, str | int] = {name: _read(name, text, cells.words) for name, text in said.items()}
    if employees is not None:
        profile["employees"] = employees
    kept = fitting({}, attributes)
    return Person(email, profile, kept, stage, reason, rejected_at, bool(do_not_email), ground, tracking, source)


def _ground(said: dict[str, str], terms: Terms) -> Ground | None:
    """The ground for mail; what belongs to one without saying which says nothing that could be relied on."""
    basis = _take(said, "consent_basis", cells.basis)
    at = _take(said, "consent_at", lambda text: cells.instant(text, terms.zone))
    source, wording = (_take(said, name, cells.words) for name in ("consent_source", "consent_wording"))
    if basis is None:
        for name, told in (("consent_at", at), ("consent_source", source), ("consent_wording", wording)):
            if told is not None:
                raise Mistake(f"consent_basis is empty, but {name} is not")
        return None
    if at is not None and at > terms.now:
        raise Mistake("consent_at lies in the future")
    return Ground(basis, at, source, wording)


def _check_width(row: tuple[str, ...], columns: Columns) -> None:
    """Refuse a row whose cells may not stand under their columns.

    Spreadsheets leave out empty cells at the ends of rows (Excel does, by blocks of 16), so a shorter row is taken. But
    a row that was torn apart is shorter too: none is taken that ends before what may forbid mail to somebody. In a
    longer row something has come between, such as a delimiter in a name that is not quoted, and nobody knows where.
    """
    width, expected = len(row), len(columns.header)
    if width > expected:
        raise Mistake(f"the row has {width} cells, the header has {expected}")
    if width < expected:
        for name in _CANNOT_BE_MISSED:
            if columns.fields.get(name, 0) >= width:
                raise Mistake(f"the row has {width} cells, the header has {expected}: it ends before its {name}")


def _check_refusal(reason: str | None, at: datetime | None, terms: Terms) -> None:
    if at is None:
        return
    if reason is None:
        raise Mistake("reject_reason is empty, but rejected_at says that the lead was rejected")
    if at > terms.now:
        raise Mistake("rejected_at lies in the future")


def _take(said: dict[str, str], name: str, read: Callable[[str], _T]) -> _T | None:
    text = said.pop(name, None)
    return None if text is None else _read(name, text, read)


def _read(name: str, text: str, read: Callable[[str], _T]) -> _T:
    try:
        return read(text)
    except Mistake as mistake:
        raise MistakeOf(name, mistake.message, mistake.hint) from None
