"""Whether a mail is a report that another mail was not delivered.

A program has to have sent it *and* it has to say so: an out-of-office answer from `postmaster` is none, and neither is
a person's reply that quotes one.
"""

import re
from email.message import Message

from nurture.inbound.addresses import address_in, is_daemon
from nurture.inbound.message import header

_SUBJECT = re.compile(
    r"undeliver|un(?:able|successful).{0,20}deliver|non[- ]?deliver|deliver\w* (?:status|failure|notif|report"
    r"|problem|error|has)|returned (?:e-?)?mail|return(?:ed|ing)?\b.{0,20}(?:to|message).{0,15}sender"
    r"|failure notice|fail(?:ed|ure).{0,30}deliver|deliver.{0,30}(?:fail|delay|warning|error|impossible|could not)"
    r"|mail (?:delivery|failure|failed|system error|error)|could not (?:be )?(?:sent|deliver)|(?:can"
    r"|could) ?not.{0,20}deliver|message (?:delay|status|could not|not sent)|bounce|delay(?:ed)? (?:mail|message)"
    r"|warning: (?:message|could not)|mail could not|unzustellbar|nicht zugestellt|zustell|non remis|échec"
    r"|n'a pas pu|no se (?:puede|ha podido) entregar|no entregad|mancato recapito|impossibile recapitare"
    r"|niet bezorgd|onbestelbaar|não (?:foi )?entreg|не доставлено|недоставлен|配信|配送|届け|送信でき|エラー|退信"
    r"|无法投递|系统退信",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"could not be delivered|full mailbox|mailbox full|postponed|continue to (?:try|attempt)|(?:un"
    r"|not )able to deliver|undeliverable|(?:was|were|been) (?:un|not )deliver(?:ed|able)"
    r"|delivery (?:to .{1,100} )?(?:has )?failed|failed (?:to deliver|permanently)|did not reach|no such (?:user"
    r"|mailbox|recipient)|user unknown|unknown user|permanent (?:fatal )?error|returned (?:to (?:the )?sender|mail)"
    r"|error (?:while|occurred)|message (?:you sent )?(?:was|has) (?:not )?(?:been )?(?:delayed|rejected|bounced"
    r"|blocked|yet been delivered)|delivery problem|transcript of (?:the )?session|delivery attempts?"
    r"|cannot be delivered|not delivered|failed recipient|mailbox (?:is )?(?:full|unavailable|not found|exceeded)"
    r"|rejected by|does not exist|invalid (?:user|recipient|address|final)|送信できません|配信できません|届け"
    r"|ませんでした|エラー|не может быть доставлено|konnte nicht|non remis|n'a pas pu",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"^\s*(?:re|aw|sv|antw|r|rif|odp|回复|答复)\s?:", re.IGNORECASE)
_FAILED_HEADERS = ("x-failed-recipients", "x-yahoo-failed-recipients", "x-original-recipients-failed")


def is_delivery_report(message: Message) -> bool:
    """Tell whether the mail has the form of RFC 3464: nothing else needs to be asked then."""
    kind = message.get_content_type()
    if kind == "multipart/report":
        return str(message.get_param("report-type", "")).strip().lower() in (
            "delivery-status",
            "global-delivery-status",
        )
    return False


def is_bounce_in_prose(message: Message, said: str, *, quotes_a_mail: bool) -> bool:
    """Tell whether a mail without that form reports a failure, by who sent it, what its subject is and what it says."""
    if any(message.get(name) for name in _FAILED_HEADERS):
        return True
    if message.get("x-mlserver") and (quotes_a_mail or "original mail" in said.lower()):  # fml sends a mail back
        return True
    subject = header(message, "Subject")
    in_subject = _SUBJECT.search(subject) is not None
    in_text = _SAID.search(said[:6_000]) is not None
    if by_a_program(message):
        return in_subject or in_text
    answer = _ANSWER.match(subject) is not None
    return (in_subject and in_text and not answer) or (quotes_a_mail and in_subject and not answer)


def by_a_program(message: Message) -> bool:
    """Tell whether mail systems sent this themselves: an empty envelope sender, or a daemon's name."""
    path = str(message.get("return-path", "")).strip()
    sender = header(message, "From")
    address = address_in(sender)
    if address is None:
        return path == "<>" or "daemon" in sender.lower() or "<>" in sender
    return is_daemon(address) or path in ("<>", "<MAILER-DAEMON>") or "mailer-daemon" in path.lower()
