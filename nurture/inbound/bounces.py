"""Reports on delivery, whatever their form: fields (RFC 3464), prose, or what only `flufl.bounce` knows."""

from email.message import Message

from nurture.inbound.addresses import address_in, addresses_in, recipients_of
from nurture.inbound.codes import code_in, says_nothing, status_in
from nurture.inbound.evidence import is_bounce_in_prose, is_delivery_report
from nurture.inbound.judgement import judged
from nurture.inbound.known_to_flufl import found_by_flufl
from nurture.inbound.message import header, parsed
from nurture.inbound.prose import Named, Recipients, recipients_in
from nurture.inbound.report_text import ReportText, report_text
from nurture.inbound.status_fields import RecipientFields, recipient_fields
from nurture.inbound.values import Bounce, Failure, Marks

_LONGEST_SAID = 500
_DEEPEST = 2


def bounce(message: Message, marks: Marks, depth: int = 0) -> Bounce | None:
    """Give the report on delivery that a mail is; None where it is none."""
    report = report_text(message)
    by_fields = recipient_fields(report.fields)
    if not is_delivery_report(message, has_fields=bool(by_fields)):
        quotes = bool(report.original.headers)
        if not is_bounce_in_prose(message, report.said, quotes_a_mail=quotes):
            return None
    by_fields = by_fields or recipient_fields(report.said)
    found = _recipients(message, report)
    failures = _from_fields(by_fields, found, report) if by_fields else _from_prose(message, found, report)
    if not by_fields and not found.named and depth < _DEEPEST:
        inner = bounce(_inner(report), marks, depth + 1)
        if inner and inner.failures:
            return inner
    return Bounce(failures=failures, original=report.original, marks=marks)


def _inner(report: ReportText) -> Message:
    """Give what a report passes on: some systems wrap the report of another."""
    return report.attached or parsed(report.quoted.encode())


def _recipients(message: Message, report: ReportText) -> Recipients:
    likely = _likely(message, report)
    ours = _ours(message, report) - likely
    return recipients_in(report.said, likely, ours)


def _likely(message: Message, report: ReportText) -> set[str]:
    failed = addresses_in(" ".join(str(value) for value in message.get_all("x-failed-recipients", [])))
    return {*failed, *report.original.recipients}


def _ours(message: Message, report: ReportText) -> set[str]:
    """Give the addresses that sent the mail, and the report's own."""
    names = ("from", "return-path", "sender", "reply-to", "errors-to")
    quoted = " ".join(value for name, value in report.original.headers if name.lower() in names)
    own = recipients_of([header(message, name) for name in ("To", "From", "Delivered-To")])
    return {*addresses_in(quoted), *own}


def _from_fields(blocks: list[RecipientFields], found: Recipients, report: ReportText) -> tuple[Failure, ...]:
    words = {one.address: one.said for one in found.named}
    failures: dict[str, Failure] = {}
    for block in blocks:
        address = _address(block, found, report)
        if address is None:
            continue
        said = block.get("diagnostic-code", "")
        prose = words.get(address, "") if len(blocks) > 1 else report.said
        action = (block.get("action", "") or "failed").split()[0].strip(";").lower()
        failures.setdefault(address, _failure(address, action, block.get("status", ""), said, prose))
    return tuple(failures.values())


def _address(block: RecipientFields, found: Recipients, report: ReportText) -> str | None:
    """Give the address that was mailed: as it was, rather than as a server rewrote it (RFC 3464 section 2.3.1)."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        address = address_in(block.get(name, ""))
        if address:
            return address
    if len(report.original.recipients) == 1:
        return report.original.recipients[0]
    return found.named[0].address if found.named else address_in(block.get("diagnostic-code", ""))


def _from_prose(message: Message, found: Recipients, report: ReportText) -> tuple[Failure, ...]:
    failed = addresses_in(" ".join(str(value) for value in message.get_all("x-failed-recipients", [])))
    words = {one.address: one.said for one in found.named}
    chosen = [Named(address, words.get(address, report.said)) for address in failed] or list(found.named)
    chosen = chosen or [Named(address, report.said) for address in found_by_flufl(message)]
    chosen = chosen or [Named(one.address, report.said) for one in found.mentioned]
    chosen = chosen or [Named(address, report.said) for address in report.original.recipients]
    return tuple(_failure(one.address, "", "", one.said, report.said) for one in chosen)


def _failure(address: str, action: str, status: str, said: str, prose: str) -> Failure:
    given = status_in(status)
    exact = status_in(said)
    status_found = exact if exact and (says_nothing(given) or not says_nothing(exact)) else given
    code = code_in(said)
    severity, reason = judged(status_found, code, said, prose, action)
    words = " ".join(said.split()) or " ".join(prose.split())
    return Failure(
        address=address,
        severity=severity,
        reason=reason,
        action=action or ("delayed" if severity == "delayed" else "failed"),
        status=status_found,
        code=code,
        said=words[:_LONGEST_SAID],
    )
