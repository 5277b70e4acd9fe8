"""Read what reps did in a CRM, and do it here: accepted, tried, reached, qualified, won, lost, refused and why.

What was said is taken down in the transaction that notes that it was seen, and applied afterwards by the same flows as
the rep's page; after a crash it is found again, and an answer to a handoff is one to that handoff alone. What nobody
understands is kept and shown (`nurture crm status`).
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.crm import terms_of
from nurture.crm.protocol import Changed, Record
from nurture.db import transaction
from nurture.errors import Conflict, CrmAway, NotFound, UsageError
from nurture.flows import follow_up
from nurture.flows.keeping import kept
from nurture.flows.push_to_crm import WAIT, WAIT_FOR_A_PERSON
from nurture.flows.refuse import refuse_in
from nurture.flows.stay_home import is_home
from nurture.rules.crm import Said, heard
from nurture.store import crm, crm_answers, crm_outbox, leases
from nurture.store.merging import lock_living

OVERLAP = timedelta(minutes=5)
"""So far back it is read again each time: a CRM's search finds changes some time after they were made."""
LEASE_SECONDS = 45.0
BUSY_SECONDS = 60.0
SCORES_EVERY = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Read:
    """How many records were looked at, and what became of what was said there. `away`: why it could not be read."""

    records: int = 0
    applied: int = 0
    nothing: int = 0
    conflict: int = 0
    unclear: int = 0
    away: str | None = None


def read_crm(app: App, channel: str, now: datetime) -> Read:
    """Read all that has changed since the last time, one process at a time. Nothing out of a copy of a database."""
    done = Read()
    if not is_home(app, now):
        return done
    holder = uuid4().hex
    with transaction(app.engine) as db:
        if not leases.take(db, f"crm/{channel}", holder, LEASE_SECONDS):
            return done
        if crm.begin(db, channel, now):
            crm_outbox.queue_all(db, channel, now)
        state = crm.state(db, channel)
    try:
        if state is None or (state.held_until is not None and state.held_until > now):
            return Read(away=None if state is None else state.error)
        keep = partial(leases.take, name=f"crm/{channel}", holder=holder, seconds=LEASE_SECONDS)
        with kept(app, keep):
            _apply_all(app, channel, now, done)
            _read(app, channel, state.read_to - OVERLAP, now, done, keep)
            _refresh(app, channel, state.refreshed_at, now)
    except _Lost:
        log.warning("somebody else reads a CRM by now", extra={"channel": channel})
    except CrmAway as error:
        done.away = str(error)
        _note_away(app, channel, error, now)
    finally:
        with transaction(app.engine) as db:
            leases.give_up(db, f"crm/{channel}", holder)
    return done


class _Lost(Exception):
    """We stood still for so long that somebody else has the lease: what we read is old, and they go on from there."""


def _read(
    app: App, channel: str, since: datetime, now: datetime, done: Read, keep: Callable[[Connection], bool]
) -> None:
    until = time.monotonic() + BUSY_SECONDS
    changed: Changed | None = None
    while changed is None or (changed.more and time.monotonic() < until):
        changed = app.crm[channel].changed(since)
        with transaction(app.engine) as db:
            if not keep(db):
                raise _Lost
            links = crm.links_of_records(db, channel, [record.id for record in changed.records])
        for record in changed.records:
            link = links.get(record.id)
            if link is not None:
                _take(app, channel, link, record, now)
        done.records += len(changed.records)
        _apply_all(app, channel, now, done)
        with transaction(app.engine) as db:
            if not keep(db):
                raise _Lost
            crm.note_read(db, channel, changed.until, now)
        since = changed.until


def _take(app: App, channel: str, link: Row[Any], record: Record, now: datetime) -> None:
    """Take down what was said by changing this record, if anything was."""
    if link.changed_at is not None and record.changed_at < link.changed_at:
        return  # a search that has not caught up with what we wrote ourselves
    before = _before(link, record)
    if dict(record.values) == link.seen:
        return
    terms = terms_of(app.agreement.crm, channel)
    said = heard(terms, app.agreement.reject_reasons, before, record.values)
    with transaction(app.engine) as db:
        if crm_answers.look(db, channel, link.lead_id, link.seen, record.values) and said is not None:
            crm_answers.take(db, channel, _taken(channel, link.lead_id, record, said), now)


