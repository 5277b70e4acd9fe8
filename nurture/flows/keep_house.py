"""Keep house with events and reports: make the months that come, drop what is too old, as `retention` says.

Whatever is in the way, or takes too long, is left for the next time: nobody waits for housekeeping.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from nurture.agreement import Retention
from nurture.app import App
from nurture.db import transaction
from nurture.flows.erase import FORGOTTEN_AT_ONCE, forget_unconfirmed
from nurture.rules.retention import Watch, doubt, events_from, visitors_from
from nurture.store import api_answers, deliveries, housekeeping, inbound, processes, rejected_events, reports, set_aside
from nurture.store.dropping import delete_before, delete_unclaimed, drop_months, keep_since
from nurture.store.partitions import ahead_of, make_months

SECONDS = 1.0
"""So long one look may delete rows for, of each kind."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was done. `again`: something is left, so look again soon. `doubt`: why nothing was dropped, if so."""

    again: bool = False
    dropped: tuple[str, ...] = ()
    deleted: int = 0
    doubt: str | None = None


def keep_house(app: App, now: datetime) -> Kept:
    """Look once. The log says what was dropped, by months and numbers."""
    missing = make_months(app.engine, ahead_of(now))
    with transaction(app.engine) as db:  # of its own: every process waits for it meanwhile
        processes.fold(db)
    emptied = 0
    with transaction(app.engine) as db:
        answered = api_answers.drop_old(db)
        deliveries.forget_finished(db)
        watch = Watch(*housekeeping.watch(db)).at(now)
        housekeeping.watched(db, watch.looked_at, watch.steady_since)
        why_not = doubt(watch, housekeeping.database_now(db))
        if why_not is None:
            rejected_events.drop_old(db, now)
            emptied = reports.drop_old(db, now)
            reports.drop_tokens(db, now)
            inbound.drop_old(db, now)
            set_aside.drop_old(db, now)
    if why_not is not None:
        log.debug("nothing is dropped now", extra={"because": why_not})
        return Kept(again=bool(missing), doubt=why_not)
    if forgotten := forget_unconfirmed(app, now):
        log.info("forgot leads that confirmed no form", extra={"count": forgotten})
    retention = app.agreement.retention
    kept = Kept() if retention is None else _drop(app, retention, now)
    again = kept.again or bool(missing) or forgotten == FORGOTTEN_AT_ONCE or emptied >= reports.AT_ONCE
    again = again or answered == api_answers.AT_ONCE
    return Kept(again, kept.dropped, kept.deleted)


def _drop(app: App, retention: Retention, now: datetime) -> Kept:
    since, visitors_since = events_from(retention, now), visitors_from(retention, now)
    if not keep_since(app.engine, since):
        return Kept(again=True)
    with transaction(app.engine) as db:
        reported = reports.drop_before(db, since)
    dropped = drop_months(app.engine, since)
    deleted, is_all = delete_before(app.engine, since, seconds=SECONDS)
    unclaimed = 0
    if visitors_since is not None:
        unclaimed, are_all = delete_unclaimed(app.engine, visitors_since, seconds=SECONDS)
        is_all = is_all and are_all
    if dropped or deleted or unclaimed:
        figures = {"months": dropped, "undated": deleted, "unclaimed": unclaimed, "kept_since": since.isoformat()}
        log.info("dropped old events", extra=figures)
    is_all = is_all and reported < reports.AT_ONCE
    return Kept(bool(dropped) or not is_all, tuple(dropped), deleted + unclaimed)
