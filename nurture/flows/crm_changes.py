"""Have the CRMs told of what was decided of leads: queued in the transaction that decides, written by `push_to_crm`.

Not every click: what is told at once is that a lead stands elsewhere, grades otherwise, went into a campaign or out of
it, or moved on at sales. A score alone is told once a day (docs/decisions/0036-a-crm-is-told-what-reps-act-on.md).
"""

from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.rules import effects as fx
from nurture.store import crm_outbox
from nurture.store.decided import Decisions

WORTH_TELLING = (
    fx.StageChanged, fx.GradeChanged, fx.HandedOver, fx.HandoffMoved, fx.CycleBegan, fx.Enrolled, fx.LeftCampaign,
)  # fmt: skip


def queue_changes(db: Connection, app: App, decided: Decisions, now: datetime) -> None:
    """Queue what is worth telling, in one statement; nothing at all where no CRM is connected."""
    if not app.crm:
        return
    changed = sorted({one.lead_id for kind in WORTH_TELLING for one, _ in decided.each(kind)})
    crm_outbox.queue(db, changed, list(app.crm), now)
