"""Note on what ground a lead may be mailed, that it took that back, and whether it may be observed."""

from datetime import datetime

from sqlalchemy import Connection, text

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.facts import Basis
from nurture.flows.decide import decide
from nurture.flows.suppress import suppress_in
from nurture.rules.happenings import ProfileChanged
from nurture.store import consents, leads, merging
from nurture.store.consents import Entry

_CONFIRMED = text("UPDATE lead SET unconfirmed_at = NULL WHERE id = ANY(:ids) AND unconfirmed_at IS NOT NULL")


def give_consent(
    app: App,
    email: str,
    *,
    basis: Basis,
    by: str,
    now: datetime,
    source: str | None = None,
    wording: str | None = None,
    at: datetime | None = None,
) -> None:
    """An operator notes a ground for mail; the campaigns are asked again. It releases no suppression.

    Raises:
        NotFound: There is no such lead.
    """
    wording = wording or (app.agreement.consent.wording if basis == "consent" else None)
    with transaction(app.engine) as db:
        lead_id = locked(db, email)
        entry = Entry(lead_id, given=True, at=at or now, by=by, basis=basis, source=source, wording=wording)
        if note_in(db, [entry], now):
            decide(db, app, {lead_id: ProfileChanged()}, now)


def withdraw_consent(app: App, email: str, *, by: str, why: str, now: datetime) -> None:
    """The lead took its consent to mail back: it is noted, and the lead is unsubscribed from everything.

    Raises:
        NotFound: There is no such lead.
    """
    with transaction(app.engine) as db:
        lead_id = locked(db, email)
        note_in(db, [Entry(lead_id, given=False, at=now, by=by, source=why or None)], now)
        suppress_in(db, app, lead_id, "unsubscribed", f"consent withdrawn{f': {why}' if why else ''}", now, by=by)


def set_tracking(app: App, lead_id: int, on: bool, *, how: str, now: datetime, by: str = "lead") -> bool:
    """Say whether what a lead does may be observed. Twice is fine; False if there is no such lead.

    Without it its mails have no pixel and no tracked links, and neither hits on earlier mails nor views of pages are
    kept. What it does knowingly is: forms, answers, replies, and whatever else comes as a `track`. What was kept before
    stays, and fades with its half-life.
    """
    with transaction(app.engine) as db:
        living = merging.lock_living(db, lead_id)
        if living is None:
            return False
        if bool(consents.untracked(db, {living})) == on:
            entry = Entry(living, given=on, at=now, by=by, purpose="tracking", source=how)
            consents.add(db, [entry], now)
    return True


def note_in(db: Connection, entries: list[Entry], now: datetime) -> set[int]:
    """Write entries down within the caller's transaction; a ground that somebody notes confirms a lead.

    The leads must be locked. Gives those of whom something is news; what follows for them is the caller's.
    """
    news = consents.add(db, entries, now)
    given = {entry.lead_id for entry in entries if entry.given and entry.purpose == "mail"}
    if given:
        news |= given if db.execute(_CONFIRMED, {"ids": sorted(given)}).rowcount else set()
    return news


def locked(db: Connection, email: str) -> int:
    """The lead with this address, locked.

    Raises:
        NotFound: There is none.
    """
    found = leads.id_of(db, email)
    living = None if found is None else merging.lock_living(db, found)
    if living is None:
        raise NotFound(f"no lead with the address {email}")
    return living
