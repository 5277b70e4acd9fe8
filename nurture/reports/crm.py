"""How the connection to each CRM stands: what waits, when it was told and read last, what nobody understood."""

from collections.abc import Mapping
from typing import Any

from nurture.app import App
from nurture.db import transaction
from nurture.store import crm, crm_answers, crm_outbox

UNDERSTOOD_LAST = 10


def crm_status(app: App) -> list[dict[str, Any]]:
    """One entry for each CRM that is connected."""
    with transaction(app.engine) as db:
        return [
            {
                "crm": channel,
                "name": connector.label,
                **_state(crm.state(db, channel)),
                "outbox": _all(crm_outbox.counts(db, channel), ("queued", "leased", "sent", "failed", "cancelled")),
                "records": crm.count_links(db, channel),
                "answers": _all(
                    crm_answers.counts(db, channel), ("taking", "applied", "nothing", "conflict", "unclear")
                ),
                "unclear": [_unclear(row) for row in _not_understood(db, channel)],
            }
            for channel, connector in app.crm.items()
        ]


def _state(row: Any) -> dict[str, Any]:
    names = ("pushed_at", "read_at", "read_to", "held_until", "error", "error_at")
    return {name: None if row is None else getattr(row, name) for name in names}


def _all(counts: Mapping[str, int], names: tuple[str, ...]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in names}


def _not_understood(db: Any, channel: str) -> Any:
    return crm_answers.last(db, channel, outcome="unclear", most=UNDERSTOOD_LAST)


def _unclear(row: Any) -> dict[str, Any]:
    names = ("record_id", "lead_id", "handoff_id", "at", "by", "words", "said")
    return {name: getattr(row, name) for name in names}
