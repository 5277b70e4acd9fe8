"""Stop mailing an address: a wish, a dead mailbox, a complaint. In force from the moment this is committed."""

from datetime import datetime
from typing import Literal

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.decide import decide
from nurture.rules.happenings import MustNotBeMailed
from nurture.store import suppressions
from nurture.store.states import lock

Word = Literal["unsubscribed", "bounced", "complained", "suppressed"]


def unsubscribe(app: App, *, lead_id: int, delivery_id: int | None, how: str, now: datetime) -> bool:
    """The lead wants no more mail. Twice is fine; False if there is no such lead."""
    because = how if delivery_id is None else f"{how}, delivery {delivery_id}"
    return suppress(app, lead_id=lead_id, word="unsubscribed", how=because, now=now)


def suppress(app: App, *, lead_id: int, word: Word, how: str, now: datetime) -> bool:
    """Put the lead's address on the list and end its enrollment with the word; False if there is no such lead."""
    with transaction(app.engine) as db:
        if not lock(db, [lead_id]):
            return False
        email = db.execute(text("SELECT email FROM lead WHERE id = :id"), {"id": lead_id}).scalar_one()
        if suppressions.suppress(db, [email], reason=word, how=how, at=now):
            decide(db, app, {lead_id: MustNotBeMailed(word)}, now)
    return True
