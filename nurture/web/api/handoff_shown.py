"""Handoffs, attempts and what is in their log as the API shows them. The keys are those of `nurture handoffs`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from nurture.app import App
from nurture.facts import MICRO
from nurture.flows.tell import handoff_url
from nurture.web.api.callers import Caller

_AS_STORED = (
    "state", "cycle", "grade", "hand_raise", "owner", "given_at", "offered_at", "accept_due_at", "attempt_due_at",
    "attempts_due_at", "outcome_due_at", "accepted_at", "contacted_at", "qualified_at", "closed_at", "answered_by",
    "attempts", "reason", "note", "because", "origin", "external_id",
)  # fmt: skip
_ATTEMPT = ("id", "kind", "outcome", "at", "by", "note")
_CHANGE = ("at", "what", "by", "owner", "reason", "note", "details")


def handoff_shown(app: App, row: Row[Any], now: datetime, caller: Caller) -> dict[str, Any]:
    """One handoff; `row` is out of a list of them.

    `url` opens the rep's page, on which whoever has it may answer: who may only look is given none.
    """
    return {
        "id": row.id,
        "lead": row.email,
        **{name: getattr(row, name) for name in _AS_STORED},
        "score": row.score_micro / MICRO,
        "value": None if row.value is None else float(row.value),
        "url": None if caller.read_only else handoff_url(app, row.id, now, version=row.link_version),
    }


def attempt_shown(row: Row[Any]) -> dict[str, Any]:
    """One attempt."""
    return {name: getattr(row, name) for name in _ATTEMPT}


def change_shown(row: Row[Any]) -> dict[str, Any]:
    """One thing that happened to a handoff."""
    return {name: getattr(row, name) for name in _CHANGE}
