"""What mailers and notifiers take and give. Plain values: no database, no provider's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["sent", "refused", "put_off", "unknown"]
"""What became of one mail handed to a mailer.

`sent`: the server took it. `refused`: it will never take it. `put_off`: surely not taken now, may be later. `unknown`:
the mail may have been taken, the answer was lost; never sent again blindly.
"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One finished mail. `data` is the whole message, CRLF line ends, not dot-stuffed, no line over 998 octets."""

    delivery_id: int
    sender: str
    recipient: str
    message_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mailer's answer for one mail. `reply` is the server's own words; `dead_address`: there is no such mailbox."""

    delivery_id: int
    outcome: Outcome
    reply: str = ""
    dead_address: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """One piece of news for sales, for one channel. `id` stays the same over retries. `data` is JSON-ready."""

    id: str
    kind: str
    at: datetime
    recipient: str | None
    data: Mapping[str, object]
