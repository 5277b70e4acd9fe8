"""Send the mails whose slot has come: leased, rendered, moved to `sending` through the gate, sent, recorded.

One synchronous statement serves all connections of this worker: it records the answers that came and moves the next
mails to `sending`. Only what it returns goes out, after its commit, as many to a connection at a time as it takes: one
by SMTP, one request's worth at an HTTP provider. So that is all of which nobody knows, after a crash, whether it was
taken; those become `unknown`, never sent again blindly.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

from nurture.app import App, Clock
from nurture.db import is_deadlock_or_serialization, transaction
from nurture.flows import letting_go
from nurture.flows.leasing import LEASE, gate, lease, put_back
from nurture.flows.noting import TRIES, note_all, tell_failures
from nurture.flows.pacing import Pace
from nurture.flows.sending_run import Delivered, Leased, Run
from nurture.flows.stay_home import is_home
from nurture.mailers import Connection, Mailer, build_mailer
from nurture.messages import Mail, Receipt
from nurture.store import deliveries
from nurture.store.deliveries import Answer

__all__ = ["LEASE", "TRIES", "Delivered", "deliver"]

WAITED = 25.0
"""Seconds. What was leased so long ago and not begun goes back to the queue, well before the lease is over."""

ANSWERS_WITHIN = 12.0
"""Seconds that a process which was asked to stop waits for answers; a platform kills it soon after."""
GLANCE = 1.0
"""Seconds between two looks at whether it was."""

_Begun = asyncio.Task[bool | Sequence[Receipt]]


def deliver(
    app: App, now: Clock, *, seconds: float, stop: Callable[[], bool] = lambda: False, mailer: str = "default"
) -> Delivered:
    """Send mails of one mailer for so many seconds of machine time, or until none is due or `stop` says so.

    Where the mailer rests, is paused, or has sent all that the warm-up lets it send today, nothing is leased; nor
    where the database is a copy of another (`stay_home`).
    """
    app.settings.require("MAIL_URL")
    pace = Pace(app.engine, mailer, app.agreement.sending.per_second)
    run = Run(app, mailer, now, stop, uuid4(), gate(app), pace)
    return asyncio.run(_deliver(run, time.monotonic() + seconds))


async def _deliver(run: Run, ends_at: float) -> Delivered:
    with transaction(run.app.engine) as db:
        if not deliveries.any_to_send(db, run.mailer, run.now()):
            return run.done
    if not is_home(run.app, run.now()):
        return run.done
    try:
        async with build_mailer(run.app.settings.mail_url or "", sign=run.app.sign) as mailer:
            batch = sum(connection.most for connection in mailer.connections)
            while time.monotonic() < ends_at and not run.stop():
                if not lease(run, max(LEASE, batch)):
                    return run.done
                usable = await _send_all(run, mailer)
                letting_go.report(run, finished=True)
                letting_go.settle_count(run)
                tell_failures(run)
                if not usable:
                    return run.done
                put_back(run)
        run.done.more = True
    finally:
        with transaction(run.app.engine) as db:
            deliveries.release(db, run.token)
    return run.done


async def _send_all(run: Run, mailer: Mailer) -> bool:
    """Keep every connection busy until all that was leased has an answer; False where the server cannot be used."""
    free: deque[Connection] = deque()
    busy: dict[_Begun, Connection] = {}
    ending = asyncio.create_task(_end_in_time(run, mailer))
    for connection in mailer.connections:
        busy[asyncio.create_task(connection.ready())] = connection
    while (busy or free) and (run.under_way or (run.waiting and not run.halted)):
        await _next(run, busy, ending, waits=bool(free and run.waiting))
        for task in [task for task in busy if task.done()]:
            _came_back(run, busy.pop(task), task.result(), free, busy)
        letting_go.report(run)
        run.halted = run.halted or run.stop() or time.monotonic() - run.leased_at > WAITED
        for connection, mails in _step(run, free):
            busy[asyncio.create_task(connection.send_many(mails))] = connection
    _step(run, deque())
    ending.cancel()
    for task in busy:
        task.cancel()
    if run.waiting and not run.halted:
        letting_go.report_trouble(run, mailer.connections[0])
        return False
    return True


async def _next(run: Run, busy: dict[_Begun, Connection], ending: asyncio.Task[None], *, waits: bool) -> None:
    """Wait until something came back, the next mail may go, or it is time to end."""
    timeout = run.pace.wait() if waits else None
    if busy:
        watched = busy if ending.done() else [*busy, ending]
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED, timeout=timeout)
    else:
        await asyncio.sleep(timeout or 0)


async def _end_in_time(run: Run, mailer: Mailer) -> None:
    """Once somebody asked to stop, wait for answers so long and no longer."""
    while not run.stop():
        await asyncio.sleep(GLANCE)
    await asyncio.sleep(ANSWERS_WITHIN)
    for connection in mailer.connections:
        connection.hang_up()


def _came_back(
    run: Run,
    connection: Connection,
    result: bool | Sequence[Receipt],
    free: deque[Connection],
    busy: dict[_Begun, Connection],
) -> None:
    """Take down what a connection says, and see whether it takes more."""
    if isinstance(result, bool):
        if result:
            free.append(connection)
        return
    note_all(run, result)
    if all(receipt.outcome == "sent" for receipt in result):
        free.append(connection)
    elif connection.unusable or connection.wait > letting_go.LONG_WAIT:
        letting_go.report_trouble(run, connection)
    else:
        busy[asyncio.create_task(connection.ready())] = connection


def _step(run: Run, free: deque[Connection]) -> list[tuple[Connection, list[Mail]]]:
    """Record what came back and move to `sending` what free connections take; gives what may go, and by which."""
    batches = [] if run.halted else _batches(run, free)
    following = [leased for _, batch in batches for leased in batch]
    if not following and not run.answers:
        return []
    answers, run.answers = run.answers, []
    moved = _record(run, answers, following, run.now())
    _count(run, answers, len(following) - len(moved))
    going: list[tuple[Connection, list[Mail]]] = []
    for connection, batch in batches:
        ours = [leased for leased in batch if leased.mail.delivery_id in moved]
        if not ours:
            free.append(connection)
            continue
        run.under_way.update({leased.mail.delivery_id: leased for leased in ours})
        going.append((connection, [leased.mail for leased in ours]))
    return going


def _count(run: Run, answers: Sequence[Answer], cancelled: int) -> None:
    """What is seen from outside, once it is committed."""
    run.done.cancelled += cancelled
    meters = run.app.meters
    meters.add("mails", run.mailer, "cancelled", n=cancelled)
    for outcome, n in Counter(answer.outcome for answer in answers).items():
        meters.add("mails", run.mailer, outcome, n=n)


def _batches(run: Run, free: deque[Connection]) -> list[tuple[Connection, list[Leased]]]:
    """Deal out what waits to the free connections, as much to each as it takes at a time, no faster than the rate."""
    allowed = run.pace.most(len(run.waiting)) if free else 0
    batches: list[tuple[Connection, list[Leased]]] = []
    while free and run.waiting and allowed > 0:
        connection = free.popleft()
        batch: list[Leased] = []
        octets = 0
        while run.waiting and len(batch) < min(connection.most, allowed):
            octets += len(run.waiting[0].mail.data)
            if batch and octets > connection.most_octets:
                break
            batch.append(run.waiting.popleft())
        allowed -= len(batch)
        run.pace.take(len(batch))
        batches.append((connection, batch))
    return batches


def _record(run: Run, answers: Sequence[Answer], following: Sequence[Leased], now: datetime) -> set[int]:
    """The one statement, tried again where another transaction was in its way."""
    while True:
        try:
            with transaction(run.app.engine) as db:
                return deliveries.record_and_move(
                    db,
                    token=run.token,
                    answers=answers,
                    following=[(one.mail.delivery_id, one.mail.message_id, one.mail.recipient) for one in following],
                    gate=run.gate,
                    now=now,
                )
        except Exception as error:
            if not is_deadlock_or_serialization(error):
                raise
