"""Whether the work is done: the clock, the workers, and what is left lying."""

from collections.abc import Callable, Iterator

from sqlalchemy import text

from nurture.db import transaction
from nurture.doctor import signs
from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, ok, skipped, warning
from nurture.store.health import Health, health

MOST_SUPPRESSED = 0.1
"""Of all leads. More says that a list was bought, or is old."""
FEW = 20
"""Leads, below which a share says nothing."""


def clock(case: Case) -> Iterator[Finding]:
    """Look when the clock looked last."""
    return _unless_embedded(case, signs.clock, "`nurture up` does not run here at the moment")


def workers(case: Case) -> Iterator[Finding]:
    """Look which worker processes are alive."""
    return _unless_embedded(case, signs.workers, "`nurture up` does not run here at the moment")


def unknown(case: Case) -> Iterator[Finding]:
    """Look for mails of which nobody knows whether they were taken."""
    return signs.unknown(_health(case))


def overdue(case: Case) -> Iterator[Finding]:
    """Look for what should have happened by now."""
    return _unless_embedded(case, signs.overdue, "what is late waits for the next `nurture up`")


def breaker(case: Case) -> Iterator[Finding]:
    """Look whether sending rests, after a storm of errors or because somebody paused it."""
    return signs.sending(_health(case))


def _health(case: Case) -> Health:
    with transaction(case.engine) as db:
        return health(db, case.now)


def _unless_embedded(case: Case, look: Callable[[Health], Iterator[Finding]], why: str) -> Iterator[Finding]:
    """What is amiss on the embedded servers is so because they do not run all day."""
    for found in look(_health(case)):
        yield skipped(found.check, why) if case.is_embedded and found.level != "ok" else found


def suppressed(case: Case) -> Iterator[Finding]:
    """Look how many leads must not be mailed."""
    query = text(
        """
        SELECT (SELECT count(*) FROM lead) AS leads,
               (SELECT count(*) FROM lead WHERE sha256(convert_to(email, 'UTF8')) IN (
                    SELECT address_hash FROM suppression WHERE topic = '')) AS n
        """
    )
    with case.engine.connect() as db:
        row = db.execute(query).one()
    share = row.n / row.leads if row.leads else 0.0
    if row.leads >= FEW and share > MOST_SUPPRESSED:
        yield warning(
            "suppressed",
            f"{row.n} of {row.leads} leads ({share:.0%}) must not be mailed",
            "see to where they come from: mail providers judge you by them",
        )
    else:
        yield ok("suppressed", f"{row.n} of {row.leads} leads")
