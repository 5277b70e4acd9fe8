"""Rows for the pages to show: a lead with a mail, and one that was handed over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import Engine, insert, text

from nurture.facts import MICRO
from nurture.mail.address_links import address_token
from nurture.mail.confirm_links import confirm_token
from nurture.mail.links import (
    MailOfLead,
    SurveyAnswer,
    TrackedLink,
    answer_token,
    handoff_token,
    link_token,
    open_token,
    preferences_token,
    unsubscribe_token,
)
from nurture.models import AddressChange, Attempt, Confirmation, Cycle, Delivery, Enrollment, Event, Handoff, Lead
from nurture.store.suppressions import address_hash

NOW = datetime(2026, 3, 3, 20, 5, tzinfo=UTC)
SECRET = "of the tests"
REP, OTHER = "rep.one@acme.example", "rep.two@acme.example"


def browser(site: str) -> httpx.Client:
    """One that follows nothing by itself, and is not slow to start (no certificates are needed on loopback)."""
    return httpx.Client(base_url=site, trust_env=False, verify=False)


def add(engine: Engine, table: Any, **values: Any) -> int:
    """Insert one row; its id."""
    with engine.begin() as db:
        return int(db.execute(insert(table.__table__).values(**values).returning(table.__table__.c.id)).scalar_one())


def add_lead(engine: Engine, **changes: Any) -> int:
    """A lead in its second cycle."""
    values = {
        "email": "maria.rossi@acme.example", "key": "k1", "first_name": "Maria", "last_name": "Rossi",
        "title": "VP Operations", "company": "Acme Robotics", "country": "US", "industry": "manufacturing",
        "employees": 450, "source": "website", "attributes": {"plan": "trial"}, "stage": "nurture", "cycle": 2,
        "cycle_started_at": NOW - timedelta(days=50), "refused": True, "grade": "A",
        "created_at": NOW - timedelta(days=90), "updated_at": NOW - timedelta(days=50),
    }  # fmt: skip
    lead_id = add(engine, Lead, **{**values, **changes})
    with engine.begin() as db:
        started = NOW - timedelta(days=50)
        db.execute(insert(Cycle.__table__).values(lead_id=lead_id, n=1, started_at=NOW - timedelta(days=90),
                   reason="not_ready", note="Call me in March", refused_by=OTHER))  # fmt: skip
        db.execute(insert(Cycle.__table__).values(lead_id=lead_id, n=2, started_at=started))
    return lead_id


def add_mail(engine: Engine, lead_id: int, **changes: Any) -> int:
    """A mail that the lead received a week ago, in a running enrollment."""
    enrolled = {"lead_id": lead_id, "n": 1, "campaign": "not-ready", "cycle": 2, "started_at": NOW - timedelta(days=50)}
    enrollment_id = add(engine, Enrollment, **enrolled)
    at = NOW - timedelta(days=7)
    values = {
        "lead_id": lead_id, "enrollment_id": enrollment_id, "campaign": "not-ready", "step": "proof", "cycle": 2,
        "template": "not-ready/case-study", "state": "sent", "slot_at": at, "slot_until": at, "local_on": at.date(),
        "zone": "America/Chicago", "queued_at": at, "sent_at": at,
    }  # fmt: skip
    return add(engine, Delivery, **{**values, **changes})


def add_event(engine: Engine, lead_id: int, **changes: Any) -> None:
    """Something that the lead did an hour ago."""
    at = changes.pop("occurred_at", NOW - timedelta(hours=1))
    values = {
        "month": at.date().replace(day=1), "source": "segment", "message_id": "m", "lead_id": lead_id, "kind": "page",
        "message_md5": "00000000-0000-0000-0000-000000000001", "path": "/pricing", "occurred_at": at, "received_at": at,
        "properties": {},
    }  # fmt: skip
    with engine.begin() as db:
        db.execute(insert(Event.__table__).values(**{**values, **changes}))


def add_handoff(engine: Engine, lead_id: int, **changes: Any) -> int:
    """The lead, offered an hour ago."""
    rows = [
        {"signal": "pricing_page", "day": "2026-03-03", "count": 3, "counted": 2, "points": 20, "age_days": 0,
         "worth": 40.0},
        {"signal": "whitepaper", "day": "2026-02-26", "count": 1, "counted": 1, "points": 15, "age_days": 5,
         "worth": 21.5},
    ]  # fmt: skip
    fit = [
        {"name": "Decision maker", "points": 30, "holds": True},
        {"name": "Served country", "points": 20, "holds": None},
        {"name": "Free mail", "points": -20, "holds": False},
    ]
    values = {
        "lead_id": lead_id, "cycle": 2, "grade": "A", "score_micro": int(61.5 * MICRO),
        "because": "came back to the pricing page 3 times today", "evidence": {"rows": rows, "fit": fit}, "owner": REP,
        "offered_at": NOW - timedelta(hours=1), "accept_due_at": NOW + timedelta(hours=3),
        "attempt_due_at": NOW + timedelta(hours=7),
    }  # fmt: skip
    with engine.begin() as db:
        db.execute(text("UPDATE lead SET stage = 'mql', handed_over = true WHERE id = :id"), {"id": lead_id})
        db.execute(text("UPDATE enrollment SET status = 'ended', ended_at = :now, left_as = 'qualified' "
                        "WHERE lead_id = :id"), {"id": lead_id, "now": NOW})  # fmt: skip
    return add(engine, Handoff, **{**values, **changes})


def add_attempt(engine: Engine, handoff_id: int, **changes: Any) -> int:
    """A call that reached nobody."""
    values = {"handoff_id": handoff_id, "kind": "call", "outcome": "not_reached", "at": NOW, "by": REP}
    return add(engine, Attempt, **{**values, **changes})


def click_path(delivery_id: int, lead_id: int, url: str = "https://acme.example/roi", number: int = 1) -> str:
    return "/c/" + link_token(SECRET, TrackedLink(delivery_id, lead_id, number, url))


def open_path(delivery_id: int, lead_id: int) -> str:
    return f"/o/{open_token(SECRET, MailOfLead(delivery_id, lead_id))}.gif"


def unsubscribe_path(delivery_id: int, lead_id: int) -> str:
    return "/u/" + unsubscribe_token(SECRET, MailOfLead(delivery_id, lead_id))


def preferences_path(delivery_id: int, lead_id: int) -> str:
    return "/p/" + preferences_token(SECRET, MailOfLead(delivery_id, lead_id))


def add_address_change(engine: Engine, lead_id: int, email: str = "maria@new.example", **changes: Any) -> int:
    """The lead asked an hour ago to be written to elsewhere."""
    values = {
        "lead_id": lead_id, "email": email, "address_hash": address_hash(email), "how": "preferences, delivery 1",
        "asked_at": NOW - timedelta(hours=1), "sent_at": NOW - timedelta(hours=1),
        "expires_at": NOW + timedelta(days=6),
    }  # fmt: skip
    return add(engine, AddressChange, **{**values, **changes})


def address_path(asked_id: int) -> str:
    return "/e/" + address_token(SECRET, asked_id)


def add_confirmation(engine: Engine, lead_id: int, **changes: Any) -> int:
    """A form named the lead's address an hour ago, and the mail that asks has gone."""
    values = {
        "lead_id": lead_id, "address_hash": address_hash("maria@acme.example"), "source": "website", "state": "sent",
        "asked_at": NOW - timedelta(hours=1), "next_at": NOW - timedelta(hours=1),
        "expires_at": NOW + timedelta(days=6),
    }  # fmt: skip
    return add(engine, Confirmation, **{**values, **changes})


def confirm_path(confirmation_id: int) -> str:
    return "/y/" + confirm_token(SECRET, confirmation_id)


def answer_path(delivery_id: int, lead_id: int, question: str = "timing", answer: str = "this_year") -> str:
    return "/a/" + answer_token(SECRET, SurveyAnswer(delivery_id, lead_id, question, answer))


def handoff_path(handoff_id: int, expires_at: datetime = NOW + timedelta(days=100)) -> str:
    return "/h/" + handoff_token(SECRET, handoff_id, expires_at)


def rows(engine: Engine, query: str, **values: Any) -> list[dict[str, Any]]:
    """What a query finds."""
    with engine.begin() as db:
        return [dict(row._mapping) for row in db.execute(text(query), values)]


def everything(engine: Engine, *but: str) -> dict[str, list[str]]:
    """Every row of every table but some, and but what processes say of themselves every few seconds, to compare."""
    tables = rows(engine, "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                  "AND relkind IN ('r', 'p') AND NOT relispartition")  # fmt: skip
    return {
        table["name"]: sorted(str(row) for row in rows(engine, f'SELECT * FROM "{table["name"]}"'))
        for table in tables
        if table["name"] not in ("process", *but)
    }
