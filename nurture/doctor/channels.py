"""Whether sales is told: receivers that are gone, and news that nobody took."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import text

from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, ok, problem, warning
from nurture.notifiers.webhook import address_hash
from nurture.store import closed_channels

LATELY = timedelta(days=7)
"""How far back failures are told."""

_FAILED = text(
    """
    SELECT channel, count(*) AS failed FROM notice
    WHERE state = 'failed' AND kind <> 'lead.changed' AND at >= :since GROUP BY channel ORDER BY channel
    """
)


def notices(case: Case) -> Iterator[Finding]:
    """Look for a receiver that said it is gone, and for what failed in the last week."""
    url = case.settings.handoff_webhook_url
    with case.engine.connect() as db:
        closed = None if url is None else closed_channels.find(db, "webhook", address_hash(url))
        failed = db.execute(_FAILED, {"since": case.now - LATELY}).all()
    if closed is not None:
        found = f"the webhook is off: its receiver answered 410 on {closed.at:%Y-%m-%d %H:%M} UTC"
        yield problem(
            "notices", found, "set HANDOFF_WEBHOOK_URL to where it is now, then `nurture notices retry --failed`"
        )
    if failed:
        said = ", ".join(f"{row.failed} by {row.channel}" for row in failed)
        yield warning(
            "notices", f"sales was not told in the last 7 days: {said}", "see `nurture notices list --failed`"
        )
    elif closed is None:
        yield ok("notices", "nothing failed in the last 7 days")
