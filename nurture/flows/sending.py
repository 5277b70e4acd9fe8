"""Send leased mails by all connections of a mailer at once.

While the database answers and mails are on their way, the next ones are made: who sends is never idle while there is
something to make, and nothing is made far ahead.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from nurture.flows import letting_go
from nurture.flows.foresight import Foresight
from nurture.flows.leasing import write_next
from nurture.flows.ledger import Ledger
from nurture.flows.noting import note_all
from nurture.flows.sending_run import Leased, Run
from nurture.mailers import Connection, Mailer
from nurture.messages import Mail, Receipt

WAITED = 25.0
"""Seconds. What was leased so long ago and not begun goes back to the queue, well before the lease is over."""
LINGER = 0.002
"""Seconds that a connection which is free waits for others, so that one statement serves them all."""

AT_A_TIME = 4
"""Mails that are made without looking what came back meanwhile: the processor has the same at hand for all of them."""

ANSWERS_WITHIN = 12.0
"""Seconds that a process which was asked to stop waits for answers; a platform kills it soon after."""
GLANCE = 1.0
"""Seconds between two looks at whether it was, or the mailer is to rest."""

log = logging.getLogger(__name__)

_Said = bool | Sequence[Receipt]


def no_more(_run: Run) -> None:
    """Begin nothing behind what was leased."""


async def send_batch(run: Run, mailer: Mailer, ledger: Ledger, more: Callable[[Run], None] = no_more) -> bool:
    """Keep every connection busy until all that was leased has an answer; False where the server cannot be used.

    `more` is called whenever all that was leased is made: it may begin the next batch, so that no connection waits for
    the last answers of the one before.
    """
    ending = asyncio.create_task(_listen(run, mailer))
    try:
        await _Sending(run, mailer, ledger, more).all()
    finally:
        ending.cancel()
    if run.any_left and not run.halted:
        letting_go.report_trouble(run, mailer.connections[0])
        return False
    return True


async def _listen(run: Run, mailer: Mailer) -> None:
    """Begin nothing more where the mailer is paused. Once asked to stop, wait for answers so long and no longer."""
    while not run.stop():
        await asyncio.sleep(GLANCE)
        with suppress(SQLAlchemyError):
            run.halted = await asyncio.to_thread(letting_go.is_held, run) or run.halted
    await asyncio.sleep(ANSWERS_WITHIN)
    for connection in mailer.connections:
        connection.hang_up()


class _Sending:
    """The connections, and which of them do what: `free` ones take mails, of `busy` ones something will come back."""

    def __init__(self, run: Run, mailer: Mailer, ledger: Ledger, more: Callable[[Run], None]) -> None:
        self._run, self._ledger, self._more = run, ledger, more
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._free: deque[Connection] = deque()
        self._busy: dict[asyncio.Task[_Said], Connection] = {}
        self._came: deque[asyncio.Task[_Said]] = deque()
        self._step: asyncio.Task[None] | None = None
        self._step_at = 0.0
        self._foresight = Foresight(mailer, run.waiting)
        self._ahead = 2 * sum(connection.most for connection in mailer.connections)
        for connection in mailer.connections:
            self._begin(connection, _ready(connection))

    async def all(self) -> None:
        """Send until nothing is left, nothing may go, or there is no connection to go by."""
        try:
            await self._send_all()
        finally:
            await self._end()

    async def _send_all(self) -> None:
        run = self._run
        while self._goes_on():
            self._hear()
            run.halted = run.halted or run.stop() or time.monotonic() - run.batch.leased_at > WAITED
            if not (run.unwritten or run.halted):
                self._more(run)
            self._take_step()
            if not await self._write() and self._goes_on():
                await self._wait()

    async def _end(self) -> None:
        """Have all recorded. Where something went wrong, mails are on their way, and their answers are waited for."""
        run = self._run
        if self._step is not None:
            await asyncio.wait([self._step])
        until = self._loop.time() + ANSWERS_WITHIN
        while run.under_way and self._busy and (left := until - self._loop.time()) > 0:
            came, _ = await asyncio.wait(self._busy, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in came:
                del self._busy[task]
                if not isinstance(said := task.result(), bool):
                    note_all(run, said)
        for task in self._busy:
            task.cancel()
        if run.answers:
            await self._ledger.step([])

    def _goes_on(self) -> bool:
        run = self._run
        has_a_way = bool(self._busy or self._free or self._step)
        return has_a_way and bool(run.under_way or self._step or (run.any_left and not run.halted))

    def _begin(self, connection: Connection, work: Coroutine[Any, Any, _Said]) -> None:
        task = self._loop.create_task(work)
        self._busy[task] = connection
        task.add_done_callback(self._note)

    def _note(self, task: asyncio.Task[_Said]) -> None:
        self._came.append(task)
        self._changed.set()

    def _hear(self) -> None:
        """Take down what connections say, and see whether they take more."""
        if not self._came:
            return
        while self._came:
            task = self._came.popleft()
            connection, said = self._busy.pop(task), task.result()
            if isinstance(said, bool):
                if said:
                    self._is_free(connection)
                else:
                    self._foresight.forget(connection)
                continue
            note_all(self._run, said)
            if all(receipt.outcome == "sent" for receipt in said):
                self._is_free(connection)
            elif connection.unusable or connection.wait > letting_go.LONG_WAIT:
                self._foresight.forget(connection)
                letting_go.report_trouble(self._run, connection)
            else:
                self._begin(connection, _ready(connection))
        letting_go.report(self._run)

    def _is_free(self, connection: Connection) -> None:
        if not self._free:
            self._step_at = self._loop.time() + LINGER
        self._free.append(connection)

    def _take_step(self) -> None:
        """Have answers recorded and the next mails moved, unless a mail or a connection joins in within a moment."""
        run = self._run
        if self._step is not None:
            if not self._step.done():
                return
            self._step.result()
            self._step = None
        if self._is_being_written() or (self._busy and self._loop.time() < self._step_at):
            return
        batches = self._dealt() if self._may_begin() else []
        if batches or run.answers:
            self._step = asyncio.create_task(self._record_and_send(batches))
            self._step.add_done_callback(lambda _: self._changed.set())

    def _is_being_written(self) -> bool:
        """Whether the connections that are free take more than is made, and it will be made at once."""
        run = self._run
        if run.halted or not run.unwritten:
            return False
        return len(run.waiting) < sum(connection.most for connection in self._free)

    def _may_begin(self) -> bool:
        return bool(self._free and self._run.waiting and not self._run.halted)

    async def _record_and_send(self, batches: list[tuple[Connection, list[Leased]]]) -> None:
        run = self._run
        moved = await self._ledger.step([leased for _, batch in batches for leased in batch])
        sent = [(way, [one for one in batch if one.mail.delivery_id in moved]) for way, batch in batches]
        if not (run.halted or run.trying or run.stop()) and run.pace.wait() is None:
            self._foresight.tell([connection for connection, ours in sent if ours])
        for connection, ours in sent:
            if not ours:
                self._is_free(connection)
                continue
            run.under_way.update({leased.mail.delivery_id: leased for leased in ours})
            self._begin(connection, _send(connection, [leased.mail for leased in ours]))

    def _dealt(self) -> list[tuple[Connection, list[Leased]]]:
        """Deal out what waits to the free connections, as much to each as it takes at once, no faster than the rate."""
        run = self._run
        allowed = run.pace.most(len(run.waiting))
        batches: list[tuple[Connection, list[Leased]]] = []
        self._free = self._foresight.in_order(self._free)
        while self._free and run.waiting and allowed > 0:
            connection = self._free.popleft()
            batch: list[Leased] = []
            octets = 0
            while run.waiting and len(batch) < min(connection.most, allowed):
                octets += len(run.waiting[0].mail.data)
                if batch and octets > connection.most_octets:
                    break
                batch.append(self._foresight.take(connection))
            allowed -= len(batch)
            run.pace.take(len(batch))
            batches.append((connection, batch))
        return batches

    async def _write(self) -> bool:
        """Make some mails, unless enough are made already.

        Others have their turn first: what the database or a server is to do meanwhile has to be on its way to them.
        """
        run = self._run
        most = min(AT_A_TIME, len(run.unwritten), self._ahead - len(run.waiting))
        if run.halted or most <= 0:
            return False
        await asyncio.sleep(0)
        for _ in range(most):
            write_next(run)
        return True

    async def _wait(self) -> None:
        """Until something came back, or until the next mail may go."""
        if self._came:
            return
        self._changed.clear()
        seconds = self._patience()
        timer = None if seconds is None else self._loop.call_later(seconds, self._changed.set)
        await self._changed.wait()
        if timer is not None:
            timer.cancel()

    def _patience(self) -> float | None:
        """How long to wait at most; None: until something comes back."""
        if self._step is not None or not (self._run.answers or self._may_begin()):
            return None
        paced = self._run.pace.wait() if self._may_begin() and not self._run.answers else None
        return max(0.0, self._step_at - self._loop.time(), paced or 0.0)


async def _ready(connection: Connection) -> bool:
    """Whether it can be used; not where an error of ours says that."""
    try:
        return await connection.ready()
    except Exception:
        log.exception("a connection cannot be used")
        return False


async def _send(connection: Connection, mails: Sequence[Mail]) -> Sequence[Receipt]:
    """Send them; where an error of ours comes between, nobody knows of them, and the others go on."""
    try:
        return await connection.send_many(mails)
    except Exception as error:
        log.exception("mails met an error", extra={"delivery_ids": [mail.delivery_id for mail in mails]})
        why = f"this mail met an error of ours ({type(error).__name__})"
        return [Receipt(mail.delivery_id, "unknown", why) for mail in mails]
