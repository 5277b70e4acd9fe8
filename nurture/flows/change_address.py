"""Write to a lead at another address, once somebody has confirmed there that it is theirs.

Whoever has a mail that was forwarded has its link. So nothing changes by it alone: the new address gets a mail with a
link of its own, and until that is opened and confirmed it is nobody's.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NurtureError
from nurture.flows.decide import decide, offered
from nurture.grammar.addresses import AddressMistake, parse_address
from nurture.messages import Mail
from nurture.rules.happenings import ProfileChanged
from nurture.store import choices, identities, leads, suppressions
from nurture.store.merging import lock_living
from nurture.store.suppressions import address_hash

log = logging.getLogger(__name__)

LINK_LIVES = timedelta(days=7)
MOST_A_DAY = 3
"""Links are sent so often in 24 hours: for one lead, and to one address."""

Asked = Literal["sent", "unsent", "no address", "same", "often", "unknown"]
"""What became of asking: also `sent` where the new address must not be mailed, for that is nobody's business here."""
Confirmed = Literal["changed", "late", "taken", "unknown"]
Compose = Callable[[str, int, datetime], Mail]
"""Makes the mail with the link: to this address, with this number, good until then."""
Farewell = Callable[[str, str], Mail]
"""Makes the mail that tells the address before of the one that mails go to now."""


def ask_for_address(app: App, lead_id: int, email: str, *, how: str, compose: Compose, now: datetime) -> Asked:
    """Send a link to the address that a lead asks us to use. Nothing of the lead changes."""
    try:
        new = parse_address(email)
    except AddressMistake:
        return "no address"
    expires_at = now + LINK_LIVES
    with transaction(app.engine) as db:
        living = lock_living(db, lead_id)
        if living is None:
            return "unknown"
        if leads.email_of(db, living) == new:
            return "same"
        if choices.addresses_asked(db, living, address_hash(new), now - timedelta(days=1)) >= MOST_A_DAY:
            return "often"
        asked_id = choices.ask_for_address(db, living, new, address_hash(new), how, now, expires_at)
        is_mute = any(not row.topic for row in suppressions.suppressions_of(db, new))
    if not is_mute and not _sent(app, compose(new, asked_id, expires_at)):
        with transaction(app.engine) as db:
            choices.forget_address(db, asked_id)
        return "unsent"
    with transaction(app.engine) as db:
        choices.note_address(db, asked_id, "sent", now)
    return "sent"


def _sent(app: App, mail: Mail) -> bool:
    try:
        receipt = app.send(mail)
    except NurtureError as error:
        log.warning("a mail about a changed address could not be sent: %s", error)
        return False
    return receipt.outcome in ("sent", "unknown")


def confirm_address(app: App, asked_id: int, now: datetime, *, farewell: Farewell) -> Confirmed:
    """Give the lead its new address, and tell the one before: who had a forwarded mail may not be the lead.

    Twice is fine, and tells it once; that this mail may fail keeps nobody from changing.

    Whoever left mail has left it at the new address, too; a mailbox that was dead is another one now. An address that
    is another lead's is left with that one, and the two are noted as perhaps one person (`nurture leads merge`).
    """
    with transaction(app.engine) as db:
        asked = choices.address_asked(db, asked_id)
        if asked is None:
            return "unknown"
        if asked.confirmed_at is not None:
            return "changed"
        if asked.taken_at is not None:
            return "taken"
        if asked.expires_at <= now or asked.email is None:
            return "late"
        identities.keep(db, (), (asked.email, identities.FURTHER))
        living = lock_living(db, asked.lead_id)
        if living is None:
            return "unknown"
        owner = leads.id_of(db, asked.email)
        if owner not in (None, living):
            because = "a lead confirmed this address as its own"
            identities.note(db, [identities.Conflict(living, owner, now, "preferences", because)])
            choices.note_address(db, asked_id, "taken", now)
            return "taken"
        old = leads.email_of(db, living)
        decided = 0 if old == asked.email else _change(db, app, living, old, asked.email, now)
        choices.note_address(db, asked_id, "confirmed", now)
        is_mute = any(not row.topic for row in suppressions.suppressions_of(db, old))
    if decided:
        app.nudge("notices")
    if old != asked.email and not is_mute:
        _sent(app, farewell(old, asked.email))
    return "changed"


def _change(db: Connection, app: App, lead_id: int, old: str, new: str, now: datetime) -> int:
    """Change the address, take the person's wishes along, and decide again; gives how many were handed over."""
    choices.become_address(db, lead_id, old, new, now)
    for row in suppressions.suppressions_of(db, old):
        if row.reason != "bounced":
            suppressions.suppress(db, [new], reason=row.reason, how=row.how, at=row.at, topic=row.topic)
    return offered(decide(db, app, {lead_id: ProfileChanged()}, now))
