"""What became of mails in the past, told from their rows: sent, cancelled by which rule, not sent and why."""

from dataclasses import dataclass
from datetime import date

from nurture.facts import LEFT


@dataclass(frozen=True, slots=True)
class PastMail:
    """What became of the step's mail in one cycle, from its row. `on` is the lead's local day it is, or was, for."""

    state: str
    cycle: int
    on: date
    reason: str | None = None
    variant: str | None = None
    for_good: bool = False


def became(mail: PastMail) -> str:
    """What became of a mail, and why, in plain words: `cancelled: sales had the lead by then`."""
    reason = mail.reason or ""
    if mail.state == "failed":
        again = "it is not tried again in this cycle" if mail.for_good else "it is tried again at the next slot"
        return f"could not be sent ({reason or 'no reason was given'}); {again}"
    if mail.state == "cancelled":
        return f"cancelled: {_CANCELLED.get(reason) or _left(reason)}"
    if mail.state == "unknown":
        said = f" ({reason})" if reason else ""
        return f"handed to the mail server, whose answer is not known{said}; `nurture deliveries resolve` settles it"
    return {"queued": "queued", "leased": "about to be sent", "sending": "being sent", "sent": "sent"}[mail.state]


def _left(reason: str) -> str:
    if reason in LEFT:
        return f"the lead left the campaign first ({reason.replace('_', ' ')})"
    return f"the lead left by the campaign's exit line `{reason}`" if reason else "no rule is on record"


_CANCELLED = {
    "merged": "the lead turned out to be another one, which went on in its place",
    "window over": "the hours of its day were over before it could leave; it was planned again",
    "with sales": "sales had the lead by then",
    "disqualified": "the lead was out of the question by then",
    "left the campaign": "the lead had left the campaign by then",
    "suppressed": "the address must not be mailed, or the lead left the topic",
    "unconfirmed": "the lead had not confirmed that it was its own form",
    "no consent": "no ground for mail was on record any more",
    "waits": "the lead's mail had to wait by then; it was planned again",
    "limit": "the limits of 7 or 30 days were used up; it was planned again",
    "qualified": "the lead became ready and went to sales first",
    "hand_raise": "the lead raised its hand and went to sales first",
    "replied": "the lead replied and went to sales first",
    "unsubscribed": "the lead unsubscribed first",
    "topic_left": "the lead left the campaign's topic first",
    "moved": "the lead was moved out of the campaign first, by sales or by hand",
}
