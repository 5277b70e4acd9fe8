"""Whether a mail is a report that another mail was not delivered.

A program has to have sent it *and* it has to say so: an out-of-office answer from `postmaster` is none, and neither is
a person's reply that quotes one.
"""

import re
from email.message import Message

from nurture.inbound.addresses import address_in, is_daemon
from nurture.inbound.automatic_words import AWAY
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
    r"|error (?:while|(?:has )?occurred)|attempting to deliver|message (?:you sent )?(?:was"
    r"|has) (?:not )?(?:been )?(?:delayed|rejected|bounced|blocked|yet been delivered)|delivery problem"
    r"|transcript of (?:the )?session|delivery attempts?|cannot be delivered|not delivered|failed recipient"
    r"|mailbox (?:is )?(?:full|unavailable|not found|exceeded)|rejected by|does not exist|invalid (?:user|recipient"
    r"|address|final)|送信できません|配信できません|届け|ませんでした|エラー|не может быть доставлено|konnte nicht"
    r"|non remis|n'a pas pu",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?!\d)|(?<![\w.,#-])[45][0-5]\d[ -](?=[A-Z#<\d])|\bsmtp\b|\bmx\b"
    r"|(?:remote|local) host|host \S{3,100} said|mail system|non-?delivery report|original message follow"
    r"|(?:following|failed) (?:recipient|address|user)s?\b|to this address|message-id:|transcript",
    re.IGNORECASE,
)
"""What mail systems say, and people who speak of them hardly ever."""
_PASSED_ON = re.compile(r"^\s*(?:re|aw|sv|antw|r|rif|odp|回复|答复|fwd?|wg|tr|rv|vs|doorst|转发)\s?:", re.IGNORECASE)
_ROBOT = re.compile(r"^(?:no-?reply|do-?not-?reply|abuse|root|nobody)", re.IGNORECASE)
_FAILED_HEADERS = ("x-failed-recipients", "x-yahoo-failed-recipients", "x-original-recipients-failed")


def is_delivery_report(message: Message, *, has_fields: bool) -> bool:
    """Tell whether the mail has the form of RFC 3464: nothing else needs to be asked then.

    Somebody who forwards such a report sends its machine-readable part along, and writes to us all the same.
    """
    if message.get_content_type() == "multipart/report":
        kind = str(message.get_param("report-type", "")).strip().lower()
        return has_fields or kind in ("delivery-status", "global-delivery-status")
    return has_fields and (by_a_program(message) or not _PASSED_ON.match(header(message, "Subject")))


def is_bounce_in_prose(message: Message, said: str, *, quotes_a_mail: bool) -> bool:
    """Tell whether a mail without that form reports a failure, by who sent it, what its subject is and what it says."""
    if any(message.get(name) for name in _FAILED_HEADERS):
        return True
    if message.get("x-mlserver") and (quotes_a_mail or "original mail" in said.lower()):  # fml sends a mail back
        return True
    subject = header(message, "Subject")
    in_subject = _SUBJECT.search(subject) is not None
    in_text = _SAID.search(said[:6_000]) is not None
    if AWAY.match(subject):
        return False
    if by_a_daemon(message):
        return in_subject or in_text
    if by_a_program(message):  # which sends much else, absences among it
        return in_subject + in_text + quotes_a_mail >= 2
    if not (in_subject and in_text) or _PASSED_ON.match(subject):
        return False
    answers = any(message.get(name) for name in ("in-reply-to", "references"))
    return (quotes_a_mail and not answers) or _MACHINE.search(said[:6_000]) is not None


def by_a_daemon(message: Message) -> bool:
    """Tell whether a mail system sent this in its own name."""
    sender = header(message, "From")
    address = address_in(sender)
    if address is None:
        return header(message, "Return-Path") == "<>" or "daemon" in sender.lower() or "<>" in sender
    return is_daemon(address) and not _ROBOT.match(address)


def by_a_program(message: Message) -> bool:
    """Tell whether no person can have sent this: nobody is to answer it, or the envelope's sender is empty."""
    path = header(message, "Return-Path").lower()
    sender = address_in(header(message, "From"))
    return by_a_daemon(message) or path == "<>" or "mailer-daemon" in path or _ROBOT.match(sender or "") is not None
