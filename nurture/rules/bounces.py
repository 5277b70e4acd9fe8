"""What follows from a report on a mail: what it says of the address, and what of the mail. Pure.

An address is given up at once where there is no such mailbox, where its owner complains or leaves, and where the
provider refuses it for one of these. A refusal for what the mail or its sender is (`policy`) says nothing of the
address. A mailbox that is full, or a server that is out of order, is waited for a good while.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from nurture.messages import EventType, RejectReason, Severity

SOFT_IN_A_ROW = 5
"""Days with soft bounces, one after the other without a sign of life, after which an address is given up.

By days, for a server that is out of order bounces what was sent that day as one, however many mails that were.
"""
SOFT_OVER = timedelta(days=14)
"""So long a row of them takes at least: a mailbox that fills up over a holiday, or a domain that is being moved, is
well again in two weeks, also where mails are daily. With a mail a week, five in a row take four weeks.
"""
QUIET = timedelta(days=5)
"""A mail of which nothing was heard for so long has arrived, where nobody reports deliveries (SMTP).

Servers give up, and say so, after four or five days (RFC 5321 section 4.5.4.1).
"""
KEPT_DAYS = 40
"""Days with soft bounces that are remembered of an address; more than any decision looks at."""

ALIVE: tuple[EventType, ...] = ("delivered", "opened", "clicked", "complained", "unsubscribed", "autoresponded")
"""Reports that show that the mailbox takes mail."""
LEFT: tuple[EventType, ...] = ("deferred", "bounced", *ALIVE)
"""Reports of a mail that show that it was on its way to the recipient's server."""
NOT_SENT: tuple[EventType, ...] = ("rejected", "failed")
"""Reports of a mail that the provider took from us and then did not send."""
ACCEPTED: tuple[EventType, ...] = ("queued", "sent")
"""Reports of a mail that show that the provider took it, and not what became of it."""

Word = Literal["bounced", "complained", "unsubscribed"]

_ON_THEIR_LIST: dict[RejectReason, Word] = {
    "invalid": "bounced", "bounced": "bounced", "spam": "complained", "unsubscribed": "unsubscribed",
}  # fmt: skip


def suppresses(type_: EventType, reason: RejectReason | None, severity: Severity | None) -> Word | None:
    """For what an address is not mailed any more after this one report; None: it still is."""
    if type_ == "complained":
        return "complained"
    if type_ == "unsubscribed":
        return "unsubscribed"
    if type_ == "bounced":
        return "bounced" if severity == "hard" or (severity is None and reason == "invalid") else None
    if type_ == "rejected" and reason is not None:
        return _ON_THEIR_LIST.get(reason)
    return None


def counts_as_soft(type_: EventType, reason: RejectReason | None, severity: Severity | None) -> bool:
    """Whether it is a bounce that says *not now*; one of which nobody says what it is counts as such."""
    if type_ != "bounced":
        return False
    return severity == "soft" or (severity is None and reason not in ("invalid", "blocked", "spam"))


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The soft bounces of an address since its last sign of life: the last of each day (UTC), oldest first."""

    bounced_at: tuple[datetime, ...] = ()
    alive_at: datetime | None = None

    def after(self, bounces: Iterable[datetime], lives: Iterable[datetime]) -> "Mailbox":
        """The mailbox after these were heard of too, in whatever order, once or more often."""
        signs = [*lives, *([self.alive_at] if self.alive_at is not None else [])]
        alive_at = max(signs, default=None)
        days: dict[object, datetime] = {}
        for at in sorted((*self.bounced_at, *bounces)):
            if alive_at is None or at > alive_at:
                days[at.astimezone(UTC).date()] = at
        return Mailbox(tuple(days.values())[-KEPT_DAYS:], alive_at)

    @property
    def is_given_up(self) -> bool:
        """Whether so many in a row, over so long a time, are enough."""
        row = self.bounced_at
        return len(row) >= SOFT_IN_A_ROW and row[-1] - row[0] >= SOFT_OVER


@dataclass(frozen=True, slots=True)
class Mailed:
    """Where a mail was sent: to the lead's address, unless it has another by now or was another lead then (`was`)."""

    email: str
    was: str | None = None

    @property
    def address(self) -> str:
        """The address that the mail was sent to."""
        return self.was or self.email


def address_of(mailed: Mailed | None, recipient: str | None, *, by_mail: bool) -> str | None:
    """The address that a report is about; None where nobody can tell.

    A provider names the address that it was given. A report that came by mail may name another one, which mail for the
    lead is forwarded to, and whoever has had the mail can write one that names anybody: it is about the lead's.

    Args:
        mailed: where the mail was sent; None where it is no mail of ours.
        recipient: the address in the report, lower case.
        by_mail: it came by mail.
    """
    if mailed is None or (recipient is not None and (not by_mail or recipient == mailed.email)):
        return recipient
    return mailed.address
