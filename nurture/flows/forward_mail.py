"""Pass on what people wrote to whom it concerns. An outbox: written with what came in, sent at least once."""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import Row

from nurture.app import App, Stop, never
from nurture.db import transaction
from nurture.errors import NurtureError
from nurture.flows.keeping import kept
from nurture.flows.mail_reports import sender_of
from nurture.flows.stay_home import is_home
from nurture.inbound.message import header, parsed
from nurture.mail.links import read_inbound_address
from nurture.messages import Mail, Receipt
from nurture.notifiers.passed_on import PassedOn, passed_on
from nurture.notifiers.schedule import next_try
from nurture.store import inbound

BATCH = 20

_NOTES = {
    "stop": "They asked for no more mail and will get none.",
    "unreadable": "Nothing could be made of this mail; please look at it.",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """How many mails went on, and how many did not. `more` tells that others may be waiting."""

    sent: int = 0
    failed: int = 0
    more: bool = False


def forward_mail(app: App, now: datetime, *, most: int = BATCH, stop: Stop = never) -> Forwarded:
    """Pass on one batch of what is due, one after the other; a failure is tried again later, or stays shown.

    Out of a copy of a database nothing is passed on (`stay_home`).
    """
    if not is_home(app, now):
        return Forwarded()
    sent = failed = 0
    for _ in range(most):
        if stop():
            break
        token = uuid4()
        with transaction(app.engine) as db:
            leased = inbound.take_forward(db, token, now)
            row = None if leased is None else inbound.mail(db, leased.inbound_id)
        if leased is None:
            return Forwarded(sent, failed)
        with kept(app, partial(inbound.renew_forward, inbound_id=leased.inbound_id, token=token)):
            receipt = _sent(app, row, leased.recipient)
        again_at = None
        if receipt.outcome not in ("sent", "refused"):
            again_at = next_try(f"forward_{leased.inbound_id}", leased.tries, now, None)
        state = "sent" if receipt.outcome == "sent" else "failed" if again_at is None else "queued"
        if state != "sent":
            log.warning("a mail was not passed on", extra={"inbound_id": leased.inbound_id, "state": state})
        error = None if state == "sent" else receipt.reply[:500]
        with transaction(app.engine) as db:
            inbound.settle_forward(db, leased.inbound_id, token, state=state, now=now, next_at=again_at, error=error)
        sent += state == "sent"
        failed += state != "sent"
    return Forwarded(sent, failed, more=True)


def _sent(app: App, row: Row[Any] | None, recipient: str) -> Receipt:
    if row is None:
        return Receipt(0, "refused", "the mail is not kept any more")
    if _is_our_own(app, recipient):
        return Receipt(0, "refused", "the address is the one where mail comes in: set company.reply_to to a person's")
    try:
        return app.send(_letter(app, row, recipient))
    except NurtureError as error:
        return Receipt(0, "held", str(error))
    except Exception as error:
        log.exception("a mail could not be passed on", extra={"inbound_id": row.id})
        return Receipt(0, "put_off", type(error).__name__)


def _is_our_own(app: App, address: str) -> bool:
    """Whether mail to this address comes in here again."""
    own = app.settings.mail.inbound_address
    is_token = read_inbound_address(app.settings.secret_key, address) is not None
    return is_token or (own is not None and address.strip().lower() == own.lower())


def _letter(app: App, row: Row[Any], recipient: str) -> Mail:
    message = parsed(row.raw)
    address = sender_of(message)
    name = " ".join(filter(None, (row.first_name, row.last_name))) or row.email or address or "Somebody"
    what = PassedOn(
        id=row.id,
        writer=f"{name}, {row.company}" if row.company else name,
        address=address,
        subject=header(message, "Subject") or "(no subject)",
        said=row.said or "",
        note=_NOTES.get(row.kind) or _note(row),
        raw=row.raw,
        at=row.received_at,
    )
    return passed_on(what, sender=str(app.agreement.company.sender), recipient=recipient)


def _note(row: Row[Any]) -> str:
    if row.lead_id is None:
        return "Nobody whom we know wrote this; it came in by the address for replies."
    return {
        "mql": "The lead is offered to sales, and its campaign has ended.",
        "sal": "Sales has the lead.",
        "sql": "Sales has the lead.",
    }.get(row.stage, "No campaign writes to the lead now.")
