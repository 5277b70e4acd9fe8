"""When a notice is tried again. Pure: the same notice and the same try always give the same instant."""

from datetime import datetime, timedelta
from hashlib import blake2b

DELAYS: tuple[timedelta, ...] = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait before each try, counted from the failure of the one before (Standard Webhooks, "retry schedule")."""

JITTER = 0.1
"""At most so much of a wait is added, so that notices held up by one outage do not come back all at once."""

PATIENCE = timedelta(hours=24)
"""The longest that a channel's own `Retry-After` is obeyed."""


def next_try(notice_id: str, tries: int, failed_at: datetime, retry_after: float | None = None) -> datetime | None:
    """When to try a notice again whose `tries`-th try (from 1) failed at `failed_at`; None: it has been tried enough.

    The wait is that of `DELAYS`, and up to a tenth more, by a hash of notice and try. A channel that asked for a longer
    wait (`retry_after`, seconds) gets it, up to a day.
    """
    if tries < 1:
        raise ValueError("tries count from 1")
    if tries >= len(DELAYS):
        return None
    wait = DELAYS[tries] * (1 + JITTER * _share(notice_id, tries))
    asked = min(max(retry_after or 0.0, 0.0), PATIENCE.total_seconds())
    return failed_at + max(wait, timedelta(seconds=asked))


def _share(notice_id: str, tries: int) -> float:
    digest = blake2b(f"{notice_id}:{tries}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32
