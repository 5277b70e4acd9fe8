"""What happened in a demo, as one JSON document. The same seed gives the same, but for `seconds`."""

from typing import Any

from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.local.audit import Audit, Found, Recorded, audit, found_mail
from nurture.local.letter import Letter
from nurture.local.mailbox_files import MailboxFiles
from nurture.store import tally


def audited(engine: Engine, mail: MailboxFiles) -> Audit:
    """Compare the mail server's own files with the table of deliveries."""
    with transaction(engine) as db:
        rows = tally.mails(db)
        leads = tally.addresses(db)
    recorded = [
        Recorded(row.id, row.email, row.campaign, row.step, row.cycle, row.state, row.message_id, row.zone)
        for row in rows
    ]
    return audit(_found(mail), recorded, leads)


def _found(mail: MailboxFiles) -> list[Found]:
    stored = [(name, mail.read(name)) for name in mail.names()]
    return [found_mail(name, Letter(one.recipient, one.data)) for name, one in stored]


def story(app: App, audit: Audit, *, weeks: int, seed: int, seconds: float) -> dict[str, Any]:
    """The document that `--json` prints.

    `mailbox` counts the mails to leads that the mail server holds, `notices` those to sales. `faults` is empty where
    the audit found nothing. Counts by state leave out states that nothing is in. `clicks` has how many were judged
    human and automated, and how many count towards scores: the human ones. `recycled` are leads that sales refused
    after a handoff and was offered again in a later cycle.
    """
    with transaction(app.engine) as db:
        counts = tally.counts(db)
        numbers = {
            "enrolled": tally.enrolled(db),
            "handed_over": tally.handed_over(db),
            "recycled": tally.recycled(db),
        }
        matchers = {signal.when.fingerprint for signal in app.agreement.signals.values() if signal.when.kind == "click"}
        clicks = {**tally.clicks(db), "counted": tally.counted(db, matchers)}
    verdicts = counts["verdicts"]
    return {
        "weeks": weeks,
        "seed": seed,
        "leads": sum(counts["stages"].values()),
        **numbers,
        "deliveries": counts["deliveries"],
        "mailbox": audit.mails,
        "notices": audit.notices,
        "duplicates": audit.duplicates,
        "faults": list(audit.faults),
        "events": {verdict: verdicts.get(verdict, 0) for verdict in ("human", "automated")},
        "clicks": clicks,
        "handoffs": counts["handoffs"],
        "cycles": counts["cycles"],
        "stages": counts["stages"],
        "suppressions": counts["suppressions"],
        "seconds": round(seconds, 1),
    }
