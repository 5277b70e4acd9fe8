"""Reports on mails, and mails to report on."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from nurture.app import App
from nurture.db import transaction
from nurture.mail.links import message_id
from nurture.messages import ProviderEvent
from nurture.models import Delivery
from tests.flows.apps import one
from tests.rules.examples import NOW

_made = itertools.count()


def add_mail(app: App, lead_id: int, at: datetime = NOW - timedelta(hours=2), **more: Any) -> int:
    """A mail of the campaign's first step to this lead, sent then; its id."""
    enrollment = one(app, "SELECT id FROM enrollment WHERE lead_id = :id ORDER BY n DESC LIMIT 1", id=lead_id)
    values = {
        "lead_id": lead_id, "enrollment_id": enrollment, "campaign": "not-ready", "step": f"s{next(_made)}", "cycle": 1,
        "template": "t", "state": "sent", "slot_at": at, "slot_until": at + timedelta(hours=2), "zone": "UTC",
        "local_on": at.date(), "queued_at": at, "sending_at": at, "sent_at": at,
    }  # fmt: skip
    with transaction(app.engine) as db:
        made = db.execute(insert(Delivery.__table__).values(**(values | more)).returning(Delivery.__table__.c.id))
        return int(made.scalar_one())


def report(app: App, type_: Any, delivery: int | None = None, at: datetime | None = NOW, **more: Any) -> ProviderEvent:
    """A report with an id of its own, on this mail."""
    token = None if delivery is None else message_id(app.settings.secret_key, delivery, "acme.example").strip("<>")
    values = {"provider": "postmark", "recipient": "jo@buyer.example", "event_id": f"e{next(_made)}"} | more
    return ProviderEvent(type=type_, at=at, delivery=token, **values)
