"""Try again the leads whose score could not be worked out anew (`flows.spare`), once their time has come."""

from dataclasses import dataclass
from datetime import datetime

from nurture.app import App
from nurture.db import is_deadlock_or_serialization, transaction
from nurture.flows.rescore import AGREEMENT, aim_of
from nurture.flows.spare import make_up
from nurture.store import scores, set_aside, versions

BATCH = 50
"""Leads a transaction: of each all events are read."""


@dataclass(frozen=True, slots=True)
class ScoredAgain:
    """How many leads were tried again. `more`: others may be waiting."""

    leads: int = 0
    more: bool = False


def score_again(app: App, now: datetime, *, most: int = BATCH) -> ScoredAgain:
    """Try one batch again, in one transaction. Several workers may do so at once; none waits for another.

    Only a process with the adopted files does it: amid a release the other's points would count as worked out.
    """
    scores.know_decays(app.engine, app.agreement)
    try:
        with transaction(app.engine) as db:
            if versions.adopted(db).get(AGREEMENT, "") != aim_of(app):
                return ScoredAgain()
            ids = set_aside.claim_scores(db, now, most)
            make_up(db, app, ids, now)
            return ScoredAgain(len(ids), more=len(ids) == most)
    except Exception as error:
        if not is_deadlock_or_serialization(error):
            raise
        return ScoredAgain(more=True)