def _before(link: Row[Any], record: Record) -> Mapping[str, str]:
    """How the fields were, with what we have written there and not noted, which is no word of a rep."""
    writing: Mapping[str, str] = link.told.get("writing") or {}
    ours = {name: value for name, value in writing.items() if record.values.get(name) == value}
    return {**link.seen, **ours}


def _taken(channel: str, lead_id: int, record: Record, said: Said) -> crm_answers.Taken:
    return crm_answers.Taken(
        change_id=f"{record.id}@{record.changed_at.isoformat()}",
        lead_id=lead_id,
        record_id=record.id,
        at=record.changed_at,
        by=f"{channel}: {record.owner or 'somebody'}",
        words=said.words[:500],
        meaning=said.word,
        reason=said.reason,
        unclear=said.unclear,
    )


def _apply_all(app: App, channel: str, now: datetime, done: Read) -> None:
    with transaction(app.engine) as db:
        waiting = crm_answers.taking(db, channel)
    for answer in waiting:
        outcome, said = _applied(app, answer, now)
        log.info("a CRM's answer was taken", extra={"channel": channel, "answer_id": answer.id, "outcome": outcome})
        with transaction(app.engine) as db:
            crm_answers.settle(db, answer.id, outcome, said)
            if outcome != "applied":
                crm_outbox.queue(db, [answer.lead_id], [channel], now)
        setattr(done, outcome, getattr(done, outcome) + 1)


def _applied(app: App, answer: Row[Any], now: datetime) -> tuple[str, str | None]:
    """Do what was said; gives what became of it, and why where nothing was done."""
    try:
        if answer.handoff_id is not None:
            _to_handoff(app, answer, now)
            return "applied", None
        if answer.meaning in ("rejected", "lost"):
            return _refused(app, answer, now)
        if answer.meaning in ("won", "qualified"):
            return "unclear", "the lead is not with sales here: there is no open handoff to say this of"
        return "nothing", "the lead is not with sales here: there is no open handoff"
    except Conflict as error:
        return "conflict", str(error)
    except (NotFound, UsageError) as error:
        return "unclear", str(error)


def _refused(app: App, answer: Row[Any], now: datetime) -> tuple[str, str | None]:
    """Refuse a lead that sales did not have when that was said, in the transaction that notes that it was done."""
    with transaction(app.engine) as db:
        lead_id = lock_living(db, answer.lead_id)
        found = crm_answers.standing(db, answer.id)
        if lead_id is None or found is None:
            raise NotFound("there is no such lead any more")
        if found.outcome != "taking":
            return found.outcome, found.said
        if found.cycle_now != found.cycle:
            return "nothing", "the lead has gone on to another round meanwhile"
        if found.is_with_sales:
            return "nothing", "sales was offered the lead after that was said"
        refuse_in(db, app, lead_id, reason=answer.reason, by=answer.by, note="", now=now)
        crm_answers.settle(db, answer.id, "applied", None)
    return "applied", None


def _to_handoff(app: App, answer: Row[Any], now: datetime) -> None:
    handoff_id, by = answer.handoff_id, answer.by
    match answer.meaning:
        case "accepted":
            follow_up.accept(app, handoff_id, by=by, now=now)
        case "attempted":
            at = max(answer.offered_at, min(answer.at, now))
            follow_up.attempt(app, handoff_id, kind="call", outcome="not_reached", note="", by=by, now=now, at=at)
        case "rejected":
            follow_up.reject(app, handoff_id, reason=answer.reason, note="", by=by, now=now)
        case state:
            follow_up.outcome(app, handoff_id, state=state, reason=answer.reason, note="", by=by, now=now)


def _refresh(app: App, channel: str, refreshed_at: datetime | None, now: datetime) -> None:
    """Queue what has changed without a decision: at once whose lead it is; scores are looked through once an hour."""
    with transaction(app.engine) as db:
        crm_outbox.refresh_owners(db, channel, now)
        if refreshed_at is None or now - refreshed_at >= SCORES_EVERY:
            crm_outbox.refresh_scores(db, channel, now)
            crm.note_refreshed(db, channel, now)


def _note_away(app: App, channel: str, error: CrmAway, now: datetime) -> None:
    wait = timedelta(seconds=error.retry_after) if error.retry_after else WAIT
    until = now + (WAIT_FOR_A_PERSON if error.needs_a_person else wait)
    log.warning("a CRM cannot be read", extra={"channel": channel, "because": str(error)})
    with transaction(app.engine) as db:
        crm.note_away(db, channel, str(error), until, now)
