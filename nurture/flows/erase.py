"""Erase a person (GDPR Article 17): nothing is left but a hash of each address, so that nobody takes it in again.

A mail that is being sent at this moment still leaves; its answer finds nothing to be written on. Whoever was asked to
confirm a form and did not is forgotten likewise, without a mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import TryAgain, is_deadlock_or_serialization, transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.grammar.addresses import parse_address
from nurture.store import confirmations, erasing, leads, merging, states, suppressions

TRIES = 5
FORGOTTEN_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing removes, or has removed.

    Attributes:
        addresses: how many addresses the person is known by.
        removed: how much there is of each kind: events, mails, handoffs, refusals, ids.
        stage: where the lead stands; None if there is no lead with this address any more.
        erased_at: when the address was erased before.
    """

    addresses: int
    removed: Mapping[str, int] = field(default_factory=dict)
    stage: str | None = None
    erased_at: datetime | None = None


def foresee_erasing(app: App, email: str) -> Erased:
    """Say what `erase` would remove; changes nothing.

    Raises:
        NotFound: Nothing is known of this address.
    """
    with transaction(app.engine) as db:
        return _found(db, email)


def erase(app: App, email: str, *, by: str, now: datetime) -> Erased:
    """Remove a person, by any of its addresses, in one transaction. Twice is fine.

    Raises:
        UsageError: Nobody says who does it.
        NotFound: Nothing is known of this address.
        Conflict: Others change this lead again and again at this moment.
    """
    if not by.strip():
        raise UsageError("to erase somebody, say who does it")
    for attempt in range(TRIES):
        try:
            with transaction(app.engine) as db:
                return _erase(db, email, by, now)
        except Exception as error:
            if not is_deadlock_or_serialization(error):
                raise
            if attempt + 1 == TRIES:
                raise Conflict("this lead is changing at this moment; try again") from error
    raise AssertionError("unreachable")


def forget_unconfirmed(app: App, now: datetime) -> int:
    """Forget leads that did not confirm their form in time, a batch of them; gives how many.

    Nobody who was mailed, handed to sales or refused by it is forgotten. That an address was asked is remembered for a
    while, by its hash.
    """
    before = now - timedelta(days=app.agreement.consent.confirm_within.days)
    with transaction(app.engine) as db:
        silent = confirmations.silent(db, now, before, FORGOTTEN_AT_ONCE)
        gone = sum(erasing.remove_lead(db, lead_id) for lead_id in states.lock(db, silent))
        confirmations.drop_old(db, now)
    return gone


def _erase(db: Connection, email: str, by: str, now: datetime) -> Erased:
    found = _found(db, email)
    asked = parse_address(email)
    emails = [asked]
    if found.stage is not None:
        lead_id = leads.id_of(db, asked)
        living = None if lead_id is None else merging.lock_living(db, lead_id)
        if living is None:
            raise TryAgain
        emails = sorted({asked, *merging.addresses(db, [living])})
        erasing.remove_questions(db, living)
        erasing.remove_lead(db, living)
    hashes = suppressions.hashes_of(emails)
    traces = erasing.remove_traces(db, emails, hashes)
    if found.stage is not None or found.erased_at is None:
        erasing.mark_erased(db, hashes, by=by, at=now)
    return Erased(len(emails), {**found.removed, "traces": traces}, found.stage, found.erased_at)


def _found(db: Connection, email: str) -> Erased:
    email = parse_address(email)
    there = suppressions.suppressions_of(db, email)
    erased_at = next((row.at for row in there if row.reason == "erased"), None)
    lead_id = leads.id_of(db, email)
    if lead_id is None:
        if not there:
            raise NotFound(f"nothing is known of {email}")
        return Erased(1, erased_at=erased_at)
    (lead,) = merging.lead_rows(db, [lead_id]).values()
    return Erased(len(merging.addresses(db, [lead_id])), merging.counts(db, lead_id), lead.stage, erased_at)
