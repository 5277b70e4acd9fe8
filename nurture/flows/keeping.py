"""A lease is short, so that others soon have what a dead process held; who lives and takes longer renews it."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from nurture.app import App
from nurture.db import transaction

EVERY = 15.0
"""Seconds; a third of the shortest lease that is kept so."""
ENDS_WITHIN = 5.0
"""Seconds that a renewal which is under way at the end is waited for, so that none comes after what is let go."""
LONGEST = 300.0
"""Seconds. Whoever has not come to an end by then hangs, and is taken for dead."""

log = logging.getLogger(__name__)

Renew = Callable[[Connection], object]


@contextlib.contextmanager
def kept(app: App, renew: Renew) -> Iterator[None]:
    """Renew a lease every so often while the block lasts, in a thread of its own."""
    over = threading.Event()
    thread = threading.Thread(target=_keep, args=(app, renew, over), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(ENDS_WITHIN)


def _keep(app: App, renew: Renew, over: threading.Event) -> None:
    ends_at = time.monotonic() + LONGEST
    while not over.wait(EVERY) and time.monotonic() < ends_at:
        try:
            with transaction(app.engine) as db:
                renew(db)
        except SQLAlchemyError as error:
            log.warning("a lease could not be renewed", extra={"because": type(error).__name__})
