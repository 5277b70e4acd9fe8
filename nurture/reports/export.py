"""All that is kept of one person, to hand over (GDPR Articles 15 and 20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from email.policy import default
from typing import Any

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NurtureError
from nurture.facts import PROFILE_FIELDS
from nurture.reports.found import lead_with
from nurture.reports.score import score_report
from nurture.store import exporting, leads, merging, suppressions


@dataclass(frozen=True, slots=True)
class _Leased:
    """A delivery as letters are made of."""

    _mapping: Mapping[str, Any]


def export_lead(app: App, email: str, now: datetime) -> dict[str, Any]:
    """One document with everything, JSON-ready but for its times; it is the person's own data and nobody else's.

    Raises:
        NotFound: There is no such lead.
    """
    scored = score_report(app, email, now)
    with transaction(app.engine) as db:
        lead_id, state = lead_with(db, app.book_in(db), email, now)
        rows = exporting.rows_of(db, lead_id)
        columns = leads.columns_of(db, lead_id)
        hashes = suppressions.hashes_of(merging.addresses(db, [lead_id]))
        there = [row._asdict() for row in suppressions.suppressions_at(db, hashes)]
        history = [row._asdict() for row in suppressions.history_of(db, hashes)]
    (lead,) = rows.pop("lead")
    profile = {"email": state.profile.email, **{name: lead.pop(name) for name in PROFILE_FIELDS}}
    lead.pop("email")
    reports = rows.pop("reports")
    for mail in rows["mails"]:
        mail["subject"] = _subject(app, columns, lead_id, mail, now)
        mail["reports"] = [report for report in reports if report["delivery_id"] == mail["id"]]
    return {
        "exported_at": now,
        "controller": {"name": app.agreement.company.name, "address": app.agreement.company.address},
        "profile": profile,
        "attributes": lead.pop("attributes"),
        "standing": lead,
        "score": scored,
        **rows,
        "other_reports": [report for report in reports if report["delivery_id"] is None],
        "suppressions": [_without_hash(row) for row in there],
        "suppression_history": [_without_hash(row) for row in history],
    }


def _without_hash(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "address_hash"}


def _subject(app: App, columns: dict[str, Any], lead_id: int, mail: dict[str, Any], now: datetime) -> str | None:
    """The subject as the template gives it today; None where the template is gone."""
    row = {**columns, **mail, "delivery_id": mail["id"], "lead_id": lead_id, "delivery_cycle": mail["cycle"]}
    try:
        data = app.letters.mail(_Leased(row), now).data
    except NurtureError:
        return None
    return str(BytesHeaderParser(policy=default).parsebytes(data)["Subject"])
