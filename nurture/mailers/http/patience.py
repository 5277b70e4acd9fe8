"""How long to leave a provider alone after it failed: what it asked for, or longer each time."""

import asyncio
import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds to wait after so many failures in a row, give or take a fifth."""
LONGEST = 3600.0
"""No provider is left alone for longer on its own word."""


class Patience:
    """What all connections to one provider share: they have one account, and so one limit."""

    def __init__(self) -> None:
        """Nothing has failed."""
        self.failures = 0
        self.trouble = ""
        self.unusable = False
        self._not_before = 0.0

    @property
    def wait(self) -> float:
        """Seconds until the next request is welcome."""
        return max(0.0, self._not_before - _now())

    def went_well(self) -> None:
        """The provider took a request."""
        self.failures, self.trouble, self.unusable, self._not_before = 0, "", False, 0.0

    def failed(self, why: str, *, retry_after: float | None = None, unusable: bool = False) -> None:
        """The provider took nothing, or nobody knows. What it asks for (seconds) counts if it is longer than ours."""
        wait = WAITS[min(self.failures, len(WAITS) - 1)]
        # processes that failed together do not come back together
        wait *= random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        self.failures += 1
        self.trouble, self.unusable = why, unusable
        self._not_before = max(self._not_before, _now() + max(wait, min(retry_after or 0.0, LONGEST)))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks us to wait: `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).

    Where there is none and no request is left, `X-RateLimit-Reset` says when there will be, in seconds or milliseconds
    since 1970. A date is held against the answer's own `Date`, so that our clock and theirs need not agree.
    """
    said = headers.get("retry-after", "").strip()
    try:
        if said.replace(".", "", 1).isdecimal():
            return float(said)
        if said:
            return max(0.0, parsedate_to_datetime(said).timestamp() - _sent_at(headers))
        reset = headers.get("x-ratelimit-reset", "") if headers.get("x-ratelimit-remaining") == "0" else ""
        if reset.isdecimal():
            return max(0.0, int(reset) / (1000 if len(reset) > 11 else 1) - _sent_at(headers))
    except (ValueError, OverflowError):
        pass
    return None


def _sent_at(headers: Mapping[str, str]) -> float:
    sent = headers.get("date")
    return parsedate_to_datetime(sent).timestamp() if sent else time.time()


def _now() -> float:
    return asyncio.get_running_loop().time()
