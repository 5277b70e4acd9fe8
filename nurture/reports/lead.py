"""One lead: who it is, where it stands, what it did and what it was sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import transaction
from nurture.facts import MICRO, PROFILE_FIELDS, EnrollmentFact, LeadState
from nurture.mail.links import handoff_token
from nurture.reports import came_back
from nurture.reports.adoption import is_adopted
from nurture.reports.found import lead_with
from nurture.rules import scoring
from nurture.rules.book import Rulebook
from nurture.rules.evidence import in_words
from nurture.rules.permission import missing
from nurture.store import consents, deliveries, handoffs, identities, inbound, leads, merging
from nurture.store.states import event_fact
from nurture.store.suppressions import suppressions_of

_DELIVERY = ("id", "campaign", "step", "cycle", "state", "message_id", "queued_at", "slot_at", "sent_at", "reason")
_HANDOFF = (
    "id", "state", "cycle", "grade", "owner", "offered_at", "accept_due_at", "attempt_due_at", "attempts", "because",
    "reason", "note",
)  # fmt: skip
_EVENT = ("id", "kind", "name", "path", "properties", "campaign", "step", "source", "verdict", "reasons")
_INBOUND = ("id", "received_at", "source", "kind", "matched_by", "said")
_KNOWN_AS = ("kind", "value", "since")
_MERGED = ("email", "at", "by")
_MAY_BE = ("email", "at", "source", "because")
_CONSENT = ("purpose", "given", "basis", "source", "wording", "at", "asked_at", "by")
_CYCLE = ("n", "started_at", "reason", "note", "refused_by")


def lead_report(app: App, email: str, now: datetime, *, most: int = 1000) -> dict[str, Any]:
    """All that is kept of one lead, JSON-ready but for its times; lists are newest first, `most` long at most.

    Raises:
        NotFound: There is no such lead.
    """
    with transaction(app.engine) as db:
        book = app.book_in(db)
        lead_id, state = lead_with(db, book, email, now)
        profile = state.profile
        return {
            "email": profile.email,
            **{field: getattr(profile, field) for field in PROFILE_FIELDS},
            "stage": state.stage,
            "cycle": state.cycle,
            "reason": state.reason,
            "grade": state.grade,
            "score": scoring.score(book.agreement, state.counts, now.date()).micro / MICRO,
            "adopted": is_adopted(db, app),
            "attributes": dict(profile.attributes),
            "created_at": state.created_at,
            "known_as": [_keys(row, _KNOWN_AS) for row in identities.of_lead(db, lead_id)],
            "merged": [_keys(row, _MERGED) for row in merging.merged_into(db, lead_id)],
            "may_be": [_keys(row, _MAY_BE) for row in identities.conflicts_of(db, lead_id)],
            "mail_from": state.mail_from,
            "postponed": [{"because": because, "until": until} for because, until in state.postponed],
            "enrollment": _enrollment(state.enrollment),
            "cycles": [_keys(row, _CYCLE) for row in leads.cycles_of(db, lead_id)],
            **_suppressed(db, profile.email),
            **_allowed(db, book, state, lead_id, now),
            "deliveries": _deliveries(db, profile.email, most),
            "reports": came_back.of_lead(db, lead_id, most),
            "handoffs": [_handoff(app, row, now) for row in handoffs.listed(db, email=profile.email, most=most)],
            "events": _events(leads.events_of(db, lead_id, most)),
            "inbound": [_keys(row, _INBOUND) for row in inbound.of_lead(db, lead_id, most)],
        }


def _enrollment(enrollment: EnrollmentFact | None) -> dict[str, Any] | None:
    if enrollment is None:
        return None
    return {
        "campaign": enrollment.campaign,
        "status": enrollment.status,
        "next_due_at": enrollment.due_at,
        "slow": enrollment.slow,
        "cycle": enrollment.cycle,
        "started_at": enrollment.started_at,
    }


def _deliveries(db: Connection, email: str, most: int) -> list[dict[str, Any]]:
    """The lead's mails; `became` is what was reported of each, if anything was."""
    rows = deliveries.listed(db, state=None, email=email, most=most)
    reported = came_back.of_deliveries(db, [row.id for row in rows])
    return [
        {"lead": email, **_keys(row, _DELIVERY), "became": came_back.became(reported.get(row.id, ()))} for row in rows
    ]


def _suppressed(db: Connection, email: str) -> dict[str, Any]:
    rows = suppressions_of(db, email)
    whole = next(({"reason": row.reason, "at": row.at, "how": row.how} for row in rows if not row.topic), None)
    return {"suppressed": whole, "left_topics": [row.topic for row in rows if row.topic]}


def _allowed(db: Connection, book: Rulebook, state: LeadState, lead_id: int, now: datetime) -> dict[str, Any]:
    """On what ground the lead may be mailed, what is missing, whether it may be observed; and the record of that."""
    lacks = missing(book, state, now)
    return {
        "basis": state.basis,
        "basis_at": state.basis_at,
        "unconfirmed": state.unconfirmed,
        "tracked": state.tracked,
        "not_mailed_because": None if lacks is None else lacks.because,
        "consents": [_keys(row, _CONSENT) for row in consents.of_lead(db, lead_id)],
    }


def _handoff(app: App, row: Row[Any], now: datetime) -> dict[str, Any]:
    token = handoff_token(app.settings.secret_key, row.id, now + app.handoff_links_live, row.link_version)
    url = f"{app.settings.base_url}/h/{token}"
    return {**_keys(row, _HANDOFF), "lead": row.email, "score": row.score_micro / MICRO, "url": url}


def _events(rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    return [{"at": row.occurred_at, "what": in_words(event_fact(row)), **_keys(row, _EVENT)} for row in rows]


def _keys(row: Row[Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
