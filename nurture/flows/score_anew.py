"""Work out some leads' grades, counts and scores by the agreement as it is now, whatever of it was done before."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.flows.recount import recount
from nurture.flows.regrade import regrade
from nurture.store import due


def score_anew(db: Connection, app: App, lead_ids: Sequence[int], now: datetime) -> None:
    """Grade these leads, count what they did from their stored events, and score them.

    So it makes up for any part of a recompute or a rescore. Where campaigns ask for the score, enrollments are decided
    again. Nobody is handed over. The leads must be locked.
    """
    book = app.book_in(db)
    regrade(db, book, lead_ids, now)
    recount(db, app, lead_ids, now)
    if book.uses_score:
        due.wake(db, lead_ids, sorted(book.campaigns), now)
