"""For whom a mail can be looked at: samples, the people of a sheet, a lead of the database."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from nurture.agreement import BUILT_IN_REASONS
from nurture.authoring.preview.samples import SAMPLES
from nurture.errors import NurtureError
from nurture.facts import LeadState, Profile, Stage
from nurture.rules import grading
from nurture.rules.book import Rulebook
from nurture.rules.known import known
from nurture.sheets.people import Person, Terms
from nurture.sheets.readings import Reject, Source
from nurture.sheets.sheet import open_sheet

Origin = Literal["sample", "sheet", "database"]
FindLead = Callable[[str, Rulebook, datetime], LeadState | None]
"""Looks an address up in the database.

Raises:
    NurtureError: There is none, or it does not answer; the message says so in one line.
"""
MOST_FOUND = 30
_MAILABLE: frozenset[str] = frozenset({"inquiry", "nurture", "customer"})


@dataclass(frozen=True, slots=True)
class Line:
    """One lead in a list: what the URL calls it, who it is, and what else helps to tell it from others."""

    id: str
    name: str
    detail: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Chosen:
    """The lead that is looked at."""

    line: Line
    state: LeadState

    @property
    def profile(self) -> Profile:
        """Who it is."""
        return self.state.profile


@dataclass(frozen=True, slots=True)
class SheetOfLeads:
    """A CSV, read: its people by address, a text to search for each, and what could not be taken.

    Attributes:
        name: of the file.
        error: why the whole of it could not be read.
    """

    name: str
    people: dict[str, Person] = field(default_factory=dict)
    words: list[tuple[str, str]] = field(default_factory=list)
    rejects: int = 0
    first_reject: Reject | None = None
    error: str | None = None


def read_sheet(path: Path, book: Rulebook | None, now: datetime) -> SheetOfLeads:
    """Read a CSV as `leads import` would. Never raises: a sheet can be mended while we look."""
    people: dict[str, Person] = {}
    rejects, first = 0, None
    try:
        with open_sheet(path, terms(book, now)) as sheet:
            for row in sheet:
                if isinstance(row, Reject):
                    rejects, first = rejects + 1, first or row
                    continue
                row = replace(row, source=Source(row.source.line))
                before = people.get(row.email)
                people[row.email] = row if before is None else before.updated_by(row)
    except NurtureError as error:
        return SheetOfLeads(path.name, error=str(error))
    words = [(_words(person).casefold(), email) for email, person in people.items()]
    return SheetOfLeads(path.name, people, words, rejects, first)


def terms(book: Rulebook | None, now: datetime) -> Terms:
    """What the rows of a sheet are held against; the little that is always true while there is no agreement."""
    return Terms(frozenset(BUILT_IN_REASONS), "UTC", now) if book is None else Terms.of(book.agreement, now)


def search(sheet: SheetOfLeads | None, asked: str, most: int = MOST_FOUND) -> list[Line]:
    """Leads whose address, name or company has every word that was typed; samples first, the sheet in its order."""
    typed = asked.casefold().split()
    found = (line for line, words in _sample_lines() if all(word in words for word in typed))
    return list(islice(_both(found, _in_sheet(sheet, typed)), most))


def _both(one: Iterable[Line], other: Iterable[Line]) -> Iterator[Line]:
    yield from one
    yield from other


def _in_sheet(sheet: SheetOfLeads | None, typed: list[str]) -> Iterator[Line]:
    if sheet is not None:
        for words, email in sheet.words:
            if all(word in words for word in typed):
                yield _line(sheet.people[email], email, "sheet")


def _sample_lines() -> Iterator[tuple[Line, str]]:
    for sample in SAMPLES:
        line = Line(sample.id, _name(sample.person), sample.what, "sample")
        yield line, f"{_words(sample.person)} {sample.id} {sample.what}".casefold()


def choose(
    asked: str, sheet: SheetOfLeads | None, book: Rulebook | None, now: datetime, find: FindLead | None
) -> Chosen | str:
    """The lead that a URL names: a sample's id, or an address; nothing is the first sample. Or why there is none."""
    asked = asked.strip()
    for sample in SAMPLES:
        if asked in (sample.id, sample.person.email) or not asked:
            line = Line(sample.id, _name(sample.person), sample.what, "sample")
            return Chosen(line, state_of(sample.person, book, now))
    person = sheet.people.get(asked.lower()) if sheet is not None else None
    if person is not None:
        return Chosen(_line(person, person.email, "sheet"), state_of(person, book, now))
    return _from_database(asked, sheet, book, now, find)


def _from_database(
    asked: str, sheet: SheetOfLeads | None, book: Rulebook | None, now: datetime, find: FindLead | None
) -> Chosen | str:
    nowhere = f"{asked} is no sample" + (f" and not in {sheet.name}" if sheet is not None else "")
    if find is None or book is None:
        return f"{nowhere}; there is no database to look in"
    try:
        state = find(asked, book, now)
    except NurtureError as error:
        return f"{nowhere}; {error}"
    if state is None:
        return f"{nowhere}, and the database has no such lead"
    profile = state.profile
    name = " ".join(filter(None, (profile.first_name, profile.last_name))) or profile.email
    return Chosen(Line(profile.email, name, profile.company or profile.email, "database"), state)


def state_of(person: Person, book: Rulebook | None, now: datetime) -> LeadState:
    """A lead as it stands before anything has happened to it but what its row says."""
    profile = Profile(key=person.email, email=person.email, attributes=person.attributes, **person.profile)  # type: ignore[arg-type]
    stage: Stage = person.stage if person.stage in _MAILABLE and person.stage is not None else "nurture"
    state = LeadState(
        profile,
        stage,
        1,
        ((1, now),),
        now,
        refused=person.reject_reason is not None,
        reason=person.reject_reason,
        suppressed="unsubscribed" if person.do_not_email else None,
        basis=None if person.ground is None else person.ground.basis,
        basis_at=None if person.ground is None else person.ground.at or now,
    )
    if book is None:
        return state
    return replace(state, grade=grading.grade(book.agreement, known(book, state, now)).grade)


def _line(person: Person, id: str, origin: Origin) -> Line:  # noqa: A002 - what the URL calls it
    return Line(id, _name(person), str(person.profile.get("company") or person.email), origin)


def _name(person: Person) -> str:
    names = (person.profile.get("first_name"), person.profile.get("last_name"))
    return " ".join(str(name) for name in names if name) or person.email


def _words(person: Person) -> str:
    return f"{_name(person)} {person.profile.get('company') or ''} {person.email}"
