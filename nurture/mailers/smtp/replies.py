"""What a server says, and what that means for the mail."""

import re
from dataclasses import dataclass
from functools import lru_cache

from nurture.mailers.verdicts import DEAD, HELD, POLICY, PUT_OFF, REFUSED, Verdict

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?")
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)")
_LONGEST_LINE, _MOST_LINES = 4096, 128
_SHOWN = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class NoReply(Exception):
    """The server said nothing more, or nothing that is SMTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `lines` are its texts without the code."""

    code: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        """The answer in one line, made safe to keep and to show."""
        words = " ".join([str(self.code), *self.lines])
        return words[:_SHOWN] if words.isprintable() else " ".join(_CONTROL.sub(" ", words).split())[:_SHOWN]

    @property
    def is_good(self) -> bool:
        """Done as asked."""
        return 200 <= self.code < 300

    @property
    def closes(self) -> bool:
        """The server hangs up after it (RFC 5321 §3.8)."""
        return self.code == 421

    @property
    def enhanced(self) -> tuple[int, int, int] | None:
        """Give the enhanced status code (RFC 3463), where it is of the same class as the code."""
        found = _ENHANCED.match(self.lines[0]) if self.lines else None
        if found is None or int(found[1]) != self.code // 100:
            return None
        return int(found[1]), int(found[2]), int(found[3])


class ReplyReader:
    """Cuts what arrives into replies."""

    def __init__(self) -> None:
        """Nothing has arrived."""
        self._rest = b""
        self._lines: list[tuple[int, str]] = []

    @property
    def is_amid(self) -> bool:
        """Whether a reply has begun and not ended."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> list[Reply]:
        """Take some bytes; give the replies that are complete.

        Raises:
            NoReply: It is no SMTP, or without end.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise NoReply("the server's answer has no end")
        return [reply for line in lines if (reply := self._line(line.removesuffix(b"\r")))]

    def _line(self, line: bytes) -> Reply | None:
        if not self._lines and (reply := _whole(line)) is not None:
            return reply
        code, goes_on, text = _read(line)
        if self._lines and self._lines[0][0] != code:
            raise NoReply("the server's answer changes its code from line to line")
        self._lines.append((code, text))
        if goes_on:
            if len(self._lines) > _MOST_LINES:
                raise NoReply("the server's answer has no end")
            return None
        texts = tuple([text for _, text in self._lines])
        self._lines.clear()
        return Reply(code, texts)


@lru_cache(maxsize=64)
def _read(line: bytes) -> tuple[int, bool, str]:
    """Its code, whether another line follows, and its words. A server says the same to every mail but for an id."""
    found = _LINE.fullmatch(line)
    if found is None or len(line) > _LONGEST_LINE:
        raise NoReply("the server's answer is not SMTP")
    return int(found[1]), found[2] == b"-", (found[3] or b"").decode("utf-8", "replace")


@lru_cache(maxsize=64)
def _whole(line: bytes) -> Reply | None:
    """The reply that one line is; None where more lines follow."""
    code, goes_on, text = _read(line)
    return None if goes_on else Reply(code, (text,))


_OURS = frozenset({500, 502, 503, 504, 530, 534, 535, 538})
"""The server does not understand us, or does not let us in: no fault of this mail or this address."""
_SENDERS = frozenset({7, 8})
"""X.1.7 and X.1.8 are about the sender's address."""
_TOO_LARGE = (5, 3, 4)
_SYSTEM, _POLICY = 3, 7
"""X.3.X: the mail system as a whole. X.7.X: security and policy."""
_ABOUT_US = re.compile(
    r"\b(suspend|disabled account|account .{0,20}disabled|relay|spf\b|dkim\b|dmarc\b|block ?list|black ?list|blacklist"
    r"|rbl\b|dnsbl|spamhaus|reputation|authenticat|authoriz|authoris|not permitted|not allowed to send|quota|rate limit"
    r"|too many|policy)",
    re.IGNORECASE,
)
"""What a refusal without an enhanced code says where it is about who sends, not about who receives."""


def of_sender(reply: Reply) -> Verdict:
    """Judge the refusal of `MAIL FROM`: our trouble, not this lead's, unless the mail's size is what is refused."""
    return REFUSED if reply.enhanced == _TOO_LARGE or reply.code == 552 else HELD


def of_recipient(reply: Reply) -> Verdict:
    """Judge the refusal of `RCPT TO`.

    Without an enhanced code, 550, 551 and 553 say that there is no such mailbox, unless the words are about us.
    """
    if reply.enhanced:
        return _by_enhanced(reply, reply.enhanced)
    bare = _bare(reply)
    return DEAD if bare is REFUSED and reply.code in {550, 551, 553} else bare


def of_mail(reply: Reply) -> Verdict:
    """Judge the refusal of the mail itself, at `DATA` or after its end. A bare 550 here is about what the mail says."""
    return _by_enhanced(reply, reply.enhanced) if reply.enhanced else _bare(reply)


def _bare(reply: Reply) -> Verdict:
    if reply.code in _OURS or reply.closes:
        return HELD
    if reply.code < 500:
        return PUT_OFF
    return POLICY if _ABOUT_US.search(" ".join(reply.lines)) else REFUSED


def _by_enhanced(reply: Reply, enhanced: tuple[int, int, int]) -> Verdict:
    kind, subject, detail = enhanced
    if reply.closes or reply.code in _OURS:
        return HELD
    if kind != 5:
        return PUT_OFF
    if subject == 1:
        return HELD if detail in _SENDERS else REFUSED if detail == 9 else DEAD
    if subject in (_SYSTEM, _POLICY) and enhanced != _TOO_LARGE:
        return POLICY
    return REFUSED
