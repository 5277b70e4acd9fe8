"""Hard, soft or policy: what a refusal means for the address.

Asked in this order, and the first that knows decides: the words of the server's own reply, its enhanced status code
(RFC 3463 and IANA's registry of them), the words around it, its reply code. Three rules stand above all of them:

- an action `delayed`, `delivered`, `relayed` or `expanded` is no failure (RFC 3464 section 2.3.3);
- what was refused at `MAIL FROM` or on connecting was the sender, whatever the words;
- a code of class 4 never makes a hard bounce: the server itself says that it may work later (RFC 3463 section 2). The
  exception is 4.1.1 in plain words, given up on.
"""

import re

from nurture.inbound.codes import reply_in, says_nothing
from nurture.inbound.phrases import (
    CONTENT,
    FULL,
    LOCKED,
    MOVED,
    NO_HOST,
    NO_USER,
    POLICY,
    SENDER,
    SYSTEM,
    TIMEOUT,
    Sort,
    sort_by_words,
)
from nurture.inbound.values import Reason, Severity

_NO_FAILURE: dict[str, Severity] = {
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}
_BY_DETAIL: dict[str, Sort] = {
    "1.0": NO_USER,
    "1.1": NO_USER,
    "1.2": NO_HOST,
    "1.3": NO_USER,
    "1.4": SYSTEM,
    "1.5": SYSTEM,
    "1.6": MOVED,
    "1.7": SENDER,
    "1.8": SENDER,
    "1.9": SYSTEM,
    "1.10": NO_HOST,
    "2.1": LOCKED,
    "2.2": FULL,
    "2.3": CONTENT,
    "3.4": CONTENT,
    "4.4": NO_HOST,
    "4.310": NO_HOST,
    "7.13": LOCKED,
    "7.17": MOVED,
}
"""Enhanced status codes without their class: RFC 3463, 7293, 7372, 7504, 7505; 4.310 is Exchange's."""
_BY_SUBJECT: dict[str, Sort] = {
    "1": NO_USER,
    "2": SYSTEM,
    "3": SYSTEM,
    "4": TIMEOUT,
    "5": SYSTEM,
    "6": CONTENT,
    "7": POLICY,
}
_AT_SENDER = re.compile(
    r"(?:after|in reply to|response to|command:?|at) (?:initial connection|(?:pipelined )?mail from|helo|ehlo)"
    r"|>>> mail from(?!.{0,400}>>> rcpt)|\[mail_from\]|sender was rejected|did not like our mail from",
    re.IGNORECASE | re.DOTALL,
)
_AT_CONTENT = re.compile(
    r"(?:after|in reply to|response to|our final|at|command) (?:the )?(?:end of )?(?:final )?data\b|>>> data\b"
    r"|smtp command\s+data|failed after i sent the message|\(data\)",
    re.IGNORECASE,
)
_OUTSPOKEN = re.compile(r"does ?n[o']t have an? .{1,100}account|no longer", re.IGNORECASE)
_AT_RECIPIENT = re.compile(r"rcpt[ _]to|after rcpt|rcpt command", re.IGNORECASE)
_UNAVAILABLE = re.compile(r"\b550\b.{0,80}mailbox unavailable", re.IGNORECASE | re.DOTALL)
"""RFC 5321's own words for 550: of a recipient, that there is no such mailbox; of the content, it may be policy."""
_STILL_TRYING = re.compile(
    r"not yet been delivered|(?:will|shall) (?:be retried|continue|keep) |still (?:be )?(?:tr(?:y|ied|ying)|queued)"
    r"|no action is required|warning message only|do not need to resend|need to resend your message at this time"
    r"|message is delayed|temporary failure report|delay reason",
    re.IGNORECASE,
)


def judged(status: str | None, code: int | None, said: str, prose: str, action: str) -> tuple[Severity, Reason | None]:
    """Give what a refusal means, and anymail's word for it.

    Args:
        status: The enhanced status code.
        code: The SMTP reply code.
        said: The server's own words.
        prose: What else the report says.
        action: RFC 3464's word; empty where the report has no fields.
    """
    if action in _NO_FAILURE:
        return _NO_FAILURE[action], None
    if not action and _STILL_TRYING.search(prose[:6_000]):
        return "delayed", None
    sort = _sort(status, code, said, prose)
    if sort.severity == "hard" and not _for_ever(sort, status, code, said, prose):
        return "soft", "bounced"
    return sort.severity, sort.reason


def _sort(status: str | None, code: int | None, said: str, prose: str) -> Sort:
    spoken = sort_by_words(reply_in(said)) or sort_by_words(said)
    vague = spoken in (None, SYSTEM, TIMEOUT)
    if _AT_SENDER.search(said) or ((vague or spoken is POLICY) and _AT_SENDER.search(prose[:6_000])):
        return SENDER
    by_status = _by_status(status)
    if (
        spoken is SYSTEM
        and _UNAVAILABLE.search(said)
        and (status == "5.5.0" or _AT_RECIPIENT.search(f"{said}\n{prose}"))
    ):
        return NO_USER
    if vague and by_status is NO_USER:
        return by_status
    return spoken or by_status or sort_by_words(prose) or _by_code(code)


def _by_status(status: str | None) -> Sort | None:
    """Give what a code says that says more than its class."""
    if status is None or says_nothing(status):
        return None
    _, subject, detail = status.split(".")
    return _BY_DETAIL.get(f"{subject}.{detail}") or _BY_SUBJECT.get(subject)


def _by_code(code: int | None) -> Sort:
    if code in (521, 556):  # RFC 7504: the host, or the domain, takes no mail
        return NO_HOST
    return TIMEOUT if code is not None and code < 500 else SYSTEM


def _for_ever(sort: Sort, status: str | None, code: int | None, said: str, prose: str) -> bool:
    """Tell whether there is nothing left to try: no passing error, and no filter that only acts as if."""
    passing = (status or "5").startswith("4") or (says_nothing(status) and code is not None and code < 500)
    if passing:
        return sort is NO_USER and status == "4.1.1"
    exact = status is not None and status.split(".")[1:2] == ["1"]
    return exact or sort is NO_HOST or _OUTSPOKEN.search(said) is not None or not _AT_CONTENT.search(f"{said}\n{prose}")
