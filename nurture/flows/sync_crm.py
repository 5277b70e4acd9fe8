"""Keep a CRM and us in step: tell it what is new, and every few minutes read what reps did there."""

from datetime import datetime, timedelta

from nurture.app import App
from nurture.db import transaction
from nurture.flows.push_to_crm import push
from nurture.flows.read_crm import read_crm
from nurture.store import crm, crm_outbox

READ_EVERY = timedelta(minutes=2)


def anything_to_do(app: App, now: datetime) -> bool:
    """Whether a CRM waits to be told something or to be read; one that rests does not."""
    if not app.crm:
        return False
    with transaction(app.engine) as db:
        for channel in app.crm:
            state = crm.state(db, channel)
            if state is not None and state.held_until is not None and state.held_until > now:
                continue
            if _is_time_to_read(None if state is None else state.read_at, now) or crm_outbox.any_due(db, channel, now):
                return True
    return False


def sync(app: App, channel: str, now: datetime) -> bool:
    """Tell one batch; once all is told, read if it is time. True: there is more."""
    if push(app, channel, now).more:
        return True
    with transaction(app.engine) as db:
        state = crm.state(db, channel)
    if state is not None and _is_time_to_read(state.read_at, now):
        done = read_crm(app, channel, now)
        if done.applied:
            app.nudge("notices")
        return done.away is None and done.applied > 0
    return False


def _is_time_to_read(read_at: datetime | None, now: datetime) -> bool:
    return read_at is None or now - read_at >= READ_EVERY
