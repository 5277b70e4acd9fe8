"""What came back of mails, as people are shown it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.db import transaction
from nurture.store import reports

_KEYS = (
    "id", "type", "at", "provider", "severity", "reject_reason", "said", "recipient", "event_id", "message_id",
    "received_at", "automatic", "delivery_id",
)  # fmt: skip
_OUTCOME = ("type", "at", "provider", "severity", "reject_reason", "said")
_TELLING = {
    "complained": 0, "unsubscribed": 0, "bounced": 1, "rejected": 1, "failed": 1, "delivered": 1,
    "clicked": 2, "opened": 2, "autoresponded": 2, "deferred": 3, "sent": 4, "queued": 5,
}  # fmt: skip
"""How much a report says of a mail; the least number says most."""


def of_deliveries(db: Connection, deliveries: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """All that was reported on each of these mails, newest first."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in reports.of_deliveries(db, deliveries):
        found[row.delivery_id].append(shown(row))
    return found


def of_lead(db: Connection, lead_id: int, most: int) -> list[dict[str, Any]]:
    """What was reported on a lead's mails, or of its address, newest first."""
    return [shown(row) for row in reports.of_lead(db, lead_id, most)]


def lately(app: App, now: datetime) -> dict[str, int]:
    """How many reports on our mails came within a day, by what they are; bounces by what they say of the address."""
    with transaction(app.engine) as db:
        found = reports.counts_since(db, now - timedelta(days=1))
    return {f"{row.type}, {row.severity}" if row.severity else row.type: row.n for row in found}


def shown(row: Row[Any]) -> dict[str, Any]:
    """One report, without what it was made of."""
    return {key: getattr(row, key) for key in _KEYS}


def became(found: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What became of a mail by these reports on it: what says most, and of two such the later. None: nobody said."""
    telling = [one for one in found if one["type"] in _TELLING]
    if not telling:
        return None
    most = min(telling, key=lambda one: (_TELLING[one["type"]], -one["at"].timestamp()))
    return {key: most[key] for key in _OUTCOME}


def in_words(outcome: Mapping[str, Any] | None) -> str | None:
    """The same on one line: `bounced (hard): 550 5.1.1 no such user`."""
    if outcome is None:
        return None
    why = outcome["severity"] or outcome["reject_reason"]
    said = " ".join((outcome["said"] or "").split())
    return f"{outcome['type']}{f' ({why})' if why else ''}{f': {said}' if said else ''}"
