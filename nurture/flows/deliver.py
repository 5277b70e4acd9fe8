"""Send the mails whose slot has come: leased, rendered, moved to `sending` through the gate, sent, recorded.

One synchronous statement serves all connections of this worker: it records the answers that came and moves the next
mails to `sending`. Only what it returns goes out, after its commit, one mail per connection at a time. So a crash
leaves at most one mail per connection of which nobody knows whether it was taken; those become `unknown`, never sent
again blindly.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import orjson

from nurture.app import App, Clock
from nurture.db import is_deadlock_or_serialization, transaction
from nurture.errors import TemplateError
from nurture.flows.decide import decide
from nurture.flows.suppress import suppress
from nurture.mailers import Connection, Mailer, build_mailer
from nurture.messages import Mail, Receipt
from nurture.rules.happenings import SendFailed
from nurture.rules.permission import gate_terms
from nurture.store import deliveries
from nurture.store.deliveries import Answer, Gate
from nurture.store.merging import lock_living

LEASE = 200
"""Mails taken at once: seconds of work, well within a lease."""
TRIES = 5
"""So often a mail may be put off before it is given up for this cycle."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Delivered:
    """What one call did. `more` tells that mails may be waiting still."""

    sent: int = 0
    failed: int = 0
    put_off: int = 0
    unknown: int = 0
    cancelled: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Leased:
    """A mail on its way, and what is needed to tell the rules of its failure."""

    mail: Mail
    lead_id: int
    failure: SendFailed
    tries: int


@dataclass(slots=True)
class _Run:
    """One call's work: what waits, what is under way, what came back and is not recorded yet."""

    app: App
    now: Clock
    token: UUID
    gate: Gate
    done: Delivered
    waiting: deque[_Leased] = field(default_factory=deque)
    under_way: dict[int, _Leased] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    failures: list[tuple[_Leased, Receipt]] = field(default_factory=list)


def deliver(
    app: App, now: Clock, *, seconds: float, stop: Callable[[], bool] = lambda: False, mailer: str = "default"
) -> Delivered:
    """Send mails of one mailer for so many seconds of machine time, or until none is due or `stop` says so."""
    app.settings.require("MAIL_URL")
    return asyncio.run(_deliver(app, now, time.monotonic() + seconds, stop, mailer))


async def _deliver(app: App, now: Clock, ends_at: float, stop: Callable[[], bool], name: str) -> Delivered:
    run = _Run(app, now, uuid4(), _gate(app), Delivered())
    with transaction(app.engine) as db:
        if not deliveries.any_to_send(db, name, now()):
            return run.done
    try:
        async with build_mailer(app.settings.mail_url or "") as mailer:
            while time.monotonic() < ends_at and not stop():
                if not _lease(run, name):
                    return run.done
                usable = await _send_all(run, mailer)
                _tell_failures(run)
                if not usable:
                    log.warning("the mail server cannot be used", extra={"why": mailer.connections[0].trouble})
                    return run.done
        run.done.more = True
    finally:
        with transaction(app.engine) as db:
            deliveries.release(db, run.token)
    return run.done


def _gate(app: App) -> Gate:
    limits = app.agreement.limits
    topics = {campaign.id: campaign.topic for campaign in app.book.campaigns.values() if campaign.topic}
    terms = gate_terms(app.agreement.consent)
    consent = None if terms is None else orjson.dumps(terms).decode()
    return Gate(limits.per_7_days or 7, limits.per_30_days or 30, orjson.dumps(topics).decode(), consent)


def _lease(run: _Run, name: str) -> bool:
    """Take the next mails and render them; one that cannot be rendered is put off, the others go on."""
    now = run.now()
    with transaction(run.app.engine) as db:
        rows = deliveries.lease(db, mailer=name, token=run.token, now=now, most=LEASE)
    for row in rows:
        failure = SendFailed(row.campaign, row.step, row.delivery_cycle, for_good=True)
        try:
            mail = run.app.letters.mail(row, now)
        except TemplateError as error:
            log.warning("a mail cannot be rendered", extra={"delivery_id": row.delivery_id, "template": row.template})
            leased = _Leased(Mail(row.delivery_id, "", "", "", b""), row.lead_id, failure, row.tries)
            _note(run, leased, Receipt(row.delivery_id, "put_off", f"template: {error}"))
        else:
            run.waiting.append(_Leased(mail, row.lead_id, failure, row.tries))
    return bool(rows)


