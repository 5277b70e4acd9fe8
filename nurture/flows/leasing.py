"""Take the next mails to send and render them; give back those that were not begun."""

import asyncio
import logging
import time

import orjson

from nurture.app import App
from nurture.db import transaction
from nurture.errors import TemplateError
from nurture.flows import letting_go
from nurture.flows.noting import record
from nurture.flows.sending_run import Batch, Leased, Run
from nurture.mailers.verdicts import one_line
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


def lease(run: Run, most: int) -> Batch:
    """Take the next mails; none where none is due, or none may go. The run is left as it is: threads may call it."""
    now = run.now()
    rate = run.app.agreement.sending.per_second
    wanted = most if rate is None else min(most, rate * PACED_SECONDS)
    with transaction(run.app.engine) as db:
        leave = letting_go.may_go(db, run, wanted, now)
        if not leave.most:
            return Batch((), now, time.monotonic())
        rows = deliveries.lease(
            db, mailer=run.mailer, token=run.token, now=now, most=leave.most, in_order=not leave.trying
        )
        letting_go.count(db, run, leave.day, len(rows))
    return Batch(rows, now, time.monotonic(), leave.trying, leave.day)


def write_next(run: Run) -> None:
    """Make the next leased mail; where that cannot be, it is put off, and the others go on."""
    row = run.unwritten.popleft()
    failure = SendFailed(row.campaign, row.step, row.delivery_cycle, for_good=True)
    try:
        mail = run.app.letters.mail(row, run.batch.now)
    except Exception as error:
        about = {"delivery_id": row.delivery_id, "template": row.template}
        if isinstance(error, TemplateError):
            log.warning("a mail cannot be rendered", extra=about)
            why = one_line(f"template: {error}")
        else:
            log.exception("a mail cannot be rendered", extra=about)
            why = f"this mail cannot be made ({type(error).__name__})"
        leased = Leased(Mail(row.delivery_id, "", "", "", b""), row.lead_id, failure, row.tries)
        record(run, leased, Receipt(row.delivery_id, "put_off", why))
    else:
        run.waiting.append(Leased(mail, row.lead_id, failure, row.tries))


def put_back(run: Run) -> None:
    """Give others what was leased and not begun."""
    if run.any_left:
        run.waiting.clear()
        run.unwritten.clear()
        with transaction(run.app.engine) as db:
            deliveries.release(db, run.token)


class Supply:
    """The next batch, leased while the one before it is being sent, where nothing speaks against it."""

    def __init__(self, run: Run, most: int) -> None:
        """Lease nothing yet."""
        self._run, self._most = run, most
        self._coming: asyncio.Task[Batch] | None = None

    async def next(self) -> Batch:
        """Give the next batch; an empty one where none is due now, or none may go."""
        coming, self._coming = self._coming, None
        batch = await coming if coming else None
        return batch if batch and batch.rows else lease(self._run, self._most)

    def at_hand(self) -> Batch | None:
        """Give the next batch where it has been leased already and may be sent along with the one before it.

        Not one that finds out whether the mailer can be used, nor one that is counted: these are sent by themselves.
        """
        coming = self._coming
        if coming is None or not coming.done() or coming.exception() is not None:
            return None
        batch = coming.result()
        if not batch.rows or batch.trying or batch.day is not None:
            return None
        self._coming = None
        return batch

    def order(self, batch: Batch) -> None:
        """Have the one after this leased: not where mails are counted or paced, nor after a batch that was not full."""
        plain = batch.day is None and not batch.trying and self._run.app.agreement.sending.per_second is None
        if plain and len(batch.rows) == self._most:
            self._coming = asyncio.create_task(asyncio.to_thread(lease, self._run, self._most))

    async def close(self) -> None:
        """See that nothing is being leased; what was, is to be given back."""
        coming, self._coming = self._coming, None
        if coming is not None:
            await asyncio.wait([coming])
