"""Make one lead of two that turned out to be the same person, without losing what either did, got or was told."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import TryAgain, is_deadlock_or_serialization, transaction
from nurture.errors import Conflict, NotFound
from nurture.flows.decide import decide, offered
from nurture.flows.recount import recount
from nurture.rules import merging as rules
from nurture.rules.happenings import Merged
from nurture.store import consents, leads, merging, moving
from nurture.store.merging import Two
from nurture.store.states import lock
from nurture.store.suppressions import address_hash

TRIES = 5


@dataclass(frozen=True, slots=True)
class Merging:
    """What merging two leads does, or would do.

    Attributes:
        kept: the address of the lead that lives on; mail goes there.
        lost: the other one's address, which finds the kept lead from now on.
        moved: how much history the kept lead gets: events, answers, mails, waiting, handoffs, refusals, ids.
        fields: what is not known of the kept lead, and is of the other.
        stage: where the kept lead stands, and where it will.
        notes: what else whoever decides should know.
        one_already: the two addresses are one lead's; there is nothing to do.
        offered: it was handed to sales by it.
    """

    kept: str
    lost: str
    moved: dict[str, int] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    stage: tuple[str, str] = ("", "")
    notes: tuple[str, ...] = ()
    one_already: bool = False
    offered: bool = False


def foresee(app: App, keep: str, other: str) -> Merging:
    """Say what `merge_leads` would do; changes nothing.

    Raises:
        NotFound: No lead has one of these addresses.
    """
    with transaction(app.engine) as db:
        two = _found(db, keep, other)
        return _told(db, two) if two.kept != two.lost else _one_already(db, two, other)


def merge_leads(app: App, keep: str, other: str, *, by: str, now: datetime) -> Merging:
    """Merge the lead with the address `other` into the one with the address `keep`, in one transaction.

    Twice is fine: then they are one already.

    Raises:
        NotFound: No lead has one of these addresses.
        Conflict: Others change these leads again and again at this moment.
    """
    for attempt in range(TRIES):
        try:
            with transaction(app.engine) as db:
                done = _merge_leads(db, app, keep, other, by, now)
            break
        except Exception as error:
            if not is_deadlock_or_serialization(error):
                raise
            if attempt + 1 == TRIES:
                raise Conflict("these leads are changing at this moment; try again") from error
    if done.offered:
        app.nudge("notices")
    return done


def _merge_leads(db: Connection, app: App, keep: str, other: str, by: str, now: datetime) -> Merging:
    two = _found(db, keep, other)
    if two.kept == two.lost:
        return _one_already(db, two, other)
    if len(lock(db, [two.kept, two.lost])) < 2:
        raise TryAgain
    told = _told(db, two)
    merge(db, app, two, by=by, now=now)
    recount(db, app, [two.kept], now)
    handed = offered(decide(db, app, {two.kept: Merged()}, now))
    return Merging(told.kept, told.lost, told.moved, told.fields, told.stage, told.notes, offered=bool(handed))


def make_one(
    db: Connection, app: App, ids: Collection[int], *, by: str, now: datetime, news: bool = True
) -> tuple[int, int]:
    """Merge leads that an event says are one person; all must be locked.

    Gives the one that lives on, and how many leads were handed over by it: one or none.

    Args:
        db: the transaction.
        app: where leads live.
        ids: the leads.
        by: who says so.
        now: business time.
        news: whether it was said just now; history hands nobody over.
    """
    kept = rules.kept(merging.sides(db, ids))
    for lost in sorted(set(ids) - {kept}):
        merge(db, app, Two(kept, lost), by=by, now=now)
    recount(db, app, [kept], now)
    return kept, offered(decide(db, app, {kept: Merged(news=news)}, now))


def merge(db: Connection, app: App, two: Two, *, by: str, now: datetime) -> None:
    """Move every row of the lost lead to the kept one. Both must be locked; score and enrollment are the caller's."""
    rows = merging.lead_rows(db, (two.kept, two.lost))
    kept, lost = rows[two.kept], rows[two.lost]
    _suppress(db, two, now)
    handoff = _one_handoff(db, two, customer="customer" in (kept.stage, lost.stage), by=by, now=now)
    found = rules.rounds(merging.cycles(db, kept), merging.cycles(db, lost))
    moving.move(db, two, found, by=by, now=now)
    consents.stand(db, {two.kept})
    values, changes = rules.profile(kept._asdict(), lost._asdict())
    stage = rules.stage(kept.stage, lost.stage, handoff=handoff)
    values |= _standing(kept, lost, found, stage)
    moving.become(db, kept, values, changes, f"merged with lead {two.lost}", now)


