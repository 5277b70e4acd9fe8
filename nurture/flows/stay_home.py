"""See that a copy of a database sends nothing: its leads are mailed from the original already.

Asked where mail is about to be handed over, once for many mails. A database learns where it lives at its first start;
one that finds itself elsewhere waits for a person (`nurture db adopt`). While it waits nothing is lost, nothing fails.
"""

import logging
import time
from dataclasses import replace
from datetime import datetime

from nurture.app import App
from nurture.db import transaction
from nurture.rules.dwelling import Dwelling, home_of, moved
from nurture.store import installation

SAY_EVERY = 60.0
"""Seconds of machine time between two lines in the log that say the same."""

log = logging.getLogger(__name__)
_said_at: dict[tuple[str, str], float] = {}


def is_home(app: App, now: datetime) -> bool:
    """Tell whether this database may send: it is where it was, or starts for the first time."""
    why = why_not_home(app, now)
    what = (str(app.engine.url.database), why or "")
    if why is not None and time.monotonic() - _said_at.get(what, -SAY_EVERY) >= SAY_EVERY:
        _said_at[what] = time.monotonic()
        log.error("nothing is sent: this database is a copy; `nurture db adopt` makes it ours", extra={"why": why})
    return why is None


def why_not_home(app: App, now: datetime) -> str | None:
    """Give why nothing may be sent, for a person to read; None where all is well."""
    with transaction(app.engine) as db:
        here = installation.found(db, _home(app))
        kept = installation.kept(db)
        if kept is None:
            installation.first(db, here, now)
            return None
        if (why := moved(kept.dwelling, here)) is None and _knows_more(here, kept.dwelling):
            installation.learn(db, here)
        return why


def adopt_database(app: App, by: str, now: datetime) -> None:
    """Make this database at home where it is."""
    with transaction(app.engine) as db:
        installation.move(db, installation.found(db, _home(app)), by, now)
    log.warning("this database is at home here from now on")


def _home(app: App) -> str | None:
    """Give what BASE_URL says, where somebody said it."""
    return home_of(app.settings.base_url) if "BASE_URL" in app.settings.set_variables else None


def _knows_more(here: Dwelling, was: Dwelling) -> bool:
    learned = replace(was, cluster=was.cluster or here.cluster, home=was.home or here.home)
    return learned != was
