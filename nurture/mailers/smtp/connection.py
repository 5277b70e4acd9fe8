"""A kept connection: opened when it is needed, checked when it has rested, opened anew when the server has left."""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import replace

from nurture.mailers.smtp.options import SmtpOptions
from nurture.mailers.smtp.replies import NoReply
from nurture.mailers.smtp.session import Session, ask, open_session
from nurture.mailers.smtp.transaction import Transaction
from nurture.mailers.verdicts import HELD
from nurture.messages import Mail, Receipt

_WAITS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds to wait before connecting again, after so many failures in a row; the first new try is at once."""
_WORTH_WAITING = 2.0
_ENVELOPE = 3
"""Replies that a server owes to an envelope."""

log = logging.getLogger(__name__)


class SmtpConnection:
    """One connection of a mailer; see `mailers.protocol.Connection`."""

    def __init__(self, options: SmtpOptions) -> None:
        """Nothing is connected yet."""
        self._options = options
        self._session: Session | None = None
        self._opened_at = self._used_at = self._not_before = 0.0
        self._failures = 0
        self._needs_reset = False
        self._expected: Mail | None = None
        self._opened: Mail | None = None
        self._busy = False
        self.trouble = ""

    @property
    def wait(self) -> float:
        """Seconds until it is worth connecting again."""
        return max(0.0, self._not_before - _now())

    @property
    def unusable(self) -> bool:
        """Never said of a server that is asked anew each time."""
        return False

    @property
    def most(self) -> int:
        """A connection takes one mail at a time."""
        return 1

    @property
    def most_octets(self) -> int:
        """One mail, whatever its size; what the server takes is known only once it has been greeted."""
        return 1

    async def ready(self) -> bool:
        """Connect, or see that the connection stands; wait as long as the last failures ask for."""
        await asyncio.sleep(max(self._not_before - _now(), 0))
        return await self._stands()

    async def send_many(self, mails: Sequence[Mail]) -> Sequence[Receipt]:
        """Send them one after the other."""
        return [await self.send(mail) for mail in mails]

    async def send(self, mail: Mail) -> Receipt:
        """Send one mail; a connection takes one at a time."""
        if self._busy:
            raise RuntimeError("this connection is sending already")
        self._busy = True
        try:
            return await self._send(mail)
        except BaseException:
            self._drop()
            raise
        finally:
            self._busy = False

    def expect(self, mail: Mail) -> None:
        """Hear what comes after the next mail: its envelope leaves behind that one, where the server allows it.

        From then on the server waits for that mail. Where it does not come, the connection is broken off, which is how
        SMTP says so: whatever has no end is thrown away.
        """
        self._expected = mail

    def hang_up(self) -> None:
        """Break off: what the server has not answered by now it need not answer."""
        if self._session is not None:
            self._session.wire.abort()

    async def close(self) -> None:
        """Say QUIT and hang up; a server that does not answer is left waiting."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            if session.wire.is_usable and self._opened is None:
                await ask(session, "QUIT", self._options.timeouts.quit)
        except NoReply:
            pass
        finally:
            self._opened = None
            session.wire.abort()
        await session.wire.gone()

    async def _send(self, mail: Mail) -> Receipt:
        following, self._expected = self._expected, None
        if self._opened is not None and self._opened is not mail:
            self._drop()
        wait = self._not_before - _now()
        if wait > _WORTH_WAITING:
            return HELD.receipt(mail, f"not tried again yet: {self.trouble}")
        if wait > 0:
            await asyncio.sleep(wait)
        if not await self._stands() or self._session is None:
            return HELD.receipt(mail, self.trouble)
        if self._options.sign is not None:
            # most of a signature is RSA, which leaves the other threads alone
            mail = replace(mail, data=await asyncio.to_thread(self._options.sign, mail.data))
        is_opened, self._opened = self._opened is not None, None
        transaction = Transaction(self._session, self._options.timeouts, is_opened=is_opened)
        receipt = await transaction.send(mail, following if self._takes_one_more(self._session) else None)
        if transaction.has_opened_next:
            self._opened = following
        self._session.mails += 1
        self._used_at = _now()
        self._needs_reset = transaction.needs_reset
        if transaction.is_clean:
            self._failures = 0
        else:
            self._drop()
            self._failed(receipt.reply)
        return receipt

    async def _stands(self) -> bool:
        """See to it that there is a session to send by; False, and `trouble`, where there is none."""
        if self._session is not None and not await self._still_good(self._session):
            await self.close()
        if self._session is None and not await self._open():
            return False
        self.trouble = ""
        return True

    async def _still_good(self, session: Session) -> bool:
        keeping, now = self._options.keeping, _now()
        rested = now - self._used_at
        too_old = now - self._opened_at > keeping.longest or session.mails >= keeping.most_mails
        if self._opened is not None:
            return session.wire.stands(_ENVELOPE)
        if not session.wire.is_usable or too_old or rested > keeping.close_after:
            return False
        if not self._needs_reset and rested <= keeping.check_after:
            return True
        try:
            reply = await ask(session, "RSET" if self._needs_reset else "NOOP", self._options.timeouts.command)
        except NoReply:
            return False
        self._needs_reset = False
        return reply.is_good

    def _takes_one_more(self, session: Session) -> bool:
        """Whether another mail may go after this one; a signed one has another size by then."""
        keeping = self._options.keeping
        is_old = _now() - self._opened_at > keeping.longest or session.mails + 1 >= keeping.most_mails
        return self._options.sign is None and not is_old

    async def _open(self) -> bool:
        self._needs_reset = False
        self._opened = None
        try:
            self._session = await open_session(self._options)
        except NoReply as error:
            self._failed(str(error))
            log.warning("the mail server cannot be used", extra={"server": self._options.host, "why": self.trouble})
            return False
        self._opened_at = self._used_at = _now()
        return True

    def _failed(self, why: str) -> None:
        # some servers repeat what they were told
        self.trouble = why.replace(self._options.password, "…") if self._options.password else why
        wait = _WAITS[min(self._failures, len(_WAITS) - 1)]
        self._failures += 1
        # connections that failed together do not come back together
        self._not_before = _now() + wait * random.uniform(0.8, 1.2)  # noqa: S311  (no secret)

    def _drop(self) -> None:
        self._opened = None
        if self._session is not None:
            self._session.wire.abort()
            self._session = None


_now = time.monotonic
