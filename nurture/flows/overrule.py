"""Let a person's verdict of one event stand over the rules'."""

from datetime import datetime
from typing import Literal

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.flows.recount import recount
from nurture.store import verdicts
from nurture.store.states import lock


def overrule(
    app: App, event_id: int, verdict: Literal["human", "automated"], reason: str, now: datetime
) -> tuple[str, str]:
    """Write the verdict; gives the one before, and the kind of the event.

    The lead's counts and score follow; nobody is handed over by it. The rules leave the event alone from then on.

    Raises:
        NotFound: There is no such event.
    """
    while True:
        try:
            with transaction(app.engine) as db:
                found = verdicts.event(db, event_id)
                if found is None:
                    raise NotFound(f"no event has the id {event_id}; `nurture leads show ADDRESS` lists a lead's")
                lock(db, [] if found.lead_id is None else [found.lead_id])
                if verdicts.overrule(db, found, verdict, f"judged by hand: {reason}", now) != found.lead_id:
                    raise _ChangedHands
                recount(db, app, [] if found.lead_id is None else [found.lead_id], now)
                return found.verdict, found.kind
        except _ChangedHands:
            continue


class _ChangedHands(Exception):
    """The event has just become another lead's, who is not locked."""
