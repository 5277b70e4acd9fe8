"""The book of one run of sending: answers go in, and only what it has moved to `sending` may leave.

It outlives PostgreSQL being away for a moment, such as a restart: what the server was asked last is then put right by
what we know better than it, since a mail whose permission never came has surely not left.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Sequence

from nurture.db import is_away, is_deadlock_or_serialization
from nurture.flows.sending_run import Leased, Run
from nurture.store import deliveries
from nurture.store.deliveries import Answer
from nurture.store.line import Line

BACK_WITHIN = 25.0
"""Seconds that we wait for a database that went away; answers not recorded by then are lost with their lease."""
BACK_WITHIN_AT_END = 5.0
"""The same where this process is to stop."""
ASK_AGAIN = 0.25

_Asked = Sequence[tuple[int, str, str]]


class Ledger:
    """See the module."""

    def __init__(self, run: Run) -> None:
        """Connect to nothing yet."""
        self._run = run
        self._line: Line | None = None
        self._away_since: float | None = None

    async def step(self, following: Sequence[Leased]) -> set[int]:
        """Record all answers that came and move these mails to `sending`; gives those that may leave now.

        Raises:
            psycopg.Error, DBAPIError: The database takes it not, or has been away for too long. None of these mails may
                leave; that and what was to be recorded is among the run's answers again.
        """
        run = self._run
        answers, run.answers = run.answers, []
        asked = [(one.mail.delivery_id, one.mail.message_id, one.mail.recipient) for one in following]
        now = run.now()
        while True:
            try:
                line = await self._open()
                moved = await deliveries.record_and_move(
                    line, token=run.token, answers=answers, following=asked, gate=run.gate, now=now
                )
                break
            except Exception as error:
                if is_deadlock_or_serialization(error):
                    continue
                # whatever became of them there, they have not left, and nobody is to take them for unknown
                answers += self._held([delivery_id for delivery_id, _, _ in asked])
                asked = []
                if not is_away(error) or not self._is_worth_waiting():
                    run.answers = answers + run.answers
                    raise
                await asyncio.sleep(ASK_AGAIN)
        self._away_since = None
        held = [one for one in asked if one[0] not in moved]
        try:
            cancelled = await self._cancel(line, held) if held else 0
        except Exception:
            run.answers += self._held(moved)
            raise
        finally:
            self._count(answers)
        run.done.cancelled += cancelled
        run.app.meters.add("mails", run.mailer, "cancelled", n=cancelled)
        return moved

    def close(self) -> None:
        """Give the connection back."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    async def _open(self) -> Line:
        if self._line is not None and not self._line.is_fit:
            self.close()
        if self._line is None:
            self._line = await asyncio.to_thread(Line, self._run.app.engine)
        return self._line

    async def _cancel(self, line: Line, held: _Asked) -> int:
        run = self._run
        try:
            return await deliveries.cancel_held(line, token=run.token, following=held, gate=run.gate, now=run.now())
        except Exception as error:
            # they are leased still, and will be asked about again; what was moved beside them is to leave now
            if not is_deadlock_or_serialization(error) and not is_away(error):
                raise
        return 0

    def _held(self, delivery_ids: Collection[int]) -> list[Answer]:
        self._run.done.held += len(delivery_ids)
        return [Answer(delivery_id, "queued") for delivery_id in delivery_ids]

    def _is_worth_waiting(self) -> bool:
        """Whether it has not been away for so long already, over all that it was asked meanwhile."""
        now = time.monotonic()
        self._away_since = self._away_since or now
        return now - self._away_since < (BACK_WITHIN_AT_END if self._run.stop() else BACK_WITHIN)

    def _count(self, answers: Sequence[Answer]) -> None:
        """What is seen from outside, once it is committed."""
        meters = self._run.app.meters
        for outcome, n in Counter(answer.outcome for answer in answers).items():
            meters.add("mails", self._run.mailer, outcome, n=n)
