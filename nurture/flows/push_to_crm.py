"""Tell a CRM of leads that have changed: a batch is leased, looked up there, written, and settled one by one.

Writing is idempotent, so what was written and not settled (a crash, an answer that was lost) is written again. What
stands in the way of all leads (no login, a missing field, too many requests) holds the batch as if nobody had tried;
what stands in the way of one, an error of ours too, is tried again by the outbox's schedule, or given up and shown
(`nurture notices list`).
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row

from nurture.app import App
from nurture.crm import terms_of
from nurture.crm.protocol import Record, Write, Written
from nurture.db import is_away, transaction
from nurture.errors import CrmAway
from nurture.flows.crm_values import Telling, telling, why_not
from nurture.flows.keeping import kept
from nurture.flows.stay_home import is_home
from nurture.logs import cause_of
from nurture.notifiers.schedule import next_try
from nurture.rules.crm import Shared, shared
from nurture.store import crm, crm_outbox
from nurture.store.crm_outbox import Settled

WAIT, WAIT_FOR_A_PERSON = timedelta(minutes=1), timedelta(minutes=15)
"""How long a CRM is left alone that is away, and one that lets us not in."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pushed:
    """How many leads a CRM was told of, and of how many not. `more`: others may be waiting; `away`: why it rests."""

    written: int = 0
    unchanged: int = 0
    cancelled: int = 0
    put_off: int = 0
    failed: int = 0
    more: bool = False
    away: str | None = None


@dataclass(frozen=True, slots=True)
class _Planned:
    """One lead on its way: what is to be told, of which row of the outbox, to which record."""

    row: Row[Any]
    telling: Telling
    link: Row[Any] | None
    record: Record | None
    shared: Shared

    @property
    def write(self) -> Write:
        values = {**self.telling.values, **self.shared.values}
        return Write(self.telling.who, self.record, values, self.telling.profile, self.shared.owner)


def push(app: App, channel: str, now: datetime) -> Pushed:
    """Tell one batch. Nothing is told out of a copy of a database (`stay_home`)."""
    if not is_home(app, now):
        return Pushed()
    connector, token = app.crm[channel], uuid4()
    with transaction(app.engine) as db:
        if crm.begin(db, channel, now):
            crm_outbox.queue_all(db, channel, now)
        state = crm.state(db, channel)
        if state is not None and state.held_until is not None and state.held_until > now:
            return Pushed(away=state.error)
        rows = crm_outbox.lease(db, channel, token=token, now=now, most=connector.batch)
    if not rows:
        return Pushed()
    with kept(app, partial(crm_outbox.renew, ids=[row.id for row in rows], token=token)):
        return _Batch(app, channel, rows, token, now).push()


_Told = tuple[Telling, Row[Any] | None]
"""What there is to tell of a lead, and what is remembered of its record."""


