"""Judge the mail hits that have waited long enough, each mail's as a whole, and count what people did.

A hit that comes after others of its mail were judged may show what these were; then their verdicts are revised, and
what was counted of them is counted again.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization, transaction
from nurture.facts import EventFact
from nurture.flows.decide import decide, offered
from nurture.flows.recount import recount
from nurture.flows.verdicts import Judged, differs, judge_mails, written
from nurture.logs import cause_of
from nurture.rules.bots import ECHOED
from nurture.rules.bots_together import ECHO, REACH, SEEN_BEFORE
from nurture.rules.happenings import Did
from nurture.store import hits, set_aside
from nurture.store.states import event_fact, lock

BATCH = 2000
"""The mails of so many hits are judged in one transaction."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """How many hits were judged, and as what; how many verdicts of before were turned.

    `set_aside` counts mails whose hits could not be judged; `more` tells that others are waiting.
    """

    human: int = 0
    automated: int = 0
    revised: int = 0
    offered: int = 0
    more: bool = False
    set_aside: int = 0


def settle(app: App, now: datetime, *, most: int = BATCH) -> Settled:
    """Judge one batch of mails with pending hits, in one transaction."""
    waiting: Sequence[Row[Any]] = ()
    try:
        with transaction(app.engine) as db:
            waiting = hits.pending(db, now, most)
            done = _settle(db, app, waiting, now)
    except Exception as error:
        if not waiting or is_away(error):
            raise
        if is_deadlock_or_serialization(error):
            return Settled(more=True)
        log.exception("hits could not be judged together; they are judged mail by mail", extra={"mails": len(waiting)})
        done = _one_by_one(app, waiting, now)
    if done.offered:
        app.nudge("notices")
    return done


def _one_by_one(app: App, waiting: Sequence[Row[Any]], now: datetime) -> Settled:
    """Each mail by itself; one that fails waits for a while, and the others go on."""
    sums = dict.fromkeys(("human", "automated", "revised", "offered", "set_aside"), 0)
    for row in waiting:
        try:
            with transaction(app.engine) as db:
                done = _settle(db, app, [row], now)
        except Exception as error:
            if is_away(error):
                raise
            if is_deadlock_or_serialization(error):
                continue  # they still wait
            log.exception("hits could not be judged and are set aside", extra={"delivery_id": row.delivery_id})
            with transaction(app.engine) as db:
                set_aside.put(db, "hits", row.delivery_id, row.lead_id, cause_of(error), now)
            sums["set_aside"] += 1
        else:
            for name in ("human", "automated", "revised", "offered"):
                sums[name] += getattr(done, name)
    return Settled(**sums, more=True)


def _settle(db: Connection, app: App, waiting: Sequence[Row[Any]], now: datetime) -> Settled:
    if not waiting:
        return Settled()
    theirs = {row.lead_id for row in waiting}
    if len(lock(db, theirs)) < len(theirs):
        # one was merged just now: its hits are another lead's, whom somebody else may have
        return Settled(more=True)
    first = {row.delivery_id: row.since for row in waiting}
    # What the first of them may revise lies within reach of it, and must itself be judged by all within its reach.
    judged = judge_mails(db, app, {mail: since - 2 * REACH for mail, since in first.items()})
    ripe = [one for one in judged if _is_ripe(one, now)]
    stale = [one for one in judged if _is_stale(one, first)]
    programs = [one for one in ripe if one[1].verdict == "automated"]
    people = [one for one in ripe if one[1].verdict == "human"]
    hits.write(db, (written(*one) for one in (*stale, *programs)), now)
    turned = {row.lead_id for row, judgement in stale if row.verdict != judgement.verdict}
    turned |= _silence_echoes(db, [*stale, *programs], now)
    recount(db, app, turned, now)  # what people did just now is pending still, and will be counted below
    hits.write(db, (written(*one) for one in people), now)
    did = _done_by(people)
    decided = decide(db, app, {lead_id: Did(facts) for lead_id, facts in did.items()}, now)
    revised = sum(row.verdict != judgement.verdict for row, judgement in stale)
    return Settled(len(people), len(programs), revised, offered(decided), more=hits.any_to_settle(db, now))


def _silence_echoes(db: Connection, judged: list[Judged], now: datetime) -> set[int]:
    """Take what pages told right after programs' clicks for these programs' doing; gives the leads concerned."""
    clicks = [
        hits.Click(row.lead_id, row.agent, row.occurred_at)
        for row, judgement in judged
        if judgement.verdict == "automated" and row.kind == "click" and row.agent
    ]
    told = hits.echoes(db, hits.told_after(db, clicks, ECHO), ECHO, SEEN_BEFORE)
    hits.write(db, (written(row, ECHOED) for row in told), now)
    return {row.lead_id for row in told}


def _is_ripe(one: Judged, now: datetime) -> bool:
    row, _ = one
    return bool(row.verdict == "pending" and row.settle_at <= now)


def _is_stale(one: Judged, first: dict[int, datetime]) -> bool:
    row, judgement = one
    near = row.occurred_at >= first[row.delivery_id] - REACH
    return bool(row.verdict != "pending" and near and differs(row, judgement))


def _done_by(people: list[Judged]) -> dict[int, tuple[EventFact, ...]]:
    """What counts, by lead; that a page of ours was looked at is no more than a trace."""
    did: dict[int, list[EventFact]] = defaultdict(list)
    for row, _ in people:
        if row.kind != "look":
            did[row.lead_id].append(event_fact(row))
    return {lead_id: tuple(facts) for lead_id, facts in did.items()}
