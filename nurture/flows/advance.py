"""Take what has come due: decide each lead, write the mails that are to go, set the next times."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import is_away, is_deadlock_or_serialization, transaction
from nurture.flows.decide import decide, offered
from nurture.logs import cause_of
from nurture.rules.effects import Queued
from nurture.rules.happenings import CameDue
from nurture.store import due, set_aside

BATCH = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one call did. `more` tells that another batch may be waiting."""

    leads: int = 0
    queued: int = 0
    offered: int = 0
    set_aside: int = 0
    more: bool = False


def advance(app: App, now: datetime, *, most: int = BATCH) -> Advanced:
    """Decide one batch of due leads, in one transaction. Several workers may do so at once; none waits for another."""
    lead_ids: list[int] = []
    try:
        with transaction(app.engine) as db:
            lead_ids = due.claim(db, now, most)
            done = _decide(db, app, lead_ids, now)
    except Exception as error:
        if not lead_ids or is_away(error):
            raise
        log.exception("a batch could not be decided; its leads are decided one by one", extra={"leads": len(lead_ids)})
        done = _one_by_one(app, lead_ids, now)
    return replace(done, more=len(lead_ids) == most)


def _decide(db: Connection, app: App, lead_ids: Sequence[int], now: datetime) -> Advanced:
    decided = decide(db, app, {lead_id: CameDue() for lead_id in lead_ids}, now)
    return Advanced(len(decided), len(decided.each(Queued)), offered(decided))


def _one_by_one(app: App, lead_ids: Sequence[int], now: datetime) -> Advanced:
    leads = queued = handed = aside = 0
    for lead_id in lead_ids:
        try:
            with transaction(app.engine) as db:
                done = _decide(db, app, [lead_id] if due.still_due(db, lead_id, now) else [], now)
        except Exception as error:
            if is_away(error):
                raise
            if is_deadlock_or_serialization(error):
                continue  # it is still due
            log.exception("a lead could not be decided and is set aside", extra={"lead_id": lead_id})
            with transaction(app.engine) as db:
                set_aside.put(db, "lead", lead_id, lead_id, cause_of(error), now)
            aside += 1
        else:
            leads, queued, handed = leads + done.leads, queued + done.queued, handed + done.offered
    return Advanced(leads, queued, handed, aside)
