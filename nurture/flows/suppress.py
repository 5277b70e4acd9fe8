"""Stop mailing an address: a wish, a dead mailbox, a complaint. In force from the moment this is committed."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.decide import decide
from nurture.rules.happenings import MustNotBeMailed
from nurture.store import merging, suppressions

Word = Literal["unsubscribed", "bounced", "complained", "suppressed"]


def unsubscribe(app: App, *, lead_id: int, delivery_id: int | None, how: str, now: datetime) -> bool:
    """The lead wants no more mail. Twice is fine; False if there is no such lead."""
    because = how if delivery_id is None else f"{how}, delivery {delivery_id}"
    return suppress(app, lead_id=lead_id, word="unsubscribed", how=because, now=now)


def suppress(app: App, *, lead_id: int, word: Word, how: str, now: datetime) -> bool:
    """Put the lead's addresses on the list and end its enrollment with the word; False if there is no such lead.

    A lead that was merged into another one lives on in that one, and so does its wish. A dead mailbox is one address.
    """
    with transaction(app.engine) as db:
        living = merging.lock_living(db, lead_id)
        if living is None:
            return False
        gone = merging.lost_address(db, lead_id) if word == "bounced" and living != lead_id else None
        emails = [gone] if gone is not None else _addresses(db, living, word)
        if suppressions.suppress(db, emails, reason=word, how=how, at=now) and gone is None:
            decide(db, app, {living: MustNotBeMailed(word)}, now)
    return True


def _addresses(db: Connection, lead_id: int, word: Word) -> list[str]:
    """What is not to be mailed: for a wish, every address by which the person is known."""
    if word != "bounced":
        return merging.addresses(db, [lead_id])
    return list(db.execute(text("SELECT email FROM lead WHERE id = :id"), {"id": lead_id}).scalars())
