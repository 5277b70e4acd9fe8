"""Whether the work is done: the clock, the workers, and what is left lying."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection, text

from nurture.doctor.case import Case
from nurture.doctor.courier import workers_alive
from nurture.doctor.finding import Finding, ok, problem, skipped, warning

SEEN_WITHIN = 60.0
"""Seconds. A clock looks every few; its lease lasts a quarter of a minute."""
LATE = timedelta(minutes=15)
"""What should have gone so long ago is overdue."""
MOST_SUPPRESSED = 0.1
"""Of all leads. More says that a list was bought, or is old."""
FEW = 20
"""Leads, below which a share says nothing."""


def clock(case: Case) -> Iterator[Finding]:
    """Look when the clock looked last."""
    with case.engine.connect() as db:
        age = db.execute(
            text("SELECT extract(epoch FROM clock_timestamp() - beat_at) FROM lease WHERE name = 'clock'")
        ).scalar()
    if age is not None and age <= SEEN_WITHIN:
        yield ok("clock", f"it looked {max(0.0, float(age)):.0f} s ago")
    elif case.is_embedded:
        yield skipped("clock", "`nurture up` does not run here at the moment")
    else:
        seen = "it has never been seen" if age is None else f"it was seen {_spoken(float(age))} ago"
        yield problem("clock", f"{seen}: nothing is decided and nothing is sent", "scale `clock` to one")


def workers(case: Case) -> Iterator[Finding]:
    """Look which worker processes are alive."""
    alive = workers_alive(case.settings.redis_url or "")
    if alive:
        yield ok("workers", f"{alive} {'process' if alive == 1 else 'processes'} alive")
    elif alive is None:
        yield skipped("workers", "Redis cannot be asked")
    elif case.is_embedded:
        yield skipped("workers", "`nurture up` does not run here at the moment")
    else:
        yield problem("workers", "none is alive: nothing is sent", "scale `worker` to one or more")


def unknown(case: Case) -> Iterator[Finding]:
    """Look for mails of which nobody knows whether they were taken."""
    with case.engine.connect() as db:
        row = db.execute(
            text("SELECT count(*) AS n, min(sending_at) AS since FROM delivery WHERE state = 'unknown'")
        ).one()
    if not row.n:
        yield ok("unknown mails", "none")
        return
    since = f", the oldest since {row.since:%Y-%m-%d %H:%M} UTC" if row.since else ""
    yield warning(
        "unknown mails",
        f"{row.n} were handed over and never answered{since}",
        "`nurture deliveries list --state unknown`; look each up and settle it: `nurture deliveries resolve ID --as …`",
    )


def overdue(case: Case) -> Iterator[Finding]:
    """Look for what should have happened by now."""
    with case.engine.connect() as db:
        mails = _count(db, "delivery WHERE state = 'queued' AND slot_at < :late", case)
        leads = _count(db, "enrollment WHERE status <> 'ended' AND due_at < :late", case)
    if not mails and not leads:
        yield ok("overdue", "nothing is late")
    elif case.is_embedded:
        yield skipped("overdue", f"{mails} mails and {leads} leads wait for the next `nurture up`")
    else:
        yield warning(
            "overdue",
            f"{mails} mails and {leads} leads should have had their turn more than {LATE.seconds // 60} minutes ago",
            "see to clock and workers above; add workers where all is well",
        )


def _count(db: Connection, what: str, case: Case) -> int:
    query = text(f"SELECT count(*) FROM {what}")  # noqa: S608  (words of this file)
    return int(db.execute(query, {"late": case.now - LATE}).scalar_one())


def breaker(case: Case) -> Iterator[Finding]:
    """Look whether sending rests, after a storm of errors or because somebody paused it."""
    with case.engine.connect() as db:
        rows = db.execute(text("SELECT * FROM mailer ORDER BY name")).all()
    for row in rows:
        if row.paused_at is not None:
            yield warning(
                "sending",
                f"paused since {row.paused_at:%Y-%m-%d %H:%M} UTC: {row.paused_why}",
                "run `nurture deliveries sending --resume`",
            )
        elif row.state != "sending":
            until = f" until {row.until:%H:%M} UTC" if row.until else ""
            yield problem("sending", f"it rests{until}: {row.why}", "mend that; it tries again by itself")
    if all(row.paused_at is None and row.state == "sending" for row in rows):
        yield ok("sending", "it goes")


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


def _spoken(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
