"""Judge again what was judged before, by the rules and lists of today.

Each batch is a transaction of its own that notes how far it came, so that who is stopped goes on where that was, and
events may come in meanwhile. What was counted of events whose verdict turned is counted again; nobody is handed over
and no handoff is taken back by it: `hindsight` tells which would not have been made.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import is_deadlock_or_serialization, transaction
from nurture.flows.hindsight import Doubt, doubts
from nurture.flows.recount import recount
from nurture.flows.verdicts import Judged, differs, judge_mails, written
from nurture.rules.bots import ECHOED, judge_event
from nurture.rules.bots_together import ECHO, REACH, SEEN_BEFORE
from nurture.store import hits, verdicts
from nurture.store.states import lock

MAILS, EVENTS = 500, 5000
"""The hits of so many mails, and so many other events, are judged in one transaction."""
TRIES = 5
GIVEN_UP = timedelta(days=1)
"""A run that began so long ago is not gone on with: another version of the rules may have begun it."""
Found = TypeVar("Found")
Judge = Callable[[Connection], list[Judged]]


@dataclass(frozen=True, slots=True)
class Rejudged:
    """How many events were judged again, how many verdicts turned, and handoffs that would not have been made.

    `resumed`: a run that was stopped before is counted in.
    """

    judged: int
    to_human: int
    to_automated: int
    resumed: bool
    doubts: Sequence[Doubt]


@dataclass(slots=True)
class _Run:
    """One run. `turned` has the new verdicts by event and the leads they belong to, where nothing is written."""

    app: App
    now: datetime
    since: datetime | None
    dry_run: bool
    told: Callable[[int], None]
    mails_after: int = 0
    events_after: int = 0
    judged: int = 0
    to_human: int = 0
    to_automated: int = 0
    turned: dict[int, str] = field(default_factory=dict)
    leads: set[int] = field(default_factory=set)


def rejudge(
    app: App,
    now: datetime,
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    told: Callable[[int], None] = lambda _: None,
) -> Rejudged:
    """Judge mail hits and what browsers sent again, all or since an instant.

    Args:
        app: the application.
        now: the time.
        since: only what happened from then on, and handoffs offered from then on.
        dry_run: write nothing, tell what would be.
        told: is told now and then how many events have been judged.
    """
    run = _Run(app, now, since, dry_run, told)
    resumed = not dry_run and _take_up(run)
    while mails := _look(run, lambda db: verdicts.mails(db, run.mails_after, run.since, MAILS)):
        _batch(run, partial(_hits, app=app, mails=mails, since=run.since), mails_after=mails[-1])
    last = _look(run, verdicts.last_event)
    while _batch(run, partial(_others, after=run.events_after, last=last, since=run.since)):
        pass
    with transaction(app.engine) as db:
        found = doubts(db, app, run.since, run.turned, run.leads)
        if not dry_run:
            verdicts.finish(db)
    return Rejudged(run.judged, run.to_human, run.to_automated, resumed, found)


def _take_up(run: _Run) -> bool:
    """Go on where a run for as much was stopped; any other is forgotten."""
    with transaction(run.app.engine) as db:
        row = verdicts.progress(db)
        if row is not None and not _is_the_same(run, row):
            verdicts.finish(db)
            row = None
        if row is None:
            verdicts.begin(db, run.since, run.now)
            return False
    run.since = row.since
    run.mails_after, run.events_after = row.mails_after, row.events_after
    run.judged, run.to_human, run.to_automated = row.judged, row.to_human, row.to_automated
    return True


def _is_the_same(run: _Run, row: Row[Any]) -> bool:
    """Whether a run that was stopped was asked for the same, such as the last 30 days a while ago."""
    if run.now - row.began_at > GIVEN_UP or (row.since is None) != (run.since is None):
        return False
    return run.since is None or timedelta() <= run.since - row.since <= GIVEN_UP


def _look(run: _Run, query: Callable[[Connection], Found]) -> Found:
    with transaction(run.app.engine) as db:
        return query(db)


def _batch(run: _Run, judge: Judge, mails_after: int | None = None) -> bool:
    """Judge one batch and write what turned, in one transaction; then note how far it came. False: there was nothing.

    `mails_after` is how far a batch of mails comes; one of events comes as far as its last.
    """
    for attempt in range(TRIES):
        try:
            with transaction(run.app.engine) as db:
                judged = judge(db)
                stale = [one for one in judged if differs(*one)]
                if not run.dry_run:
                    stale = _write(db, run, judge, stale)
                turned = [(row, said) for row, said in stale if row.verdict != said.verdict]
                to_human = sum(said.verdict == "human" for _, said in turned)
                done = {"judged": len(judged), "to_human": to_human, "to_automated": len(turned) - to_human}
                reached = {"mails_after": run.mails_after, "events_after": run.events_after}
                if mails_after is not None:
                    reached["mails_after"] = mails_after
                elif judged:
                    reached["events_after"] = judged[-1][0].id
                if not run.dry_run:
                    verdicts.move(db, **reached, **done)
            break
        except Exception as error:
            if attempt + 1 == TRIES or not (isinstance(error, _Unlocked) or is_deadlock_or_serialization(error)):
                raise
    run.mails_after, run.events_after = reached["mails_after"], reached["events_after"]
    run.judged, run.to_human = run.judged + done["judged"], run.to_human + done["to_human"]
    run.to_automated += done["to_automated"]
    if run.dry_run:
        run.turned.update((row.id, said.verdict) for row, said in turned)
        run.leads.update(_leads(turned))
    if judged:
        run.told(run.judged)
    return bool(judged)


class _Unlocked(Exception):
    """An event became a lead's that was not locked."""


def _write(db: Connection, run: _Run, judge: Judge, stale: Collection[Judged]) -> list[Judged]:
    """Write what turned, judged once more now that its leads are locked and nobody else can turn it."""
    if not stale:
        return []
    locked = set(lock(db, _leads(stale)))
    again = [one for one in judge(db) if differs(*one) and one[0].lead_id in locked | {None}]
    owners = hits.write(db, (written(*one) for one in again), run.now)
    if owners - {None} - locked:
        raise _Unlocked
    recount(db, run.app, _leads(one for one in again if one[0].verdict != one[1].verdict), run.now)
    return again


def _leads(judged: Iterable[Judged]) -> set[int]:
    return {row.lead_id for row, _ in judged if row.lead_id is not None}


def _hits(db: Connection, app: App, mails: Collection[int], since: datetime | None) -> list[Judged]:
    """What is to be said now of the hits on these mails; what is pending is left to settle."""
    begin = _EVER if since is None else since - REACH
    return [
        (row, judgement)
        for row, judgement in judge_mails(db, app, dict.fromkeys(mails, begin))
        if row.verdict != "pending" and (since is None or row.occurred_at >= since)
    ]


def _others(db: Connection, after: int, last: int, since: datetime | None) -> list[Judged]:
    """What is to be said now of events that browsers sent."""
    rows: Sequence[Row[Any]] = verdicts.events(db, after, last, since, EVENTS)
    by_agent = {row.id: judge_event(row.agent) for row in rows}
    people = [hits.Told(row.id, row.month) for row in rows if by_agent[row.id].verdict == "human"]
    echoes = {row.id for row in hits.echoes(db, people, ECHO, SEEN_BEFORE)}
    return [(row, ECHOED if row.id in echoes else by_agent[row.id]) for row in rows]


_EVER = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
