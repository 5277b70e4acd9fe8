"""Whether whoever calls the API can, and nobody else."""

from collections.abc import Iterator
from datetime import timedelta

from nurture.db import transaction
from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, ok, skipped, warning
from nurture.store import api_keys

SHORTEST = 20
"""Characters of a key that nobody guesses; a shorter one is somebody's word."""
UNUSED_FOR = timedelta(days=90)


def keys(case: Case) -> Iterator[Finding]:
    """Look for keys that could be guessed, and for those that nobody seems to need."""
    ours = case.settings.api_keys
    with transaction(case.engine) as db:
        made = [row for row in api_keys.everyone(db) if row.revoked_at is None]
    if not ours and not made:
        yield skipped("api keys", "there are none: nobody may call the API")
        return
    if short := sorted(name for key, name in ours.items() if len(key) < SHORTEST):
        what = f"API_KEY: the key {short[0]} has fewer than {SHORTEST} characters, and could be guessed"
        yield warning("api keys", what, "take a long random word, or make a key with `nurture api-keys create`")
        return
    idle = [row.name for row in made if (row.last_used_at or row.created_at) < case.now - UNUSED_FOR]
    if idle:
        what = f"nobody has called with {idle[0]} for more than {UNUSED_FOR.days} days"
        yield warning("api keys", what, f"if it is not needed any more: `nurture api-keys revoke {idle[0]}`")
        return
    yield ok("api keys", f"{len(ours) + len(made)} may call the API")
