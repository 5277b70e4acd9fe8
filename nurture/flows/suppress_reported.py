"""Suppress whom reports on mails are about, all of them at once: a storm of bounces must not take a statement each.

All within the transaction of `flows.take_reports`, which has locked the leads that the mails were for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import TryAgain
from nurture.flows.decide import decide
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake
from nurture.rules.bounces import Word
from nurture.rules.happenings import MustNotBeMailed
from nurture.rules.suppressing import KINDS, word_of
from nurture.store import leads, merging, suppressions
from nurture.store.reports import ReportRow
from nurture.store.states import lock


@dataclass(frozen=True, slots=True)
class Said:
    """What a report says of an address, and how we know, for operators."""

    row: ReportRow
    word: Word
    how: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """Whom to put on the list: a lead at all its addresses, or at this one; or an address alone."""

    word: Word
    how: str
    lead_id: int | None = None
    address: str | None = None
    by: str = ""


def suppress_reported(db: Connection, app: App, said: Sequence[Said], now: datetime) -> int:
    """Suppress the person for a wish, the one address for a bounce; gives how many reports did so.

    A wish holds for every address of its person, and for the address that it came from. A bounce of an address that is
    not the lead's any more says nothing of the one that is.
    """
    owners = leads.ids_of(db, sorted({one.row.recipient for one in said if one.row.recipient is not None}))
    entries: list[_Entry] = []
    count = 0
    for one in said:
        found = _entries(one, owners)
        entries += found
        count += bool(found)
    _suppress(db, app, entries, now)
    return count


def _entries(said: Said, owners: Mapping[str, int]) -> list[_Entry]:
    row, word, how = said.row, said.word, said.how
    if row.recipient is None and (row.lead_id is None or word == "bounced"):
        return []
    found = []
    if row.lead_id is not None:
        found.append(_Entry(word, how, row.lead_id, row.recipient if word == "bounced" else None))
        if word == "bounced" or row.recipient is None or owners.get(row.recipient) == row.lead_id:
            return found
    try:
        address = parse_address(row.recipient or "")
    except Mistake:
        return found
    owner = owners.get(address)
    if owner is not None:
        found.append(_Entry(word, how, owner, address if word == "bounced" else None, row.provider))
    return [*found, _Entry(word, how, None, address, row.provider)]


def _suppress(db: Connection, app: App, entries: Iterable[_Entry], now: datetime) -> None:
    """Write them reason by reason, the strictest last, and tell each lead whose own address is news."""
    by_word: dict[Word, list[_Entry]] = defaultdict(list)
    for entry in entries:
        by_word[entry.word].append(entry)
    ids = {entry.lead_id for some in by_word.values() for entry in some if entry.lead_id is not None}
    if len(lock(db, ids)) < len(ids):
        raise TryAgain  # one was merged into another in between
    known_by = merging.addresses_by_lead(db, ids)
    for word in sorted(by_word, key=KINDS.index):
        said: dict[str, tuple[str, str]] = {}
        for entry in by_word[word]:
            alone = [] if entry.address is None else [entry.address]
            for email in alone or known_by[entry.lead_id or 0]:
                said.setdefault(email, (entry.how, entry.by))
        new = suppressions.suppress_each(db, said, reason=word, at=now)
        told = {
            entry.lead_id: MustNotBeMailed(word_of(word))
            for entry in by_word[word]
            if entry.lead_id is not None and _is_told(entry, known_by[entry.lead_id], new)
        }
        if told:
            decide(db, app, told, now)


def _is_told(entry: _Entry, known_by: Sequence[str], new: set[str]) -> bool:
    """Whether anything is news that stops mail to the lead: its own address stands first."""
    if entry.address is not None:
        return entry.address == known_by[0] and entry.address in new
    return not new.isdisjoint(known_by)
