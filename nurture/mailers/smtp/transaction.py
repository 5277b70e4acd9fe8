"""One mail over an open session, and what became of it.

Up to the moment when the first byte of the final `CRLF . CRLF` may leave, a failure means that the server does not have
the mail: it is put off, or held where it was we who hung up. From that moment on until the answer, nobody knows: the
mail is unknown. With an answer, the answer decides. A mail that the operating system takes whole leaves in one write:
between its last byte and the dot nothing could have been learned.

Behind that dot the next mail's envelope may leave in the same write (RFC 2920 §3.1), although that mail may not leave
yet: it saves a round trip and a write. Of a mail of which a server has the envelope alone, it has nothing.
"""

import re
from collections.abc import Callable, Sequence

from nurture.mailers.smtp.options import Timeouts
from nurture.mailers.smtp.replies import NoReply, Reply, of_mail, of_recipient, of_sender
from nurture.mailers.smtp.session import Session
from nurture.mailers.verdicts import HELD, PUT_OFF, REFUSED, SENT, UNKNOWN, Verdict
from nurture.messages import Mail, Receipt

_END = b".\r\n"
"""What follows the line break that a mail ends with."""
_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>@]{1,64}@[^\x00-\x20\x7f<>@]{1,255}")


class Transaction:
    """Sends one mail. Afterwards, `is_clean` tells that the session can go on, `needs_reset` that RSET is due first."""

    def __init__(self, session: Session, timeouts: Timeouts, *, is_opened: bool = False) -> None:
        """Nothing has been said yet; or, where it `is_opened`, the mail's envelope, behind the mail before it."""
        self._session, self._wire, self._timeouts = session, session.wire, timeouts
        self._is_opened = is_opened
        self._dot_may_have_left = False
        self.has_opened_next = False
        self.is_clean = False
        self.needs_reset = False

    async def send(self, mail: Mail, following: Mail | None = None) -> Receipt:
        """Send it, and where that can be the envelope of the `following` one; every outcome is a receipt."""
        unfit = self._unfit(mail)
        if unfit:
            self.is_clean = True
            return unfit[0].receipt(mail, unfit[1])
        try:
            verdict, words = await self._exchange(mail, following)
        except NoReply as error:
            if self._dot_may_have_left:
                return UNKNOWN.receipt(mail, f"handed over, but the answer was lost: {error}")
            return (HELD if self._wire.is_aborted else PUT_OFF).receipt(mail, str(error))
        return verdict.receipt(mail, words)

    async def _exchange(self, mail: Mail, following: Mail | None) -> tuple[Verdict, str]:
        refused = await self._envelope(mail)
        if refused:
            return refused
        body = mail.data if mail.dotless and mail.data.endswith(b"\r\n") else _stuffed(mail.data)
        if self._wire.takes_at_once(len(body) + len(_END)):
            self._dot_may_have_left = True
            self._wire.write(body + _END + self._opening(following))
            return self._taken(await self._wire.reply(self._timeouts.taken))
        self._wire.write(body)
        await self._wire.flush(self._timeouts.body)
        if self._wire.has_reply:
            early = await self._wire.reply(self._timeouts.body)
            verdict = of_mail(early) if early.code >= 400 else PUT_OFF
            return verdict, f"the server broke off before the mail's end: {early}"
        self._dot_may_have_left = True
        self._wire.write(_END)
        return self._taken(await self._wire.reply(self._timeouts.taken))

    def _opening(self, following: Mail | None) -> bytes:
        """The envelope of the mail to come, where the server announced that it hears such without being asked."""
        if following is None or not self._session.offers("PIPELINING") or self._unfit(following):
            return b""
        self.has_opened_next = True
        return b"".join(self._commands(following))

    def _taken(self, reply: Reply) -> tuple[Verdict, str]:
        self.is_clean = not reply.closes
        if reply.is_good:
            return SENT, str(reply)
        if reply.code < 400:
            self.is_clean = False
            return UNKNOWN, f"handed over, and the server answered strangely: {reply}"
        return of_mail(reply), str(reply)

    async def _envelope(self, mail: Mail) -> tuple[Verdict, str] | None:
        """Say from whom and to whom, and ask to go on. None: the server waits for the mail."""
        commands = self._commands(mail)
        judges = (of_sender, of_recipient, of_mail)
        pipelined = self._session.offers("PIPELINING")
        if pipelined and not self._is_opened:
            self._wire.write(b"".join(commands))
        replies: list[Reply] = []
        refused: tuple[Verdict, str] | None = None
        for command, judge in zip(commands, judges, strict=True):
            if not pipelined:
                self._wire.write(command)
            is_data = command == b"DATA\r\n"
            try:
                replies.append(await self._wire.reply(self._timeouts.data if is_data else self._timeouts.command))
            except NoReply:
                if refused:
                    return refused
                raise
            refused = refused or _refusal(replies[-1], judge, is_data=is_data)
            if replies[-1].closes or (refused and not pipelined):
                break
        if refused:
            await self._back_out(replies)
        return refused

    async def _back_out(self, replies: Sequence[Reply]) -> None:
        """Leave the session fit for the next mail, or to be closed."""
        last = replies[-1]
        if last.closes or last.code < 300:
            return
        if last.code == 354:
            if replies[1].is_good:
                return
            # the server waits for a mail although nobody is to have it: give it an empty one (RFC 2920 §3.1)
            try:
                self._wire.write(b".\r\n")
                await self._wire.reply(self._timeouts.command)
            except NoReply:
                return
        self.is_clean = self.needs_reset = True

    def _commands(self, mail: Mail) -> tuple[bytes, bytes, bytes]:
        return self._mail_from(mail), f"RCPT TO:<{mail.recipient}>\r\n".encode(), b"DATA\r\n"

    def _mail_from(self, mail: Mail) -> bytes:
        command = f"MAIL FROM:<{mail.sender}>"
        if self._session.offers("SIZE"):
            command += f" SIZE={len(mail.data)}"
        if not mail.data.isascii():
            command += " BODY=8BITMIME"
        if not (mail.sender + mail.recipient).isascii():
            command += " SMTPUTF8"
        return f"{command}\r\n".encode()

    def _unfit(self, mail: Mail) -> tuple[Verdict, str] | None:
        """Tell what this server, or any, could not take."""
        if not _ADDRESS.fullmatch(mail.recipient):
            return REFUSED, "the recipient's address cannot be written in SMTP"
        if mail.sender and not _ADDRESS.fullmatch(mail.sender):
            return HELD, "the sender's address cannot be written in SMTP"
        if not (mail.sender + mail.recipient).isascii() and not self._session.offers("SMTPUTF8"):
            return REFUSED, "the server takes no addresses beyond ASCII (SMTPUTF8)"
        if not mail.data.isascii() and not self._session.offers("8BITMIME"):
            return REFUSED, "the server takes 7-bit mail only, and this one has 8"
        limit = self._session.size_limit
        if limit and len(mail.data) > limit:
            return REFUSED, f"the mail has {len(mail.data)} octets, the server takes {limit}"
        return None


def _refusal(reply: Reply, judge: Callable[[Reply], Verdict], *, is_data: bool) -> tuple[Verdict, str] | None:
    """Tell why it does not go on; None: it does."""
    if reply.code == 354 if is_data else reply.is_good:
        return None
    if reply.code < 400:
        return PUT_OFF, f"the server answered strangely: {reply}"
    verdict = judge(reply)
    if judge is of_sender and reply.code >= 500 and verdict is HELD:
        return verdict, f"the server refused our sender: {reply}"
    return verdict, str(reply)


def _stuffed(data: bytes) -> bytes:
    """Double the dot that begins a line (RFC 5321 §4.5.2), and see that the last line ends."""
    body = data.removesuffix(b"\r\n").replace(b"\r\n.", b"\r\n..") + b"\r\n"
    return b"." + body if body.startswith(b".") else body
