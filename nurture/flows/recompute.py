"""Work out the scores of all leads at an operator's word, a batch a transaction, while life goes on."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import is_deadlock_or_serialization, transaction
from nurture.flows.recount import recount
from nurture.flows.regrade import regrade
from nurture.flows.rescore import aim_of
from nurture.flows.spare import spare
from nurture.rules.succession import fit_basis, worth_basis
from nurture.store import scores, walks

BATCH = 5000
"""Leads a transaction where all is done in the database."""
BATCH_READ = 1000
"""Leads a transaction where events or profiles are read."""
TRIES = 5

Tell = Callable[[int, int], None]
"""Is told how many leads are done, those of an earlier run included, and how many there are."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What was done. `leads` were looked at in this run, `before` in one that was interrupted and was gone on with."""

    leads: int = 0
    before: int = 0
    regraded: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    leads: int
    regraded: int = 0


def recompute(
    app: App, now: datetime, *, parts: Collection[str] = (), tell: Tell, most: int | None = None
) -> Recomputed:
    """Score every lead on this UTC day, by its daily counts and the agreement.

    What was interrupted is gone on with, if it asked for the same on the same day by the same agreement. Leads are
    locked in order, batch by batch, so that events may come in meanwhile. Nobody is handed over. A lead that fails by
    itself is set aside (`flows.spare`), the others go on.

    Args:
        app: the app.
        now: business time.
        parts: `events` to count anew from stored events first, `grades` to grade anew as well.
        tell: is told of each batch.
        most: leads a transaction, if not the usual number.
    """
    scores.know_decays(app.engine, app.agreement)
    size = most or (BATCH_READ if parts else BATCH)
    before, total = _begin(app, parts, now)
    leads = regraded = 0
    tell(before, total)
    while (batch := _tried(app, parts, now, size)) is not None:
        leads, regraded = leads + batch.leads, regraded + batch.regraded
        tell(before + leads, max(total, before + leads))
    return Recomputed(leads, before, regraded)


def _begin(app: App, parts: Collection[str], now: datetime) -> tuple[int, int]:
    """How many leads are done already, and how many there are."""
    basis = (aim_of(app), fit_basis(app.agreement), worth_basis(app.agreement))
    aim = " ".join((now.date().isoformat(), *basis))
    with transaction(app.engine) as db:
        walk = walks.hold(db, walks.RECOMPUTE)
        if walk is None or (walk.aim, walk.parts) != (aim, sorted(parts)):
            walks.begin(db, walks.RECOMPUTE, aim=aim, parts=parts, now=now)
            return 0, walks.leads_left(db, 0)
        return walk.leads, walk.leads + walks.leads_left(db, walk.after_id)


def _tried(app: App, parts: Collection[str], now: datetime, most: int) -> _Batch | None:
    """One batch; None after the last. What met others in a deadlock is tried again."""
    for attempt in range(TRIES):
        try:
            with transaction(app.engine) as db:
                return _batch(db, app, parts, now, most)
        except Exception as error:
            if attempt + 1 == TRIES or not is_deadlock_or_serialization(error):
                raise
    return None


def _batch(db: Connection, app: App, parts: Collection[str], now: datetime, most: int) -> _Batch | None:
    walk = walks.hold(db, walks.RECOMPUTE)
    if walk is None:
        return None
    ids = walks.next_leads(db, walk.after_id, most)
    if not ids:
        walks.end(db, walks.RECOMPUTE)
        return None
    regraded = spare(db, app, ids, lambda some: _do(db, app, parts, some, now), now)
    walks.move(db, walks.RECOMPUTE, after_id=ids[-1], leads=len(ids), now=now)
    return _Batch(len(ids), regraded)


def _do(db: Connection, app: App, parts: Collection[str], ids: Sequence[int], now: datetime) -> int:
    book = app.book_in(db)
    regraded = regrade(db, book, ids, now) if "grades" in parts else 0
    if "events" in parts:
        recount(db, app, ids, now)
    else:
        scores.rescore(db, book.agreement, ids, now.date())
    return regraded
