"""Rows to handoffs that another CRM had, or to rejects with a reason."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from nurture.agreement import BUILT_IN_REASONS, Agreement
from nurture.errors import NotFound, NurtureError
from nurture.facts import OPEN_HANDOFF, HandoffState
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake, quoted
from nurture.rules.assignment import whom
from nurture.sheets import cells, dates, deal_states
from nurture.sheets.dates import DateOrder
from nurture.sheets.deal_columns import ABOUT_LEAD, DealColumns, match
from nurture.sheets.decoding import Lines
from nurture.sheets.people import MistakeOf
from nurture.sheets.readings import NOWHERE, Reject, Source, readings
from nurture.sheets.table import Row, Table

_T = TypeVar("_T")

NOBODYS = "no-address.invalid"
"""The domain of leads whose address nobody knows. `.invalid` never exists (RFC 2606), so nothing can be sent there."""
LONGEST_ID, LONGEST_NOTE = 200, 10_000
_PLAIN = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_MONEY = re.compile(r"[^\d.,()-]")
_TIMES = ("offered_at", "accepted_at", "contacted_at", "qualified_at", "closed_at")


@dataclass(frozen=True, slots=True)
class DealTerms:
    """What a row is held against: the agreement, the time by which all was, what the file means by words and dates."""

    agreement: Agreement
    now: datetime
    states: Mapping[str, HandoffState] = field(default_factory=dict)
    order: DateOrder | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """What one row says of a handoff. `offered_at` is None where the file does not know; so is `reason`.

    `email` is the lead's, or one at `NOBODYS` that stands for a lead without one. `about` holds fields of its profile,
    `kept` what the file's other columns say.
    """

    id: str
    email: str
    state: HandoffState
    offered_at: datetime | None
    owner: str | None = None
    accepted_at: datetime | None = None
    contacted_at: datetime | None = None
    qualified_at: datetime | None = None
    closed_at: datetime | None = None
    value: Decimal | None = None
    reason: str | None = None
    note: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    source: Source = field(default=NOWHERE, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether sales still has it."""
        return self.state in OPEN_HANDOFF

    @property
    def is_nobodys(self) -> bool:
        """Whether nobody knows the lead's address."""
        return self.email.endswith(f"@{NOBODYS}")


class Deals:
    """A file whose columns are known. Iterating reads it, once; `size` and `position` count its bytes."""

    def __init__(self, table: Table, columns: DealColumns, terms: DealTerms, size: int) -> None:
        """Put the parts together; `open_deals` makes them."""
        self.columns, self.size = columns, size
        self._table, self._terms = table, terms

    def __iter__(self) -> Iterator[Deal | Reject]:
        return read_deals(self._table, self.columns, self._terms)

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._table.lines.position


@contextmanager
def open_deals(
    path: Path, terms: DealTerms, *, asked: Mapping[str, str] | None = None, encoding: str | None = None
) -> Iterator[Deals]:
    """Open a file and read its header.

    Raises:
        NotFound: There is no such file.
        NurtureError: It cannot be read, is no CSV, or lacks a column that is needed.
        UsageError: `asked` names a column that it has not, or `encoding` is none.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"{path}: there is no such file") from error
    except OSError as error:
        raise NurtureError(f"{path}: cannot be read ({error.strerror})") from error
    with file:
        table = Table(Lines(file, path.name, encoding))
        yield Deals(table, match(table.header, asked or {}, path.name), terms, path.stat().st_size)


def read_deals(rows: Iterable[Row], columns: DealColumns, terms: DealTerms) -> Iterator[Deal | Reject]:
    """Say for each row what was offered, or why it is nothing."""
    return readings(rows, columns.header, lambda cells, source: _deal(cells, columns, terms, source))


def _deal(row: tuple[str, ...], columns: DealColumns, terms: DealTerms, source: Source) -> Deal:
    if len(row) > len(columns.header):
        raise Mistake(f"the row has {len(row)} cells, the header has {len(columns.header)}")
    said = _cells(row, columns.fields)
    key = _read("id", said.get("id", ""), _id)
    state = _read("state", said.get("state", ""), lambda text: deal_states.state(text, terms.states))
    zone = terms.agreement.company.timezone
    times = {name: _read(name, said[name], lambda text: dates.instant(text, zone, terms.order))
             for name in _TIMES if name in said}  # fmt: skip
    if state in OPEN_HANDOFF:
        times.pop("closed_at", None)  # CRMs say of what is open when they expect it to close
    offered_at = times.pop("offered_at", None) or min(times.values(), default=None)
    _check_times(state, offered_at, times, terms.now)
    reason, note = _why(said, terms.agreement)
    return Deal(
        id=key,
        email=_read("email", said["email"], parse_address) if "email" in said else nobodys_address(key),
        state=state,
        offered_at=offered_at,
        owner=_owner(said.get("owner"), terms.agreement),
        value=_read("value", said["value"], money) if "value" in said else None,
        reason=reason if state in ("lost", "rejected", "returned") else None,
        note=note,
        about={name: _read(name, said[name], cells.words) for name in ABOUT_LEAD if name in said and name != "email"},
        kept=_cells(row, columns.kept),
        source=source,
        **times,
    )


def nobodys_address(key: str) -> str:
    """An address that stands for a lead of whom only a deal's id is known: always the same for the same id."""
    digest = sha256(key.encode()).hexdigest()
    plain = key.casefold() if _PLAIN.fullmatch(key.casefold()) and len(key) <= 40 else "deal"
    return f"{plain}-{digest[:12]}@{NOBODYS}"


