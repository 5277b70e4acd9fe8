"""Every row that is kept of a lead, table by table, as JSON has it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

TABLES: Mapping[str, str] = {
    "lead": "lead t WHERE t.id = :id",
    "known_as": "identity t WHERE t.lead_id = :id ORDER BY t.since, t.value",
    "browsers": "browser_claim t WHERE t.lead_id = :id ORDER BY t.at, t.id",
    "was_also": "merged_lead t WHERE t.kept_id = :id ORDER BY t.at",
    "may_be": "identity_conflict t WHERE :id IN (t.lead_id, t.other_id) ORDER BY t.at",
    "changes": "lead_change t WHERE t.lead_id = :id ORDER BY t.at, t.id",
    "stages": "stage_change t WHERE t.lead_id = :id ORDER BY t.at, t.id",
    "cycles": "cycle t WHERE t.lead_id = :id ORDER BY t.n",
    "events": "event t WHERE t.lead_id = :id ORDER BY t.occurred_at, t.id",
    "counts": "signal_day t WHERE t.lead_id = :id ORDER BY t.day, t.matcher",
    "scores": "lead_score t WHERE t.lead_id = :id",
    "campaigns": "enrollment t WHERE t.lead_id = :id ORDER BY t.n",
    "set_aside": "set_aside t WHERE t.lead_id = :id ORDER BY t.since, t.kind, t.id",
    "mails": "delivery t WHERE t.lead_id = :id ORDER BY t.id",
    "reports": "mail_report t WHERE t.lead_id = :id ORDER BY t.at, t.id",
    "replies": "inbound_mail t WHERE t.lead_id = :id ORDER BY t.received_at, t.id",
    "handoffs": "handoff t WHERE t.lead_id = :id ORDER BY t.id",
    "attempts": "attempt t WHERE t.handoff_id IN (SELECT id FROM handoff WHERE lead_id = :id) ORDER BY t.at, t.id",
    "handoff_changes": (
        "handoff_change t WHERE t.handoff_id IN (SELECT id FROM handoff WHERE lead_id = :id) ORDER BY t.id"
    ),
    "breaches": "breach t WHERE t.handoff_id IN (SELECT id FROM handoff WHERE lead_id = :id) ORDER BY t.id",
    "consents": "consent t WHERE t.lead_id = :id ORDER BY t.at, t.id",
    "confirmations": "confirmation t WHERE t.lead_id = :id ORDER BY t.id",
    "crm_records": "crm_link t WHERE t.lead_id = :id ORDER BY t.channel",
    "crm_answers": "crm_answer t WHERE t.lead_id = :id ORDER BY t.id",
    "addresses_asked": "address_change t WHERE t.lead_id = :id ORDER BY t.id",
}
"""Under what name the rows of a table stand, and how they are found."""

_OURS = frozenset({
    "lead_id", "kept_id", "lost_id", "other_id", "lease_token", "leased_until", "batch_id", "day_claim", "phase",
    "message_md5", "month", "seen",
    "digest", "address_hash", "sender_hash",
})  # fmt: skip
"""Columns that say nothing of the person, but by which we find rows."""


def rows_of(db: Connection, lead_id: int) -> dict[str, list[dict[str, Any]]]:
    """All rows of a lead, by the names of `TABLES`, oldest first; mails that came in are told as text."""
    return {
        name: [_plain(row) for row in db.execute(text(f"SELECT to_jsonb(t) FROM {where}"), {"id": lead_id}).scalars()]  # noqa: S608 - our own tables
        for name, where in TABLES.items()
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in row.items() if name not in _OURS}
    if isinstance(raw := plain.get("raw"), str):
        plain["raw"] = bytes.fromhex(raw.removeprefix("\\x")).decode("utf-8", "replace")
    return plain