class _Batch:
    """Rows of the outbox that are ours for a while."""

    def __init__(self, app: App, channel: str, rows: Sequence[Row[Any]], token: UUID, now: datetime) -> None:
        self.app, self.channel, self.token, self.now = app, channel, token, now
        self.connector, self.terms = app.crm[channel], terms_of(app.agreement.crm, channel)
        self.waiting = {row.lead_id: row for row in rows}
        self.taken: dict[str, int] = {}
        self.settled: list[Settled] = []
        self.became: Counter[str] = Counter()

    def push(self) -> Pushed:
        away = None
        try:
            self._tell(self._worth_telling())
        except CrmAway as error:
            away = str(error)
            self._hold(error)
        with transaction(self.app.engine) as db:
            crm_outbox.settle(db, self.settled, self.token, self.now)
        return Pushed(**self.became, more=away is None, away=away)

    def _worth_telling(self) -> list[_Told]:
        with transaction(self.app.engine) as db:
            facts = crm.facts(db, list(self.waiting))
            links = crm.links(db, self.channel, list(self.waiting))
        found = []
        for lead_id in list(self.waiting):
            fact, link = facts.get(lead_id), links.get(lead_id)
            because = "the lead is gone" if fact is None else why_not(fact)
            if fact is None or because:
                self._settle(lead_id, "cancelled", "cancelled", because)
                continue
            try:
                said = telling(self.app, self.terms, fact, self.now)
            except Exception as error:
                self._set_aside(lead_id, error)
                continue
            if link is not None and link.digest == said.digest:
                self._settle(lead_id, "unchanged", "sent")
            else:
                found.append((said, link))
        return found

    def _tell(self, tellings: Sequence[_Told]) -> None:
        """Tell of these; where that fails as nobody expects, of each half by itself, until it is known for whom."""
        try:
            self._tell_at_once(tellings)
        except CrmAway:
            raise
        except Exception as error:
            if is_away(error):
                raise
            left = [one for one in tellings if one[0].who.lead_id in self.waiting]
            if len(left) > 1:
                half = len(left) // 2
                self._tell(left[:half])
                self._tell(left[half:])
            elif left:
                self._set_aside(left[0][0].who.lead_id, error)

    def _tell_at_once(self, tellings: Sequence[_Told]) -> None:
        there = self.connector.find([said.who for said, _ in tellings])
        planned = [self._plan(said, link, there.get(said.who.lead_id, ())) for said, link in tellings]
        batch: list[_Planned] = []
        for one in filter(None, planned):
            lead_id = one.telling.who.lead_id
            if one.record is not None and self.taken.setdefault(one.record.id, lead_id) != lead_id:
                because = f"another lead is this record in {self.connector.label}, too: `nurture leads merge`"
                self._settle(lead_id, "failed", "failed", because)
                continue
            batch.append(one)
        self._announce(batch)
        written = {answer.lead_id: answer for answer in self.connector.write([one.write for one in batch])}
        answers = [(one, written[one.telling.who.lead_id]) for one in batch]
        links = [self._link(one, answer) for one, answer in answers if answer.outcome == "written"]
        with transaction(self.app.engine) as db:
            crm.save_links(db, self.channel, links, self.now)
            crm.note_pushed(db, self.channel, self.now)
        for _, answer in answers:
            self._note(answer)

    def _plan(self, said: Telling, link: Row[Any] | None, records: Sequence[Record]) -> _Planned | None:
        lead_id, label = said.who.lead_id, self.connector.label
        if len(records) > 1:
            self._settle(
                lead_id, "failed", "failed", f"{label} has {len(records)} records with this address; merge them"
            )
            return None
        record = records[0] if records else None
        if record is None and not said.may_be_made:
            self._settle(
                lead_id, "cancelled", "cancelled", f"{label} has no record of this lead, and none is to be made"
            )
            return None
        if record is not None and record.closed:
            self._settle(lead_id, "cancelled", "cancelled", f"converted in {label}, where nothing changes it any more")
            return None
        if link is not None and (record is None or link.record_id != record.id):
            link = None  # it was deleted there, or merged into another
        current = {} if record is None else record.values
        told = None if link is None else {name: text for name, text in link.told.items() if name != "writing"}
        if record is None:
            told = {}  # a new record has heard nothing
        wanted = shared(self.terms, said.standing, told, current, {} if link is None else link.seen)
        return _Planned(self.waiting[lead_id], said, link, record, wanted)

    def _announce(self, batch: Sequence[_Planned]) -> None:
        """Note what is about to stand in fields of the reps, so that it is never taken for a word of theirs."""
        with transaction(self.app.engine) as db:
            crm.note_writing(
                db,
                self.channel,
                {one.telling.who.lead_id: one.shared.values for one in batch if one.link and one.shared.values},
            )

    def _note(self, answer: Written) -> None:
        """Settle one row by what became of it."""
        match answer.outcome:
            case "written":
                self._settle(answer.lead_id, "written", "sent")
            case "refused":
                self._settle(answer.lead_id, "failed", "failed", answer.said)
            case "put_off":
                self._try_again(answer.lead_id, answer.said)

    def _link(self, one: _Planned, answer: Written) -> crm.Link:
        """What is to be remembered of a record that was written."""
        current = {} if one.record is None else one.record.values
        first = dict.fromkeys(self.terms.watched, "") | dict(current)
        seen: Mapping[str, str] = {**({} if one.link else first), **one.shared.values}
        told = dict(one.shared.told)
        return crm.Link(
            answer.lead_id, answer.record_id, seen, told, one.telling.digest, one.telling.score_micro, answer.changed_at
        )

    def _settle(self, lead_id: int, became: str, state: str, error: str | None = None) -> None:
        row = self.waiting.pop(lead_id)
        self.settled.append(Settled(row.id, state, error))
        self.became[became] += 1

    def _set_aside(self, lead_id: int, error: Exception) -> None:
        log.error(
            "a CRM could not be told of a lead", extra={"channel": self.channel, "lead_id": lead_id}, exc_info=error
        )
        self._try_again(lead_id, cause_of(error))

    def _try_again(self, lead_id: int, because: str) -> None:
        row = self.waiting.pop(lead_id)
        next_at = next_try(f"notice_{row.id}", row.tries, self.now)
        self.settled.append(Settled(row.id, "queued" if next_at else "failed", because, next_at))
        self.became["put_off" if next_at else "failed"] += 1

    def _hold(self, error: CrmAway) -> None:
        """Let the CRM rest; whoever was not settled waits as if nobody had tried."""
        wait = timedelta(seconds=error.retry_after) if error.retry_after else WAIT
        until = self.now + (WAIT_FOR_A_PERSON if error.needs_a_person else wait)
        log.warning("a CRM is away", extra={"channel": self.channel, "because": str(error)})
        with transaction(self.app.engine) as db:
            crm.note_away(db, self.channel, str(error), until, self.now)
        for lead_id in list(self.waiting):
            row = self.waiting.pop(lead_id)
            self.settled.append(Settled(row.id, "queued", str(error), until, counts=False))
            self.became["put_off"] += 1
