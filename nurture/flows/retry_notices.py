"""Tell again what could not be told, once somebody has mended why."""

from collections.abc import Sequence
from datetime import datetime

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound
from nurture.store import closed_channels, notices


def retry_notices(app: App, ids: Sequence[int] | None, *, now: datetime) -> int:
    """Queue news again that failed for good, from its first try; gives how many. `ids` None: all that failed.

    A channel that was closed because its receiver is gone is tried again as well.

    Raises:
        NotFound: There is no such news.
        Conflict: It was sent, is being sent, or is no news any more.
    """
    with transaction(app.engine) as db:
        again = notices.try_again(db, ids, now)
        for notice_id in sorted(set(ids or ()) - {row.id for row in again}):
            state = notices.state_of(db, notice_id)
            if state is None:
                raise NotFound(f"no notice {notice_id}")
            raise Conflict(f"notice {notice_id} is {state}; only what failed or waits can be told again")
        for channel in sorted({row.channel for row in again}):
            closed_channels.reopen(db, channel)
    if again:
        app.nudge("notices")
    return len(again)
