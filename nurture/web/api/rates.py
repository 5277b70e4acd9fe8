"""How often each key may call: a bucket of tokens a key, in this process.

Each web process counts for itself, so that a call costs no statement; `WEB_CONCURRENCY` of them allow as many times
more (decision 35). Machine time.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nurture.web.api.problems import TOO_MANY, Problem

WINDOW = 60
"""Seconds in which a bucket fills."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Rates:
    """So many calls a minute for each key, all at once if it likes."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: per_minute: 0 for any number. clock: seconds."""
        self._quota, self._clock = per_minute, clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str) -> Mapping[str, str]:
        """Let a key call once more; gives the headers that tell how often it still may.

        They are those of draft-ietf-httpapi-ratelimit-headers-10: `q` calls in `w` seconds; `r` are left, and in `t`
        seconds it is `q` again.

        Raises:
            Problem: It may not now; with `Retry-After`.
        """
        if not self._quota:
            return {}
        now = self._clock()
        bucket = self._buckets.setdefault(name, _Bucket(self._quota, now))
        a_second = self._quota / WINDOW
        bucket.tokens = min(self._quota, bucket.tokens + (now - bucket.at) * a_second)
        bucket.at = now
        is_spent = bucket.tokens < 1
        if not is_spent:
            bucket.tokens -= 1
        full_in = math.ceil((self._quota - bucket.tokens) / a_second)
        headers = {
            "ratelimit-policy": f'"calls";q={self._quota};w={WINDOW}',
            "ratelimit": f'"calls";r={int(bucket.tokens)};t={full_in}',
        }
        if is_spent:
            wait = max(1, math.ceil((1 - bucket.tokens) / a_second))
            raise Problem(
                TOO_MANY,
                f"the key `{name}` has made its {self._quota:,} calls a minute; wait {wait} seconds",
                headers={**headers, "retry-after": str(wait)},
            )
        return headers
