"""Tell reps what their leads did (`tell: owner`): one mail a lead and day at most, gathered for an hour."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from nurture.app import App
from nurture.flows.announce import LEAD_ACTIVE, News, announce_all
from nurture.rules import calendar, telling
from nurture.rules.assignment import whom
from nurture.rules.effects import OwnerTold
from nurture.store import activity, assigning, handoffs
from nurture.store.decided import Decided, Decisions

GATHER = timedelta(hours=1)
"""So long after the first thing that a lead did is its owner told, of all that it did until then."""
MAX_A_DAY = 20
"""Of so many leads a rep is told in one day at most. What is left out stands on the handoffs' pages all the same."""


def tell_owners(db: Connection, app: App, decided: Decisions, now: datetime) -> None:
    """Queue what owners are to be told of what was just decided, in the same transaction; no statement for nothing.

    An owner is told of one lead once a day, by the calendar of `sla.hours.timezone`: an hour after the first thing that
    it did, of all that it did in that hour. What it does later that day is told no more.
    """
    active = _owned(db, app, decided.each(OwnerTold))
    if not active:
        return
    zone = app.book.agreement.sla.hours.timezone
    day = calendar.local_date(now, zone)
    told = {(one.about, one.owner): one for one in activity.told_since(db, calendar.first_instant(day, time.min, zone))}
    count = Counter(owner for _, owner in told)
    open_ones = handoffs.open_of(db, [lead_id for lead_id, _, _ in active])
    more: list[tuple[str, Mapping[str, Any]]] = []
    news: list[News] = []
    for lead_id, owner, effect in active:
        about = f"lead:{lead_id}/active/{day}"
        before = told.get((about, owner))
        data = _data(owner, effect, before.data if before is not None else None)
        if before is not None:
            if before.waits:
                more.append((about, data))
        elif count[owner] < MAX_A_DAY:
            count[owner] += 1
            handoff_id = open_ones.get(lead_id)
            news.append(News(about, (owner,), handoff_id, None if handoff_id is not None else lead_id, data))
    activity.gather(db, more)
    announce_all(db, app, LEAD_ACTIVE, news, at=now)
    activity.put_off(db, [one.about for one in news], at=now, until=now + GATHER)


def _owned(db: Connection, app: App, found: Sequence[tuple[Decided, OwnerTold]]) -> list[tuple[int, str, OwnerTold]]:
    """Each lead with its owner: who has it, or whoever sales kept it with."""
    asked = [one.lead_id for one, effect in found if effect.owner is None]
    past = assigning.last_handoffs(db, asked) if asked else {}
    owned = []
    for one, effect in found:
        owner = effect.owner
        last = past.get(one.lead_id)
        if owner is None and last is not None and telling.is_kept(one.outcome.state.stage, last.state):
            owner = whom(app.book.agreement, last.owner)
        if owner is not None:
            owned.append((one.lead_id, owner, effect))
    return owned


def _data(owner: str, effect: OwnerTold, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is told: the signal that was first, when it was last, and how often each came."""
    did = Counter(dict(effect.did))
    if before is not None:
        did.update(before["signals"])
    first = effect.did[0][0] if before is None else before["signal"]
    return {"owner": owner, "signal": first, "at": effect.at.isoformat(), "signals": dict(sorted(did.items()))}
