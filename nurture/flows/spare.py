"""Do something to many leads at once; where it fails, find those that it fails for, and do it to all others."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization
from nurture.logs import cause_of
from nurture.store import set_aside

log = logging.getLogger(__name__)

Work = Callable[[Sequence[int]], int]
"""What is done to some leads, in the transaction at hand; gives a number that adds up."""


def spare(db: Connection, app: App, ids: Sequence[int], work: Work, now: datetime) -> int:
    """Do it to all of these leads that it does not fail for; gives the sum of what `work` gave.

    The others are left as they were and set aside with the reason, so that a person sees it; where something of theirs
    waits for a time, it waits a while longer, as after a decision that failed. The leads must be locked.

    Raises:
        DBAPIError: The database is away, or it is a matter of trying again; then nothing was done.
    """
    try:
        with db.begin_nested():
            return work(ids)
    except Exception as error:
        if is_away(error) or is_deadlock_or_serialization(error):
            raise
        if len(ids) > 1:
            half = len(ids) // 2
            return spare(db, app, ids[:half], work, now) + spare(db, app, ids[half:], work, now)
        log.exception("a lead could not be worked out anew and is set aside", extra={"lead_id": ids[0]})
        set_aside.put(db, "lead", ids[0], ids[0], f"not worked out anew: {cause_of(error)}", now)
        app.meters.add("set_aside", "lead")
        return 0
