"""How long an HTTP answer asks us to wait (RFC 9110, 10.2.3), whoever gave it."""

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime


def seconds_asked(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After`, which holds seconds or a date; None where there is none that can be read.

    A date is held against the answer's own `Date`, so that our clock and theirs need not agree. How much of it is
    obeyed is for the caller to say: there is no bound here.

    Args:
        headers: the answer's; names in lower case, or in any.
    """
    said = headers.get("retry-after", "").strip()
    if said.replace(".", "", 1).isdecimal():
        return float(said)
    at = _instant(said)
    return None if at is None else max(0.0, at - sent_at(headers))


def sent_at(headers: Mapping[str, str]) -> float:
    """When the answer was sent, by its own `Date`, in seconds since 1970; now, by our clock, where it says none."""
    at = _instant(headers.get("date", ""))
    return time.time() if at is None else at


def _instant(said: str) -> float | None:
    """A date of HTTP in seconds since 1970; one without a zone is in UTC."""
    try:
        at = parsedate_to_datetime(said)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