def _standing(kept: Row[Any], lost: Row[Any], found: rules.Rounds, stage: str) -> dict[str, Any]:
    """Where the one lead stands: what either waits for, it waits for."""
    latest = found.cycles[-1]
    mail_from = max(filter(None, (kept.mail_from, lost.mail_from)), default=None)
    ask_at = max(filter(None, (kept.ask_at, lost.ask_at)), default=None)
    return {
        "stage": stage,
        "cycle": latest.n,
        "cycle_started_at": latest.started_at,
        "handed_over": kept.handed_over or lost.handed_over,
        "refused": kept.refused or lost.refused,
        "reason": latest.reason or kept.reason or lost.reason,
        "mail_from": mail_from,
        "ask_at": ask_at,
        "engaged_at": max(filter(None, (kept.engaged_at, lost.engaged_at)), default=None),
        "postponed": rules.postponed(kept.postponed, lost.postponed),
        "created_at": min(kept.created_at, lost.created_at),
    }


def _one_handoff(db: Connection, two: Two, *, customer: bool, by: str, now: datetime) -> str | None:
    """Leave one handoff open, the one that is further; gives its state."""
    there = merging.open_handoffs(db, two)
    if not there:
        return None
    open_one = next(iter(there.values()))
    if len(there) == 2:
        open_one, closed = _further(there[two.kept], there[two.lost])
        owner = f", which {open_one.owner} has" if open_one.owner else ""
        moving.close(db, closed.id, f"the same person as in handoff {open_one.id}{owner}", by=by, now=now)
    if customer or any(row.was_customer for row in there.values()):
        moving.of_customer(db, open_one.id)
    return str(open_one.state)


def _further(mine: Row[Any], others: Row[Any]) -> tuple[Row[Any], Row[Any]]:
    """Of two open handoffs the one that goes on, then the other."""
    stays = rules.goes_on((mine.state, mine.offered_at), (others.state, others.offered_at))
    return (mine, others) if stays else (others, mine)


def _suppress(db: Connection, two: Two, now: datetime) -> None:
    """Whoever of the two wished not to be mailed, at whatever address: the person is not mailed at any.

    A dead mailbox is no wish: it says nothing of the other address.
    """
    hashes = [address_hash(email) for email in merging.addresses(db, (two.kept, two.lost))]
    there = [row for row in merging.suppressions(db, hashes) if row.topic or rules.wish([row.reason]) is not None]
    rows = []
    for topic in sorted({row.topic for row in there}):
        about = [row for row in there if row.topic == topic]
        strictest = rules.wish([row.reason for row in about])
        first = next(row for row in about if strictest is None or row.reason == strictest)
        rows += [(one, topic, first.reason, first.how, first.at) for one in hashes]
    moving.suppress(db, rows, now)


def _found(db: Connection, keep: str, other: str) -> Two:
    ids = []
    for email in (keep, other):
        lead_id = leads.id_of(db, email)
        if lead_id is None:
            raise NotFound(f"no lead with the address {email}")
        ids.append(lead_id)
    return Two(*ids)


def _one_already(db: Connection, two: Two, other: str) -> Merging:
    (row,) = merging.lead_rows(db, (two.kept,)).values()
    return Merging(row.email, other.strip().lower(), stage=(row.stage, row.stage), one_already=True)


def _told(db: Connection, two: Two) -> Merging:
    rows = merging.lead_rows(db, (two.kept, two.lost))
    if len(rows) < 2:
        raise TryAgain
    kept, lost = rows[two.kept], rows[two.lost]
    there = merging.open_handoffs(db, two)
    furthest = max((row.state for row in there.values()), key=rules.how_far, default=None)
    stage = rules.stage(kept.stage, lost.stage, handoff=furthest)
    _, changes = rules.profile(kept._asdict(), lost._asdict())
    notes = _notes(db, kept, lost, there)
    return Merging(
        kept.email, lost.email, merging.counts(db, two.lost), tuple(changes), (kept.stage, stage), tuple(notes)
    )


def _notes(db: Connection, kept: Row[Any], lost: Row[Any], there: dict[int, Row[Any]]) -> list[str]:
    notes = []
    if len(there) == 2:
        goes_on, closed = _further(there[kept.id], there[lost.id])
        notes.append(f"handoff {goes_on.id} ({goes_on.state}) goes on, handoff {closed.id} ({closed.state}) is closed")
    of_kept = merging.suppressions(db, [address_hash(kept.email)])
    of_lost = merging.suppressions(db, [address_hash(lost.email)])
    for one, others, email in ((of_kept, of_lost, lost.email), (of_lost, of_kept, kept.email)):
        word = rules.wish([row.reason for row in one if not row.topic])
        if word is not None and not any(not row.topic for row in others):
            notes.append(f"{email} is not mailed any more either ({word})")
    if any(row.reason == "bounced" and not row.topic for row in of_kept):
        notes.append(f"mail to {kept.email} bounced; no mail will go out while that lead is the one that is kept")
    return notes
