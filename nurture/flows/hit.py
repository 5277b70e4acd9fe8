"""Note that somebody, or something, followed a tracked link or loaded the pixel. Judged a while later, as a whole."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.mail.links import visitor_token
from nurture.store import events

SETTLE = timedelta(minutes=1)
"""How long hits of one mail wait so that a burst can be judged whole."""

_DELIVERY = text("SELECT lead_id, campaign, step FROM delivery WHERE id = :id")


def record_hit(
    app: App,
    *,
    kind: Literal["click", "open"],
    delivery_id: int,
    link: int | None,
    url: str | None,
    method: str,
    agent: str | None,
    address: str | None,
    prefetch: bool,
    now: datetime,
) -> str | None:
    """Keep a hit as pending; gives a token by which the site knows its visitor, None for no such delivery."""
    with transaction(app.engine) as db:
        delivery = db.execute(_DELIVERY, {"id": delivery_id}).one_or_none()
        if delivery is None:
            return None
        events.insert(
            db,
            [
                {
                    "source": "mail",
                    "message_id": uuid4().hex,
                    "lead_id": delivery.lead_id,
                    "kind": kind,
                    "name": url,
                    "delivery_id": delivery_id,
                    "link": link,
                    "campaign": delivery.campaign,
                    "step": delivery.step,
                    "agent": agent,
                    "address_hash": _hidden(app, address),
                    "hit": {"method": method, "prefetch": prefetch},
                    "occurred_at": now,
                    "client_at": now,
                    "received_at": now,
                    "verdict": "pending",
                    "settle_at": now + SETTLE,
                }
            ],
        )
    return visitor_token(app.settings.secret_key, delivery.lead_id)


def _hidden(app: App, address: str | None) -> bytes | None:
    """The network address under our key: enough to see that two hits came from one place, nothing to look up."""
    if address is None:
        return None
    return hashlib.blake2b(address.encode(), digest_size=16, key=app.settings.secret_key.encode()[:64]).digest()
