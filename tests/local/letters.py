"""Real mails of the shipped workspace, as they would lie in the mailbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from nurture.facts import PROFILE_FIELDS
from nurture.local.letter import Letter
from nurture.mail.letters import Letters
from nurture.settings import read_settings
from nurture.workspace import Workspace, load_workspace

BASE = "http://127.0.0.1:8000"
NOW = datetime(2026, 1, 6, 15, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class _Row:
    _mapping: Mapping[str, Any]


@cache
def workspace() -> Workspace:
    """The one that comes with the program."""
    return load_workspace(ROOT)


def letter(step: str, *, campaign: str = "not-ready", template: str | None = None, delivery_id: int = 7) -> Letter:
    """A step's mail to Maria."""
    environ = {"BASE_URL": BASE, "SECRET_KEY": "s" * 32, "NURTURE_WORKSPACE": str(ROOT)}
    lead = dict.fromkeys(PROFILE_FIELDS) | {"first_name": "Maria", "company": "Kestrel Foods"}
    row = {
        **lead,
        "delivery_id": delivery_id,
        "lead_id": 3,
        "key": "maria@kestrel.example",
        "email": "maria@kestrel.example",
        "attributes": {},
        "campaign": campaign,
        "step": step,
        "template": template or f"{campaign}/{step}",
        "stage": "nurture",
        "cycle": 1,
        "grade": "A",
        "tracked": True,
    }
    mail = Letters(workspace(), read_settings(environ)).mail(_Row(row), NOW)
    return Letter(mail.recipient, mail.data)
