"""How calls to hooks are signed, as far as several providers do it alike."""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

SKEW = timedelta(minutes=5)
"""So far a provider's clock may be ahead of ours."""


def is_recent(timestamp: str, now: datetime, within: timedelta) -> bool:
    """Whether a call was signed (seconds since 1970) not longer ago than that, and not in the future."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    age = now.timestamp() - int(timestamp)
    return -SKEW.total_seconds() <= age <= within.total_seconds()


def keys_in(secret: str) -> list[str]:
    """Give the keys that a variable holds: one, or while it is being changed several, with commas between."""
    return [key.strip() for key in secret.split(",") if key.strip()]


def any_equal(shown: Iterable[bytes], right: Iterable[bytes]) -> bool:
    """Whether any of these is any of those, in a time that says nothing of them."""
    expected = list(right)
    found = False
    for one in shown:
        for other in expected:
            found |= hmac.compare_digest(one, other)
    return found
