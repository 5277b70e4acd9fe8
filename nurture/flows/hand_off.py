"""Offer leads to sales: an owner, the deadlines, the evidence, a notice for each channel, all in one transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nurture.app import App
from nurture.facts import MICRO, LeadState
from nurture.flows.announce import REQUALIFIED, News, announce_all
from nurture.flows.assigning import give_owners
from nurture.flows.deadlines import set_deadlines
from nurture.rules import grading, sla
from nurture.rules.effects import HandedOver
from nurture.rules.known import known
from nurture.store import handoffs
from nurture.store.decided import Decisions
from nurture.store.handoff_changes import Change, note_changes


def open_offers(db: Connection, app: App, decided: Decisions, now: datetime) -> list[int]:
    """Open a handoff for each lead that was just handed over; gives their ids. The rota is locked last."""
    offers = [(one.lead_id, one.before, effect) for one, effect in decided.each(HandedOver)]
    if not offers:
        return []
    owners = give_owners(db, app, [(lead_id, before) for lead_id, before, _ in offers], now)
    opened: list[News] = []
    noted: list[Change] = []
    for (lead_id, before, offer), assigned in zip(offers, owners, strict=True):
        rep = assigned.rep
        handoff_id = handoffs.open_handoff(db, _values(app, lead_id, before, offer, rep, now))
        noted.append(Change(handoff_id, "offered", now, note=offer.because))
        opened.append(News(f"handoff:{handoff_id}", (rep,), handoff_id))
    note_changes(db, noted)
    ids = [change.handoff_id for change in noted]
    set_deadlines(db, app, ids, now)
    announce_all(db, app, REQUALIFIED, opened, at=now)
    return ids


def _values(app: App, lead_id: int, state: LeadState, offer: HandedOver, rep: str, now: datetime) -> dict[str, Any]:
    terms = app.book.agreement.sla
    first = terms.accept_within
    if offer.hand_raise and terms.hand_raise is not None:
        first = terms.hand_raise.accept_within
    return {
        "lead_id": lead_id,
        "cycle": offer.cycle,
        "grade": offer.grade,
        "score_micro": offer.score.micro,
        "hand_raise": offer.hand_raise,
        "because": offer.because,
        "evidence": _evidence(app, state, offer, now),
        "was_customer": offer.was_customer,
        "owner": rep,
        "offered_at": now,
        "accept_due_at": sla.deadline(terms.hours, now, first),
        "attempt_due_at": sla.deadline(terms.hours, now, terms.first_attempt_within),
    }


def _evidence(app: App, state: LeadState, offer: HandedOver, now: datetime) -> dict[str, Any]:
    """The score's rows and the grade's criteria as they were when the lead was offered, and how it raised its hand."""
    graded = grading.grade(app.book.agreement, known(app.book, state, now))
    return {
        "rows": [
            {
                "signal": row.signal, "day": row.day.isoformat(), "count": row.count, "counted": row.counted,
                "points": row.points, "age_days": row.age_days, "worth": row.worth / MICRO,
            }
            for row in offer.score.rows
        ],
        "fit": [
            {"name": row.name, "points": row.points, "grade": row.grade, "holds": None if row.is_unknown else row.holds}
            for row in graded.rows
        ],
        "raised": None if offer.raised_by is None else {"by": offer.raised_by, "said": offer.said},
    }  # fmt: skip
