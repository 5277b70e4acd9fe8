"""Take the next mails to send and render them; give back those that were not begun."""

import logging
import time

import orjson

from nurture.app import App
from nurture.db import transaction
from nurture.errors import TemplateError
from nurture.flows import letting_go
from nurture.flows.noting import record
from nurture.flows.sending_run import Leased, Run
from nurture.messages import Mail, Receipt
from nurture.rules.happenings import SendFailed
from nurture.rules.permission import gate_terms
from nurture.store import deliveries
from nurture.store.deliveries import Gate

LEASE = 200
"""Mails taken at once: seconds of work, well within a lease."""
PACED_SECONDS = 5
"""Where there is a rate, so many seconds of it are taken at once: several workers share it, and a lease is short."""

log = logging.getLogger(__name__)


def gate(app: App) -> Gate:
    """What is asked of each mail in the moment of sending, by the agreement and the campaigns."""
    limits = app.agreement.limits
    topics = {campaign.id: campaign.topic for campaign in app.book.campaigns.values() if campaign.topic}
    terms = gate_terms(app.agreement.consent)
    consent = None if terms is None else orjson.dumps(terms).decode()
    return Gate(limits.per_7_days or 7, limits.per_30_days or 30, orjson.dumps(topics).decode(), consent)


def lease(run: Run, most: int) -> bool:
    """Take the next mails and render them; one that cannot be rendered is put off, the others go on."""
    now = run.now()
    rate = run.app.agreement.sending.per_second
    wanted = most if rate is None else min(most, rate * PACED_SECONDS)
    run.halted = False
    with transaction(run.app.engine) as db:
        most = letting_go.may_go(db, run, wanted, now)
        if not most:
            return False
        rows = deliveries.lease(db, mailer=run.mailer, token=run.token, now=now, most=most, in_order=not run.trying)
        letting_go.count(db, run, len(rows))
    run.leased_at = time.monotonic()
    for row in rows:
        failure = SendFailed(row.campaign, row.step, row.delivery_cycle, for_good=True)
        try:
            mail = run.app.letters.mail(row, now)
        except TemplateError as error:
            log.warning("a mail cannot be rendered", extra={"delivery_id": row.delivery_id, "template": row.template})
            leased = Leased(Mail(row.delivery_id, "", "", "", b""), row.lead_id, failure, row.tries)
            record(run, leased, Receipt(row.delivery_id, "put_off", f"template: {error}"))
        else:
            run.waiting.append(Leased(mail, row.lead_id, failure, row.tries))
    return bool(rows)


def put_back(run: Run) -> None:
    """Give others what was leased and not begun."""
    if run.waiting:
        run.waiting.clear()
        with transaction(run.app.engine) as db:
            deliveries.release(db, run.token)
