"""Look at what sales owes: remind the owner, tell the manager, give the lead to somebody else, take it back.

Which rungs are climbed is for the rules to say; here they are carried out. Whatever is done is written in one
transaction with the row that says it was: a worker that dies in between has done nothing, and two at once do it once.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization, transaction
from nurture.flows.announce import ESCALATED, OUTCOME_ASKED, REMINDED, RETURNED, News, announce_all
from nurture.flows.deadlines import set_deadlines
from nurture.flows.decide import decide
from nurture.flows.reassign import reassign_in
from nurture.logs import cause_of
from nurture.rules.effects import Breached, HandoffMoved
from nurture.rules.happenings import DeadlineCame
from nurture.rules.ladder import KEPT
from nurture.store import handoffs, promises, set_aside
from nurture.store.decided import Decisions
from nurture.store.handoff_changes import Change, What, note_changes

BATCH = 50
"""Small, for whoever gives leads to somebody else holds the rota until all of them are done."""
BY = "SLA"
"""Who gives a lead to somebody else."""

_NOTED: dict[str, What] = {"remind": "reminded", "escalate": "escalated", "ask": "asked"}
_TOLD = {"remind": REMINDED, "escalate": ESCALATED, "ask": OUTCOME_ASKED}
_OWED = {
    "accept": "it was not answered in time",
    "first_attempt": "nobody tried to reach the lead in time",
    "attempts": "too few attempts were made in time",
    "outcome": "nobody said in time what became of the lead",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What one call did: handoffs looked at, rungs climbed, leads returned. `more`: another batch may be waiting."""

    looked_at: int = 0
    climbed: int = 0
    returned: int = 0
    set_aside: int = 0
    more: bool = False


def keep_promises(app: App, now: datetime, *, most: int = BATCH) -> Kept:
    """Look at one batch of handoffs, in one transaction. Several workers may do so at once; none waits for another."""
    lead_ids: list[int] = []
    try:
        with transaction(app.engine) as db:
            lead_ids = promises.claim(db, now, most)
            done = _look(db, app, lead_ids, now)
    except Exception as error:
        if not lead_ids or is_away(error):
            raise
        log.exception("a batch of handoffs could not be looked at; they are looked at one by one")
        done = _one_by_one(app, lead_ids, now)
    if done.climbed or done.returned:
        app.nudge("notices")
    return replace(done, more=len(lead_ids) == most)


def _one_by_one(app: App, lead_ids: Sequence[int], now: datetime) -> Kept:
    looked_at = climbed = returned = aside = 0
    for lead_id in lead_ids:
        try:
            with transaction(app.engine) as db:
                done = _look(db, app, [lead_id] if promises.still_due(db, lead_id, now) else [], now)
        except Exception as error:
            if is_away(error):
                raise
            if is_deadlock_or_serialization(error):
                continue  # it is still due
            log.exception("a handoff could not be looked at and is set aside", extra={"lead_id": lead_id})
            with transaction(app.engine) as db:
                for handoff_id in handoffs.open_of(db, [lead_id]).values():
                    set_aside.put(db, "handoff", handoff_id, lead_id, cause_of(error), now)
            aside += 1
        else:
            looked_at, climbed = looked_at + done.looked_at, climbed + done.climbed
            returned += done.returned
    return Kept(looked_at, climbed, returned, aside)


def _look(db: Connection, app: App, lead_ids: Sequence[int], now: datetime) -> Kept:
    """Ask the rules of these leads, which are locked, and do what they say."""
    if not lead_ids:
        return Kept()
    open_of = handoffs.open_of(db, lead_ids)
    decided = decide(db, app, dict.fromkeys(lead_ids, DeadlineCame()), now)
    breaches = [(open_of[one.lead_id], breach) for one, breach in decided.each(Breached)]
    promises.add_breaches(db, breaches, now)
    _note(db, breaches, now)
    _tell(db, app, breaches, now)
    returned = _tell_returned(db, app, decided, open_of, now)
    set_deadlines(db, app, open_of.values(), now)
    _give_to_others(db, app, breaches, now)
    return Kept(len(lead_ids), len(breaches), returned)


def _note(db: Connection, breaches: Sequence[tuple[int, Breached]], now: datetime) -> None:
    """The log of each handoff; who gives it to somebody else, or returns it, says so there as well."""
    changes = [
        Change(handoff_id, _NOTED[breach.action], now, owner=breach.owner, details=_details(breach))
        for handoff_id, breach in breaches
        if breach.action in _NOTED
    ]
    note_changes(db, changes)


def _tell(db: Connection, app: App, breaches: Sequence[tuple[int, Breached]], now: datetime) -> None:
    manager = app.book.agreement.sla.manager
    for action, kind in _TOLD.items():
        news = [
            News(_about(handoff_id, breach), _to(breach, manager), handoff_id, data=_data(breach))
            for handoff_id, breach in breaches
            if breach.action == action
        ]
        if news:
            announce_all(db, app, kind, news, at=now)


def _to(breach: Breached, manager: str) -> tuple[str, ...]:
    if breach.action == "escalate" or breach.owner is None:
        return (manager,)
    return (breach.owner,)


def _tell_returned(db: Connection, app: App, decided: Decisions, open_of: dict[int, int], now: datetime) -> int:
    """Whoever lost a lead, and the manager, hear of it; gives how many there were."""
    manager = app.book.agreement.sla.manager
    news = []
    for one, moved in decided.each(HandoffMoved):
        last = [effect for effect in one.outcome.effects if isinstance(effect, Breached)][-1:]
        owner = None if one.before.handoff is None else one.before.handoff.owner
        late = {"promise": None, "due_at": None, "owner": owner} if not last else _data(last[0])
        data = {**late, "reason": moved.reason}
        to = (manager,) if owner is None else (owner, manager)
        handoff_id = open_of[one.lead_id]
        news.append(News(f"handoff:{handoff_id}/returned", to, handoff_id, data=data))
    if news:
        announce_all(db, app, RETURNED, news, at=now)
    return len(news)


def _give_to_others(db: Connection, app: App, breaches: Sequence[tuple[int, Breached]], now: datetime) -> None:
    """Last of all, since the rota is locked for it; once, whichever promises ask for it at the same time."""
    wanted: dict[int, Breached] = {}
    for handoff_id, breach in breaches:
        if breach.action == "reassign":
            wanted.setdefault(handoff_id, breach)
    still_open = promises.open_facts(db, wanted) if wanted else {}
    for handoff_id in sorted(still_open):
        reassign_in(db, app, handoff_id, to=None, by=BY, because=_OWED[wanted[handoff_id].promise], now=now)


def _about(handoff_id: int, breach: Breached) -> str:
    return f"handoff:{handoff_id}/{breach.promise}/{breach.rung}"


def _details(breach: Breached) -> dict[str, object]:
    return {"promise": breach.promise, "rung": breach.rung, "due_at": breach.due_at.isoformat()}


def _data(breach: Breached) -> dict[str, object]:
    """What the news says: which promise, since when it is late, whose it was; or that nobody was reached."""
    if breach.rung == KEPT:
        return {"promise": None, "reason": "unreachable", "rung": KEPT, "due_at": None, "owner": breach.owner}
    return {
        "promise": breach.promise,
        "rung": breach.rung,
        "due_at": breach.owed_at.isoformat(),
        "owner": breach.owner,
    }