def money(text: str) -> Decimal:
    """An amount, with or without a currency and marks between thousands: `1054`, `$1,054.00`, `1.054,00 €`.

    Raises:
        Mistake: it is none.
    """
    plain = _MONEY.sub("", text)
    marks = [mark for mark in plain if mark in ".,"]
    decimal = None
    if marks and (marks.count(marks[-1]) == 1 and len(plain) - plain.rindex(marks[-1]) - 1 != 3):
        decimal = marks[-1]
    whole, _, cents = plain.rpartition(decimal) if decimal else (plain, "", "")
    try:
        amount = Decimal(re.sub("[.,]", "", whole or "0") + (f".{cents}" if cents else ""))
    except InvalidOperation:
        raise Mistake(f"{quoted(text)} is no amount", hint="such as `1054` or `1,054.00`") from None
    if not re.search(r"\d", plain) or abs(amount) >= 10**15:
        raise Mistake(f"{quoted(text)} is no amount", hint="such as `1054` or `1,054.00`")
    return amount


def _cells(row: tuple[str, ...], positions: Mapping[str, int]) -> dict[str, str]:
    return {name: cell for name, at in positions.items() if at < len(row) and (cell := row[at].strip())}


def _check_times(
    state: HandoffState, offered_at: datetime | None, times: Mapping[str, datetime], now: datetime
) -> None:
    """Refuse what cannot have been. What is open and undated is taken: that it is open now is known."""
    if state not in OPEN_HANDOFF and "closed_at" not in times:
        raise MistakeOf("closed_at", f"it is empty, and a deal that is {state} was closed at some time")
    for name, at in {"offered_at": offered_at, **times}.items():
        if at is not None and at > now:
            raise MistakeOf(name, "it lies in the future")
        if at is not None and offered_at is not None and at < offered_at:
            raise MistakeOf(name, f"{at:%Y-%m-%d} is before the deal was opened, on {offered_at:%Y-%m-%d}")


def _why(said: Mapping[str, str], agreement: Agreement) -> tuple[str | None, str | None]:
    """The agreement's reason, and the note. Reasons are often free text: what is no reason of ours is kept as said."""
    note, text = said.get("note", "")[:LONGEST_NOTE], said.get("reason")
    if text is None:
        return None, note or None
    codes = {*agreement.reject_reasons, *BUILT_IN_REASONS}
    by_label = {reason.label.casefold(): code for code, reason in agreement.reject_reasons.items()}
    try:
        return by_label.get(text.casefold()) or cells.reject_reason(text, codes), note or None
    except Mistake:
        return None, f"{text}: {note}"[:LONGEST_NOTE] if note else text[:LONGEST_NOTE]


def _owner(text: str | None, agreement: Agreement) -> str | None:
    """The address of the rep whom the agreement calls so, else the name as it stands."""
    return None if text is None else whom(agreement, text) or _read("owner", text, cells.words)


def _id(text: str) -> str:
    if not text:
        raise Mistake("it is empty")
    if len(text) > LONGEST_ID:
        raise Mistake(f"it has more than {LONGEST_ID} characters")
    return text


def _read(name: str, text: str, read: Callable[[str], _T]) -> _T:
    try:
        return read(text)
    except Mistake as mistake:
        raise MistakeOf(name, mistake.message, mistake.hint) from None
