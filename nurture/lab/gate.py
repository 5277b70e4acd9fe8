"""The last question before a mail leaves: what `nurture.store.deliveries` asks of the rows, asked of a state."""

from datetime import datetime, timedelta

from nurture.agreement import Limits
from nurture.facts import TAKES_A_DAY, WITH_SALES, LeadState
from nurture.rules.book import Rulebook
from nurture.rules.effects import Queued
from nurture.rules.once import once
from nurture.rules.permission import missing

WAKES: frozenset[str] = frozenset({"window over", "unconfirmed", "no consent", "waits", "limit"})
"""Rules that hold a mail back for a while: its enrollment is decided again at once."""


def held_by(book: Rulebook, state: LeadState, mail: Queued, now: datetime) -> str | None:
    """The rule by which a mail on its way does not go at `now`; None where it may."""
    enrollment = state.enrollment
    if mail.slot.until <= now:
        return "window over"
    if state.stage in WITH_SALES:
        return "with sales"
    if state.stage == "disqualified":
        return "disqualified"
    if enrollment is None or enrollment.n != mail.enrollment:
        return "left the campaign"
    campaign = book.campaigns.get(mail.campaign)
    if state.suppressed is not None or (campaign is not None and campaign.topic in state.left_topics):
        return "suppressed"
    lacks = missing(book, state, now)
    if lacks is not None:
        return lacks.word
    if state.mail_from is not None and state.mail_from > now:
        return "waits"
    for span, most in _limits(book.agreement.limits):
        if len(state.deliveries) > most and _mails(state, mail, span) > most:
            return "limit"
    return None


@once
def _limits(limits: Limits) -> tuple[tuple[timedelta, int], ...]:
    """Over how long, how many mails; without a limit one a day, as in the rows."""
    return (timedelta(days=7), limits.per_7_days or 7), (timedelta(days=30), limits.per_30_days or 30)


def _mails(state: LeadState, mail: Queued, span: timedelta) -> int:
    """The lead's mails in the local days up to this one's, itself included."""
    last = mail.slot.local_on
    before = last - span
    return sum([before < other.local_on <= last and other.state in TAKES_A_DAY for other in state.deliveries])
