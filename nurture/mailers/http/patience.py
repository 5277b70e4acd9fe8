"""How long to leave a provider alone after it failed: what it asked for, or longer each time."""

import asyncio
import random
from collections.abc import Mapping

from nurture.retry_after import seconds_asked, sent_at

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds to wait after so many failures in a row, give or take a fifth."""
LONGEST = 3600.0
"""No provider is left alone for longer on its own word."""
_LONGEST_RESET = 15
"""Digits; with more it is no time of ours."""


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
    """Seconds that an answer asks us to wait, by its `Retry-After`.

    Where that says nothing and no request is left, `X-RateLimit-Reset` says when there will be, in seconds or
    milliseconds since 1970.
    """
    asked = seconds_asked(headers)
    reset = headers.get("x-ratelimit-reset", "") if headers.get("x-ratelimit-remaining") == "0" else ""
    if asked is not None or not reset.isdecimal() or len(reset) > _LONGEST_RESET:
        return asked
    return max(0.0, int(reset) / (1000 if len(reset) > 11 else 1) - sent_at(headers))


def _now() -> float:
    return asyncio.get_running_loop().time()
