"""One event as a client sent it, decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from nurture.facts import nothing
from nurture.values import quick


@quick
@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One event as it came over HTTP, decoded. `occurred_at` is the client's own timestamp `client_at`, corrected."""

    message_id: str
    kind: Literal["page", "track", "identify", "alias"]
    occurred_at: datetime
    received_at: datetime
    source: str
    user_id: str | None = None
    anonymous_id: str | None = None
    email: str | None = None
    name: str | None = None
    path: str | None = None
    url: str | None = None
    properties: Mapping[str, Any] = field(default_factory=nothing)
    traits: Mapping[str, Any] = field(default_factory=nothing)
    client_at: datetime | None = None
    agent: str | None = None
