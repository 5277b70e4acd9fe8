"""Somebody says that a form was theirs: the consent is on record, and campaigns may take the lead."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import transaction
from nurture.flows.consent import note_in
from nurture.flows.decide import decide, offered
from nurture.flows.suppress import release_in
from nurture.rules.happenings import ProfileChanged
from nurture.store import confirmations, leads, suppressions
from nurture.store.consents import Entry
from nurture.store.merging import lock_living

Outcome = Literal["confirmed", "late", "unknown"]

RETURNS: frozenset[str] = frozenset({"unsubscribed", "erased"})
"""What a lead takes back itself by confirming a form: it left, and comes again."""


def confirm(app: App, confirmation_id: int, *, address_hash: bytes | None, agent: str | None, now: datetime) -> Outcome:
    """Take the yes. Twice is fine; a question that is too old, or whose lead is forgotten, is answered in vain.

    Args:
        app: where leads live.
        confirmation_id: which question.
        address_hash: of the network address, under our key; kept with the consent.
        agent: the program that said so, by its own word; kept too.
        now: business time.
    """
    with transaction(app.engine) as db:
        asked = confirmations.one(db, confirmation_id)
        living = None if asked is None or asked.lead_id is None else lock_living(db, asked.lead_id)
        if asked is None or living is None:
            return "unknown"
        if asked.confirmed_at is not None:
            return "confirmed"
        if asked.expires_at <= now:
            return "late"
        handed = _take(db, app, living, asked, address_hash, agent, now)
    if handed:
        app.nudge("notices")
    return "confirmed"


def _take(
    db: Connection,
    app: App,
    lead_id: int,
    asked: Row[Any],
    address_hash: bytes | None,
    agent: str | None,
    now: datetime,
) -> int:
    """Write the consent down, and let happen what follows; gives how many leads were handed over."""
    entry = Entry(
        lead_id, True, now, "lead", basis=asked.basis, source=asked.source, wording=asked.wording,
        asked_at=asked.asked_at, address_hash=address_hash, agent=agent,
    )  # fmt: skip
    note_in(db, [entry], now)
    confirmations.confirmed(db, asked.id, now)
    email = leads.email_of(db, lead_id)
    reason = next((row.reason for row in suppressions.suppressions_of(db, email) if not row.topic), None)
    if reason in RETURNS:
        release_in(db, app, email, "lead", f"confirmed a form of {asked.source}", now, insist=True)
    return offered(decide(db, app, {lead_id: ProfileChanged()}, now))
