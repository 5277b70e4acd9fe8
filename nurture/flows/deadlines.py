"""When a handoff's promises fall due, and when it has to be looked at next: written wherever one of them may change."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from nurture.agreement import Sla
from nurture.app import App
from nurture.db import transaction
from nurture.facts import HandoffFact
from nurture.rules.ladder import next_look
from nurture.rules.promises import pledges
from nurture.store import promises
from nurture.store.promises import Deadlines
from nurture.store.states import lock

BATCH = 500


def set_deadlines(db: Connection, app: App, handoff_ids: Iterable[int], now: datetime) -> None:
    """Work out these handoffs' deadlines anew, within the caller's transaction, which has locked their leads.

    Call it after a handoff was offered, moved on, given to somebody else, or tried once more. Of a handoff that is
    closed nothing is left to look at.
    """
    wanted = sorted(set(handoff_ids))
    if not wanted:
        return
    terms = app.book.agreement.sla
    facts = promises.open_facts(db, wanted)
    promises.save_deadlines(db, [_deadlines(terms, handoff_id, fact, now) for handoff_id, fact in facts.items()])
    promises.look_no_more(db, [handoff_id for handoff_id in wanted if handoff_id not in facts])


def set_all_deadlines(app: App, now: datetime, *, most: int = BATCH) -> int:
    """Work out the deadlines of every open handoff anew, because the agreement has changed; gives how many there were.

    One transaction a batch. Harmless at any time, and twice at once.
    """
    seen = after = 0
    while True:
        with transaction(app.engine) as db:
            leads = promises.open_after(db, after, most)
            if not leads:
                return seen
            lock(db, leads.values())
            set_deadlines(db, app, leads, now)
        seen, after = seen + len(leads), max(leads)


def some_lack_deadlines(app: App) -> bool:
    """Whether there are open handoffs that nobody will look at: those of a release that knew nothing of it."""
    with transaction(app.engine) as db:
        return promises.some_without(db)


def _deadlines(terms: Sla, handoff_id: int, handoff: HandoffFact, now: datetime) -> Deadlines:
    due = {pledge.promise: pledge.due_at(terms) for pledge in pledges(terms, handoff)}
    return Deadlines(
        handoff_id,
        due.get("accept"),
        due.get("first_attempt"),
        due.get("attempts"),
        due.get("outcome"),
        next_look(terms, handoff, now),
    )
