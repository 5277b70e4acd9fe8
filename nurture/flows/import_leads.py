"""Take in a file of leads: new ones arrive or are refused, known ones are updated, rejects are written down.

A batch is a transaction. Should the import stop half way, what was committed stays; imported once more, a file changes
nothing that it has changed already.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from nurture.app import App
from nurture.db import is_deadlock_or_serialization, transaction
from nurture.flows.decide import decide, offered
from nurture.rules.happenings import Arrived, Happening, MustNotBeMailed, ProfileChanged, Refused
from nurture.sheets.people import Person, Reject
from nurture.sheets.rejects import RejectsFile
from nurture.store import incoming, leads
from nurture.store.incoming import Heard
from nurture.store.suppressions import suppress

BATCH = 2000
TRIES = 3
BY = "import"
WITH_NURTURE: frozenset[str] = frozenset({"inquiry", "nurture", "customer"})
"""Stages in which a new lead arrives. In any other, sales has it, or it is over."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the rows of a file: `read` is `created` + `updated` + `rejected`.

    `updated` counts every row about a lead that was known, whether it changed anything or not; a second row with the
    same address in one file is such a row. `offered` leads were handed to sales.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    rejected: int = 0
    rejects_file: Path | None = None
    offered: int = 0


@dataclass(slots=True)
class _Tally:
    """The counts so far, and where rejects go."""

    rejects: RejectsFile
    created: int = 0
    updated: int = 0
    offered: int = 0

    @property
    def read(self) -> int:
        return self.created + self.updated + self.rejects.count


