"""Settle a mail of which nobody knows whether the server took it: a person looked, and says so."""

from datetime import datetime
from typing import Literal

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound
from nurture.flows.decide import decide
from nurture.rules.happenings import SendFailed
from nurture.store import deliveries, leads
from nurture.store.merging import lock_living


def resolve(app: App, delivery_id: int, *, as_state: Literal["sent", "failed"], by: str, now: datetime) -> None:
    """Say that an unknown mail was `sent`, or that it was not (`failed`: its step comes again at the next slot).

    Raises:
        NotFound: There is no such delivery.
        Conflict: It is not unknown.
    """
    with transaction(app.engine) as db:
        row = deliveries.one(db, delivery_id)
        if row is None:
            raise NotFound(f"no delivery {delivery_id}")
        found = leads.id_of(db, row.lead)
        lead_id = None if found is None else lock_living(db, found)
        reason = f"settled by {by}"
        if deliveries.settle_unknown(db, delivery_id, state=as_state, reason=reason, now=now) is None:
            raise Conflict(f"delivery {delivery_id} is {row.state}; only an unknown one can be settled")
        if as_state == "failed" and lead_id is not None:
            failed = SendFailed(row.campaign, row.step, row.cycle, for_good=False)
            decide(db, app, {lead_id: failed}, now)
