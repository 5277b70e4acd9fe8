"""Try again what went no further by itself, once somebody has mended why. Nobody gets anything twice by it.

What may have arrived is never sent again: of an unknown mail a person says what became of it (`flows.resolve`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound
from nurture.flows.decide import decide
from nurture.flows.retry_notices import retry_notices
from nurture.rules.happenings import SendFailed
from nurture.store import confirmations, deliveries, inbound, leads, set_aside, stuck
from nurture.store.merging import lock_living

FIND_OUT: Mapping[str, str] = {
    "delivery": "it may have arrived, so it is not sent again; look it up at the mail server, then "
    "`nurture deliveries resolve {number} --as sent` (or `--as failed`, and its step comes again)",
    "confirmation": "it may have arrived, so it is not sent again; whoever missed it sends the form once more",
}
"""What to do about what is unknown."""


def retry(app: App, kind: str, number: int, *, now: datetime) -> None:
    """Try one thing again.

    Raises:
        NotFound: There is no such thing, or it is not stuck.
        Conflict: It may not be tried again; says what to do instead.
    """
    with transaction(app.engine) as db:
        found = stuck.find(db, kind, number, now)
    if found is None:
        raise NotFound(f"{kind}:{number} is not stuck: `nurture queue` has what is")
    if found.state == "unknown":
        raise Conflict(f"{found.id} is unknown: {FIND_OUT[kind].format(number=number)}")
    if not found.may_retry:
        raise Conflict(f"{found.id} is tried again by itself, at the lead's next slot")
    _RETRY[kind](app, number, now)


def _retry_set_aside(kind: str, nudges: str) -> Callable[[App, int, datetime], None]:
    def again(app: App, number: int, now: datetime) -> None:
        with transaction(app.engine) as db:
            set_aside.wake(db, now, kind, number)
        app.nudge(nudges)

    return again


def _retry_delivery(app: App, number: int, now: datetime) -> None:
    """Let its step come again in this cycle, at the lead's next slot, by the rules for a mail that was not taken."""
    with transaction(app.engine) as db:
        row = deliveries.one(db, number)
        found = None if row is None else leads.id_of(db, row.lead)
        lead_id = None if found is None else lock_living(db, found)
        if row is None or lead_id is None or not stuck.let_come_again(db, number):
            raise Conflict(f"delivery:{number} has moved on meanwhile; look again")
        decide(db, app, {lead_id: SendFailed(row.campaign, row.step, row.cycle, for_good=False)}, now)


def _retry_notice(app: App, number: int, now: datetime) -> None:
    retry_notices(app, [number], now=now)
    app.nudge("crm")


def _retry_forward(app: App, number: int, now: datetime) -> None:
    with transaction(app.engine) as db:
        inbound.try_again(db, number, now)
    app.nudge("forwards")


def _retry_confirmation(app: App, number: int, now: datetime) -> None:
    with transaction(app.engine) as db:
        confirmations.try_again(db, number, now)
    app.nudge("confirmations")


_RETRY: Mapping[str, Callable[[App, int, datetime], None]] = {
    "lead": _retry_set_aside("lead", "advance"),
    "score": _retry_set_aside("score", "rescore"),
    "handoff": _retry_set_aside("handoff", "promises"),
    "hits": _retry_set_aside("hits", "settle"),
    "delivery": _retry_delivery,
    "notice": _retry_notice,
    "crm": _retry_notice,
    "forward": _retry_forward,
    "confirmation": _retry_confirmation,
}
