"""Whether the CRMs are told and read."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import text

from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, ok, problem, skipped, warning
from nurture.store import crm, crm_answers, crm_outbox

STALE = timedelta(minutes=30)
"""A CRM that was not read for so long is not read."""


def crms(case: Case) -> Iterator[Finding]:
    """Look at each CRM that the environment connects; `nurture crm check` looks into the CRM itself."""
    channels = case.settings.crm.channels
    if not channels:
        yield skipped("crm", "none is connected")
    for channel in channels:
        yield _one(case, channel)


def _one(case: Case, channel: str) -> Finding:
    name = f"crm {channel}"
    with case.engine.connect() as db:
        state = crm.state(db, channel)
        failed = crm_outbox.counts(db, channel).get("failed", 0)
        unclear = crm_answers.counts(db, channel).get("unclear", 0)
        late = db.execute(
            text(
                "SELECT count(*) FROM notice WHERE kind = 'lead.changed' AND channel = :channel AND state = 'queued' "
                "AND next_at < :late"
            ),
            {"channel": channel, "late": case.now - STALE},
        ).scalar_one()
    if state is None:
        return warning(name, "it has never been told or read", "run `nurture crm check`, then `nurture crm sync`")
    if state.error:
        return problem(name, state.error, "mend that, then `nurture crm sync`; what waits is told by itself")
    if late or state.read_at is None or case.now - state.read_at > STALE:
        if case.is_embedded:
            return skipped(name, "`nurture up` does not run here at the moment")
        return warning(name, f"{late} leads wait to be told, and nobody reads it", "see to clock and workers above")
    if failed or unclear:
        found = f"{failed} leads were refused there, {unclear} answers of reps not understood"
        return warning(name, found, "see `nurture notices list --failed` and `nurture crm status`")
    return ok(name, f"told and read, last at {state.read_at:%Y-%m-%d %H:%M} UTC")
