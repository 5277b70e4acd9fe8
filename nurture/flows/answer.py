"""Take a lead's answer to a survey: an event, an attribute, perhaps a raised hand."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.decide import decide, offered
from nurture.rules.happenings import Did
from nurture.store import events
from nurture.store.choices import latest_answer
from nurture.store.states import event_fact, lock

_DELIVERY = text("SELECT lead_id, campaign, step FROM delivery WHERE id = :id")


def _locked(db: Connection, delivery_id: int) -> Row[Any] | None:
    """The mail, its lead locked."""
    while True:
        delivery = db.execute(_DELIVERY, {"id": delivery_id}).one_or_none()
        if delivery is None or lock(db, [delivery.lead_id]):
            return delivery  # else the lead was merged into another one in between, and the mail is that one's


def answer(app: App, *, delivery_id: int, question: str, answer: str, now: datetime) -> bool:
    """Note the answer. Said again it is the same one; another one is kept beside it, and the latest holds.

    Returns:
        Whether there is such a mail; the step that it was of may be gone.
    """
    with transaction(app.engine) as db:
        delivery = _locked(db, delivery_id)
        if delivery is None:
            return False
        before = latest_answer(db, delivery.lead_id, question)
        if before is not None and (before.delivery_id, before.answer) == (delivery_id, answer):
            return True
        said = f"{delivery_id}\0{question}\0{answer}" + ("" if before is None else f"\0after {before.id}")
        row = {
            "source": "survey",
            "message_id": sha256(said.encode()).hexdigest(),
            "lead_id": delivery.lead_id,
            "kind": "answer",
            "name": question,
            "properties": {"answer": answer},
            "delivery_id": delivery_id,
            "campaign": delivery.campaign,
            "step": delivery.step,
            "occurred_at": now,
            "received_at": now,
        }
        stored = events.insert(db, [row])
        facts = tuple(event_fact(one) for one in stored)
        handed = offered(decide(db, app, {delivery.lead_id: Did(facts)}, now)) if facts else 0
    if handed:
        app.nudge("notices")
    return True
