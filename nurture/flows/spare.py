"""Do something to many leads at once; where it fails, find those that it fails for, and do it to all others."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization
from nurture.flows.score_anew import score_anew
from nurture.logs import cause_of
from nurture.store import set_aside

log = logging.getLogger(__name__)

Work = Callable[[Sequence[int]], int]
"""What is done to some leads, in the transaction at hand; gives a number that adds up."""


def spare(db: Connection, app: App, ids: Sequence[int], work: Work, now: datetime) -> int:
    """Do it to all of these leads that it does not fail for; gives the sum of what `work` gave.

    The others are left as they were and set aside with the reason, so that a person sees it and it is tried again
    (`flows.score_again`). Their campaigns go on meanwhile, by the counts and the grade of before: a decision works the
    score out for its day itself, and where that fails too, it is set aside for its own sake (`flows.advance`).

    Whoever was set aside before is made up for as well (`make_up`), for `work` may not do what failed then. The leads
    must be locked.

    Raises:
        DBAPIError: The database is away, or it is a matter of trying again; then nothing was done.
    """
    before = set_aside.without_score(db, ids)
    failed: list[int] = []
    done = _halved(db, app, ids, work, now, failed)
    make_up(db, app, [lead_id for lead_id in before if lead_id not in failed], now)
    return done


def make_up(db: Connection, app: App, ids: Sequence[int], now: datetime) -> None:
    """Work out in full what could not be for these leads; whoever comes through is set aside no more. As `spare`."""

    def in_full(some: Sequence[int]) -> int:
        score_anew(db, app, some, now)
        set_aside.end_scores(db, some)
        return 0

    for lead_id in ids:  # mostly they fail once more, and together all of them would, time and again
        _halved(db, app, [lead_id], in_full, now, [])


def _halved(db: Connection, app: App, ids: Sequence[int], work: Work, now: datetime, failed: list[int]) -> int:
    try:
        with db.begin_nested():
            return work(ids)
    except Exception as error:
        if is_away(error) or is_deadlock_or_serialization(error):
            raise
        if len(ids) > 1:
            halves = ids[: len(ids) // 2], ids[len(ids) // 2 :]
            return sum(_halved(db, app, half, work, now, failed) for half in halves)
        log.exception("a lead's score could not be worked out anew and is set aside", extra={"lead_id": ids[0]})
        set_aside.put(db, "score", ids[0], ids[0], cause_of(error), now)
        app.meters.add("set_aside", "score")
        failed.append(ids[0])
        return 0