async def _send_all(run: _Run, mailer: Mailer) -> bool:
    """Keep every connection busy until all that was leased has an answer; False where the server cannot be used."""
    free: deque[Connection] = deque()
    busy: dict[asyncio.Task[Receipt | bool], Connection] = {}
    for connection in mailer.connections:
        busy[asyncio.create_task(connection.ready())] = connection
    while busy:
        finished, _ = await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            connection, result = busy.pop(task), task.result()
            if isinstance(result, Receipt):
                _note(run, run.under_way.pop(result.delivery_id), result)
            if result is True or (isinstance(result, Receipt) and result.outcome == "sent"):
                free.append(connection)
            elif result is not False:
                busy[asyncio.create_task(connection.ready())] = connection
        for leased in _step(run, len(free)):
            connection = free.popleft()
            run.under_way[leased.mail.delivery_id] = leased
            busy[asyncio.create_task(connection.send(leased.mail))] = connection
        if not run.waiting and not run.under_way:
            break
    _step(run, 0)
    for task in busy:
        task.cancel()
    return not run.waiting


def _step(run: _Run, free: int) -> list[_Leased]:
    """Record what came back and move as many mails to `sending` as there are free connections; those that may go."""
    following = [run.waiting.popleft() for _ in range(min(free, len(run.waiting)))]
    if not following and not run.answers:
        return []
    answers, run.answers = run.answers, []
    now = run.now()
    moved = _record(run, answers, following, now)
    run.done.cancelled += len(following) - len(moved)
    return [leased for leased in following if leased.mail.delivery_id in moved]


def _record(run: _Run, answers: Sequence[Answer], following: Sequence[_Leased], now: datetime) -> set[int]:
    """The one statement, tried again where another transaction was in its way."""
    while True:
        try:
            with transaction(run.app.engine) as db:
                return deliveries.record_and_move(
                    db,
                    token=run.token,
                    answers=answers,
                    following=[(leased.mail.delivery_id, leased.mail.message_id) for leased in following],
                    gate=run.gate,
                    now=now,
                )
        except Exception as error:
            if not is_deadlock_or_serialization(error):
                raise


def _note(run: _Run, leased: _Leased, receipt: Receipt) -> None:
    """Turn a mailer's answer into the row's next state, and remember what the rules must hear of."""
    delivery_id, reply = receipt.delivery_id, receipt.reply[:500]
    match receipt.outcome:
        case "sent":
            run.done.sent += 1
            run.answers.append(Answer(delivery_id, "sent"))
        case "unknown":
            run.done.unknown += 1
            run.answers.append(Answer(delivery_id, "unknown", reply or "the answer was lost"))
        case "refused":
            run.done.failed += 1
            run.answers.append(Answer(delivery_id, "failed", reply, for_good=True))
            run.failures.append((leased, receipt))
        case "put_off":
            run.done.put_off += 1
            for_good = leased.tries + 1 >= TRIES
            run.answers.append(Answer(delivery_id, "failed", reply, for_good=for_good))
            run.failures.append((leased, receipt))


def _tell_failures(run: _Run) -> None:
    """Let the rules plan again for leads whose mail was not taken."""
    failures, run.failures = run.failures, []
    for leased, receipt in failures:
        now = run.now()
        if receipt.dead_address:
            suppress(run.app, lead_id=leased.lead_id, word="bounced", how=f"delivery {receipt.delivery_id}", now=now)
            continue
        for_good = receipt.outcome == "refused" or leased.tries + 1 >= TRIES
        failure = leased.failure
        failed = SendFailed(failure.campaign, failure.step, failure.cycle, for_good=for_good)
        with transaction(run.app.engine) as db:
            if (lead_id := lock_living(db, leased.lead_id)) is not None:
                decide(db, run.app, {lead_id: failed}, now)
