"""Send the notices that are due, each channel on its own; a failure is tried again later, or shown."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row

from nurture.app import App, Stop, never
from nurture.db import transaction
from nurture.errors import NotifierError
from nurture.flows.keeping import kept
from nurture.flows.make_notice import digest_people, handoff_url, make_notice
from nurture.flows.stay_home import is_home
from nurture.notifiers import Notifier
from nurture.notifiers.schedule import next_try
from nurture.store import closed_channels, notices

BATCH = 20

__all__ = ["Told", "digest_people", "handoff_url", "tell", "waiting_channels"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """How many notices went out, and how many did not. `more` tells that others may be waiting.

    `failed` are those that were not taken, now or for good; `cancelled` those that are not news any more.
    """

    sent: int = 0
    failed: int = 0
    more: bool = False
    cancelled: int = 0


def waiting_channels(app: App, now: datetime) -> list[str]:
    """Channels that have something to tell, each to be told by `tell` on its own: one that is slow delays no other."""
    with transaction(app.engine) as db:
        return notices.due_channels(db, now)


def tell(app: App, now: datetime, *, channel: str | None = None, most: int = BATCH, stop: Stop = never) -> Told:
    """Send one batch of due notices, of one channel or of all.

    Each was written in the transaction of what it tells of; each is told at least once. Nobody is told anything out of
    a copy of a database (`stay_home`).
    """
    if not is_home(app, now):
        return Told()
    became: Counter[str] = Counter()
    for _ in range(most):
        if stop():
            break
        # One at a time: a channel may take half a minute to fail, and a lease must outlive what it is for.
        token = uuid4()
        with transaction(app.engine) as db:
            rows = notices.lease(db, token=token, now=now, most=1, channel=channel)
        if not rows:
            return _told(became)
        with kept(app, partial(notices.renew, ids=[rows[0].id], token=token)):
            became[_tell(app, rows[0], token, now)] += 1
    return _told(became, more=True)


def _told(became: Mapping[str, int], *, more: bool = False) -> Told:
    not_taken = sum(became.values()) - became["sent"] - became["cancelled"]
    return Told(became["sent"], not_taken, more, became["cancelled"])


def _tell(app: App, row: Row[Any], token: UUID, now: datetime) -> str:
    """Send one notice; gives the state that it has now."""
    notifier = app.channels.get(row.channel)
    try:
        if notifier is None:
            raise NotifierError(f"the channel {row.channel} is not configured", permanent=True)
        notice = make_notice(app, row, now)
        if isinstance(notice, str):
            return _cancelled(app, row, token, now, notice)
        _see_that_it_is_open(app, row.channel, notifier)
        notifier.notify(notice)
    except NotifierError as error:
        if error.gone:
            _close(app, row.channel, notifier, now, str(error))
        return _failed(app, row, token, now, str(error), permanent=error.permanent, retry_after=error.retry_after)
    except Exception as error:
        log.exception("a notice could not be sent", extra={"notice_id": row.id, "channel": row.channel})
        return _failed(app, row, token, now, f"{type(error).__name__}", permanent=False, retry_after=None)
    with transaction(app.engine) as db:
        notices.settle(db, row.id, token, state="sent", now=now)
    return "sent"


def _see_that_it_is_open(app: App, channel: str, notifier: Notifier | None) -> None:
    """See that its receiver has not said that it is gone, of the address that it has now.

    Raises:
        NotifierError: It has. Nothing is sent there until the address changes, or somebody asks to try it again.
    """
    address_hash = getattr(notifier, "address_hash", None)
    if address_hash is None:
        return
    with transaction(app.engine) as db:
        closed = closed_channels.find(db, channel, address_hash)
    if closed is not None:
        since = f"since {closed.at:%Y-%m-%d %H:%M} UTC"
        raise NotifierError(f"not sent: the receiver is gone {since} ({closed.words})", permanent=True)


def _close(app: App, channel: str, notifier: Notifier | None, now: datetime, words: str) -> None:
    log.error("a channel is switched off: its receiver says that it is gone", extra={"channel": channel})
    with transaction(app.engine) as db:
        closed_channels.close(db, channel, getattr(notifier, "address_hash", b""), at=now, words=words[:500])


def _cancelled(app: App, row: Row[Any], token: UUID, now: datetime, because: str) -> str:
    log.info("a notice is not news any more", extra={"notice_id": row.id, "channel": row.channel})
    with transaction(app.engine) as db:
        notices.settle(db, row.id, token, state="cancelled", now=now, error=because)
    return "cancelled"


def _failed(
    app: App,
    row: Row[Any],
    token: UUID,
    now: datetime,
    words: str,
    *,
    permanent: bool,
    retry_after: float | None,
) -> str:
    again_at = None if permanent else next_try(f"notice_{row.id}", row.tries, now, retry_after)
    state = "failed" if again_at is None else "queued"
    log.warning("a notice was not taken", extra={"notice_id": row.id, "channel": row.channel, "state": state})
    with transaction(app.engine) as db:
        notices.settle(db, row.id, token, state=state, now=now, next_at=again_at, error=words[:500])
    return state
