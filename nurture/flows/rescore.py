"""After a changed agreement: count, grade and score all leads anew, a batch a transaction, while life goes on.

A batch's leads are locked in order before anything of them is read, as by everybody who changes counts. So an event
that comes in meanwhile is counted once: before the batch, and read by it; or after it, on top. A batch that is lost is
done again and comes to the same. A lead that fails by itself is set aside (`flows.spare`), the others go on.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import is_deadlock_or_serialization, transaction
from nurture.flows.recount import count_again
from nurture.flows.regrade import regrade
from nurture.flows.spare import spare
from nurture.rules import succession
from nurture.rules.counting import Counting
from nurture.store import due, identities, matchers, partitions, scores, walks

AGREEMENT = "campaigns/agreement.yaml"
BATCH = 1000
"""Leads a transaction: a third of a second, and an event of one of them waits no longer."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rescored:
    """How many leads were looked at, and how many of them have another grade. `more`: there are more to look at."""

    leads: int = 0
    regraded: int = 0
    more: bool = False


def aim_of(app: App) -> str:
    """What a walk is for: the agreement as it is in these files."""
    return app.workspace.versions.get(AGREEMENT, "")


def rescore(app: App, now: datetime, *, most: int = BATCH) -> Rescored:
    """Do one batch of what the adopted agreement makes necessary.

    First everybody is counted by what signals newly ask for, and graded where the fit changed; then the new matchers
    rule, and everybody is scored and, where campaigns ask for the score, decided again. Only a process with the adopted
    files does it, and one at a time.
    """
    scores.know_decays(app.engine, app.agreement)
    try:
        with transaction(app.engine) as db:
            walk = walks.claim(db, walks.AGREEMENT)
            if walk is None or walk.aim != aim_of(app):
                return Rescored()
            if "events" in walk.parts and walk.after_id == 0:
                _wait_for_leads(app)
            ids = walks.next_leads(db, walk.after_id, most)
            if not ids:
                return Rescored(more=_next_part(db, app, walk, now))
            regraded = spare(db, app, ids, lambda some: _do(db, app, walk.parts, some, now), now)
            walks.move(db, walks.AGREEMENT, after_id=ids[-1], leads=len(ids), now=now)
            return Rescored(len(ids), regraded, more=True)
    except Exception as error:
        if not is_deadlock_or_serialization(error):
            raise
        return Rescored(more=True)


def _wait_for_leads(app: App) -> None:
    """Let those end who make leads and have not heard yet what is to be counted: nobody sees these leads before."""
    with transaction(app.engine) as db:
        identities.wait_for_all(db)


def _do(db: Connection, app: App, parts: Sequence[str], ids: Sequence[int], now: datetime) -> int:
    book = app.book_in(db)
    if "events" in parts:
        new = Counting(book, matchers.load(db).counting)
        count_again(db, new, ids, since=partitions.kept_since(db))
    regraded = regrade(db, book, ids, now) if "grades" in parts else 0
    if "scores" in parts and "events" not in parts:
        scores.rescore(db, book.agreement, ids, now.date())
    if "wake" in parts and "events" not in parts:
        due.wake(db, ids, sorted(app.book.campaigns), now)
    return regraded


def _next_part(db: Connection, app: App, walk: Row[Any], now: datetime) -> bool:
    """All leads have been gone through. What was counted rules from now on, and the scores follow."""
    if "events" not in walk.parts:
        walks.end(db, walks.AGREEMENT)
        log.info("all leads follow the agreement", extra={"leads": walk.leads})
        return False
    counted = matchers.load(db)
    matchers.save(db, succession.finished(counted, counted.counting), now)
    matchers.raise_version(db)
    parts = ["scores", "wake"] if app.book.uses_score else ["scores"]
    walks.begin(db, walks.AGREEMENT, aim=walk.aim, parts=parts, now=now)
    log.info("all leads are counted by what signals ask for now", extra={"leads": walk.leads})
    return True
