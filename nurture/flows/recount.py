"""Count again what leads did, from their stored events: after a revised verdict, after a merge."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from nurture.app import App
from nurture.facts import NOTHING, EventFact
from nurture.rules.counting import Counting
from nurture.store import counts, partitions, scores
from nurture.store.states import lock


def recount(db: Connection, app: App, lead_ids: Collection[int], now: datetime) -> None:
    """Make these leads' daily counts, score and last sign of life what their stored human events say.

    Within the caller's transaction; the leads are locked in order, if they are not yet. Everything that is being
    counted is counted, by the rules that count what comes in, and into the cycle in which it happened: so the result
    is that of having heard the same events, judged as they are now, for the first time. Days of which events are no
    longer kept keep the counts they have. Nobody is handed over, enrolled or mailed by it.
    """
    ids = lock(db, lead_ids)
    if not ids:
        return
    book, since = app.book_in(db), partitions.kept_since(db)
    count_again(db, Counting(book), ids, since=since)
    counts.set_engaged(db, ids, since=since)
    if not scores.knows_decays(db, book.agreement):
        scores.know_decays(app.engine, book.agreement)
    scores.rescore(db, book.agreement, ids, now.date())


def count_again(db: Connection, counting: Counting, ids: Sequence[int], *, since: date) -> None:
    """Replace these leads' counts by these matchers, from that day on. The leads must be locked."""
    cycles = counts.cycles(db, ids)
    fresh: dict[counts.Key, int] = {}
    found = counts.human_events(db, ids, kinds=counting.kinds, with_properties=counting.asks_properties, since=since)
    for lead_id, events in groupby(found, key=itemgetter(0)):
        for (cycle, matcher, day), count in counting.count(cycles[lead_id], _facts(events)).items():
            fresh[lead_id, cycle, matcher, day] = count
    counts.replace(db, ids, counting.matchers, fresh, since=since)


def _facts(rows: Iterator[Any]) -> Iterator[EventFact]:
    for _, kind, occurred_at, name, path, properties in rows:
        yield EventFact(kind, occurred_at, name, path, properties or NOTHING)