@dataclass(slots=True)
class _Somebody:
    """All that a batch says of one address, in the order of its rows."""

    person: Person
    rows: list[Person] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What one transaction did."""

    created: int
    offered: int


def import_leads(
    app: App,
    rows: Iterable[Person | Reject],
    now: datetime,
    *,
    rejects: Path | None = None,
    progress: Callable[[int], None] | None = None,
    batch: int = BATCH,
) -> Imported:
    """Store what the rows say and let the rules decide what follows for each lead.

    A new lead with a reject reason was refused; without one it arrives, unless its stage says that it is with sales or
    over. A known lead is updated (an empty cell changes nothing; a stage neither, for stages are moved by what happens)
    and refused where the refusal is news. Whoever must not be mailed is suppressed first. Rows of one batch with the
    same address are one person, of whom the later row knows better.

    Args:
        app: where leads live.
        rows: people and rejects, as `nurture.sheets` reads them.
        now: business time.
        rejects: where rejected rows are written, if there are any; None: nowhere.
        progress: told, after each batch, how many rows have been dealt with.
        batch: rows a transaction.

    Raises:
        NurtureError: The rejects cannot be written.
    """
    stream = iter(rows)
    with RejectsFile(rejects) as written:
        tally = _Tally(written)
        while taken := list(islice(stream, batch)):
            _take(app, taken, now, tally)
            if progress is not None:
                progress(tally.read)
    if tally.offered:
        app.nudge("notices")
    return Imported(tally.read, tally.created, tally.updated, written.count, written.path, tally.offered)


def _take(app: App, rows: Sequence[Person | Reject], now: datetime, tally: _Tally) -> None:
    """One batch; where it cannot be stored as a whole, person by person."""
    people: dict[str, _Somebody] = {}
    for row in rows:
        if isinstance(row, Reject):
            tally.rejects.write(row)
            continue
        somebody = people.get(row.email)
        if somebody is None:
            people[row.email] = _Somebody(row, [row])
        else:
            somebody.person = somebody.person.updated_by(row)
            somebody.rows.append(row)
    if not people:
        return
    everybody = list(people.values())
    try:
        _note(tally, everybody, _store(app, everybody, now))
    except Exception as error:
        _raise_if_away(error)
        log.warning("a batch could not be stored; its leads are stored one by one", extra={"leads": len(everybody)})
        for somebody in everybody:
            _take_one(app, somebody, now, tally)


def _take_one(app: App, somebody: _Somebody, now: datetime, tally: _Tally) -> None:
    try:
        stored = _store(app, [somebody], now)
    except Exception as error:
        _raise_if_away(error)
        log.warning(
            "a row could not be stored", extra={"line": somebody.person.source.line, "error": type(error).__name__}
        )
        because = " ".join(str(getattr(error, "orig", error)).split("\n")[0].split())
        for row in somebody.rows:
            tally.rejects.write(Reject(f"cannot be stored: {because}", row.source))
    else:
        _note(tally, [somebody], stored)


def _raise_if_away(error: Exception) -> None:
    """The database is gone or full: no row is to blame."""
    if isinstance(error, OperationalError) and not is_deadlock_or_serialization(error):
        raise error


def _note(tally: _Tally, people: Sequence[_Somebody], stored: _Stored) -> None:
    tally.created += stored.created
    tally.updated += sum(len(somebody.rows) for somebody in people) - stored.created
    tally.offered += stored.offered


def _store(app: App, people: Sequence[_Somebody], now: datetime) -> _Stored:
    """One transaction, tried again where another one was in its way."""
    by_email = {somebody.person.email: somebody.person for somebody in people}
    for attempt in range(TRIES):
        try:
            with transaction(app.engine) as db:
                return _stored(db, app, by_email, now)
        except Exception as error:
            if attempt + 1 == TRIES or not is_deadlock_or_serialization(error):
                raise
    raise AssertionError("unreachable")


def _stored(db: Connection, app: App, people: Mapping[str, Person], now: datetime) -> _Stored:
    """Lock, insert, update, suppress; then let happen what follows."""
    incoming.copy_in(db, (_values(person) for person in people.values()))
    known = incoming.lock_known(db)
    new = incoming.insert_new(db, now)
    if len(known) + len(new) < len(people):  # somebody else has just inserted the rest
        known = {email: lead_id for email, lead_id in incoming.lock_known(db).items() if email not in new}
    given = [(lead_id, _values(people[email])) for email, lead_id in known.items()]
    changed = leads.update(db, given, now, source=BY) if given else []
    _suppress(db, app, people, known, now)
    happenings: dict[int, Happening] = {lead_id: ProfileChanged() for lead_id in changed}
    happenings |= _refused_anew(db, {lead_id: people[email] for email, lead_id in known.items()}, now)
    for email, lead_id in new.items():
        if (arrival := _arrival(people[email], now)) is not None:
            happenings[lead_id] = arrival
    return _Stored(len(new), offered(decide(db, app, happenings, now)))


def _suppress(db: Connection, app: App, people: Mapping[str, Person], known: Mapping[str, int], now: datetime) -> None:
    """Before anything else: whoever is not to be mailed leaves the campaign, and none takes them."""
    quiet = [email for email, person in people.items() if person.do_not_email]
    if suppress(db, quiet, reason="unsubscribed", how=BY, at=now):
        decide(db, app, {known[email]: MustNotBeMailed("unsubscribed") for email in quiet if email in known}, now)


def _arrival(person: Person, now: datetime) -> Happening | None:
    """What a lead that nobody knew comes in with."""
    if person.reject_reason is not None:
        return _refusal(person, now)
    return Arrived() if (person.stage or "inquiry") in WITH_NURTURE else None


def _refused_anew(db: Connection, known: Mapping[int, Person], now: datetime) -> dict[int, Happening]:
    """Refusals of known leads that we have not heard of; the same row twice is no news."""
    refused = {lead_id: person for lead_id, person in known.items() if person.reject_reason is not None}
    news: dict[int, Happening] = {}
    for heard in incoming.heard_of(db, list(refused)):
        person = refused[heard.lead_id]
        if _is_news(heard, person):
            news[heard.lead_id] = _refusal(person, now)
    return news


def _refusal(person: Person, now: datetime) -> Refused:
    return Refused(person.reject_reason or "", at=person.rejected_at or now, by=BY)


def _is_news(heard: Heard, person: Person) -> bool:
    """Whether a refusal is one that we have not heard of.

    With a date: it is later than the last one, and than the offer that is open. Without: it has never been given as the
    reason. A lead that is disqualified stays so.
    """
    if heard.stage == "disqualified":
        return False
    if person.rejected_at is None:
        return person.reject_reason not in heard.reasons
    return heard.last_at is None or person.rejected_at > heard.last_at


def _values(person: Person) -> dict[str, object]:
    return {**person.profile, "email": person.email, "attributes": person.attributes, "stage": person.stage}
