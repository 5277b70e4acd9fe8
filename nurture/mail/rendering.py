"""One lead's mail: fills a compiled template's slots and puts the headers on top.

No clock is read and nothing is random: the same lead, delivery, template and `now` give the same mail, byte for byte.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from operator import attrgetter

from nurture.errors import TemplateError
from nurture.facts import PROFILE_FIELDS
from nurture.grammar.addresses import Mailbox
from nurture.mail import links
from nurture.mail.context import Letterhead, MailContext
from nurture.mail.environment import Facts
from nurture.mail.headers import exact_field, has_line_break, mailbox_field, text_field
from nurture.mail.mail_urls import MailUrls
from nurture.mail.template import CompiledTemplate, Part
from nurture.messages import Mail

__all__ = ["Letterhead", "MailContext", "render"]

_QP = "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_fields = attrgetter(*PROFILE_FIELDS)
_FIT = re.compile(r"[^\s@<>,;:\"\\()\[\]\x00-\x20\x7f-\U0010ffff]+@[A-Za-z0-9.-]+")


def render(template: CompiledTemplate, context: MailContext, now: datetime) -> Mail:
    """Make the mail.

    Args:
        template: What `compiling.compile_template` gave.
        context: The delivery.
        now: The mail's `Date`; aware.

    Raises:
        TemplateError: The template writes a field that this lead does not have, without a default; the subject comes
            out empty or with a line break; a link made of the lead's data is none; or the address is unfit for a mail.
    """
    letterhead = context.letterhead
    shared = _shared(letterhead, context.campaign_id, context.campaign_name, context.step_id)
    urls = MailUrls(template.links, context, utm=template.utm)
    values = _values(template.subject, context, shared, urls)
    subject = str(values["subject"])
    subject_field = _subject_field(template, subject)
    text, html = template.text.fill({**values, **urls.in_text}), template.html.fill({**values, **urls.in_html})
    message_id = links.message_id(letterhead.secret, context.delivery_id, shared.domain)
    between = f"--{template.boundary}"
    data = (
        f"Date: {_date(now.replace(microsecond=0))}\r\n{shared.head}{_reply_to(shared, context)}"
        f"{_to(template, context)}{subject_field}"
        f"Message-ID: {message_id}\r\n{exact_field('List-Unsubscribe', f'<{urls.unsubscribe}>')}{shared.list_head}"
        f'Content-Type: multipart/alternative; boundary="{template.boundary}"\r\n\r\n'
        f"{between}\r\nContent-Type: text/plain; {_QP}{text}"
        f"\r\n{between}\r\nContent-Type: text/html; {_QP}{html}"
        f"\r\n{between}--\r\n"
    )
    recipient = context.recipient or context.lead.email
    return Mail(
        context.delivery_id, _envelope_sender(context), recipient, message_id, data.encode("ascii"), dotless=True
    )


def filled(
    subject: Part, html: Part, urls: Sequence[str | None], context: MailContext
) -> tuple[dict[str, object], str]:
    """Fill the subject and the HTML alone, for a look at them.

    Args:
        subject: The subject.
        html: The HTML.
        urls: Where the links lead, by their numbers.
        context: The delivery.

    Returns:
        All that the template can name in this delivery, its own finished subject among it; and the HTML, encoded.

    Raises:
        TemplateError: They write a field that this lead does not have, without a default.
    """
    shared = _shared(context.letterhead, context.campaign_id, context.campaign_name, context.step_id)
    own = MailUrls(urls, context)
    values = _values(subject, context, shared, own)
    return values, html.fill({**values, **own.in_html})


def fill_subject(subject: Part, context: MailContext) -> str:
    """The subject alone, for lists of mails; it cannot name the mail's own links.

    Raises:
        TemplateError: It writes a field that this lead does not have, without a default, or comes out unfit for a mail.
    """
    shared = _shared(context.letterhead, context.campaign_id, context.campaign_name, context.step_id)
    filled = subject.fill({**shared.facts, "lead": _lead(context)}).strip()
    _check_subject(subject, filled)
    return filled


def _values(subject: Part, context: MailContext, shared: "_Shared", urls: MailUrls) -> dict[str, object]:
    values = {**shared.facts, "lead": _lead(context), **urls.names}
    values["subject"] = subject.fill(values).strip()
    return values


def _lead(context: MailContext) -> Facts:
    """Name what is known of the lead; empty fields are not in it, and an attribute never hides a field."""
    lead = context.lead
    own = _filled(lead.attributes.items()) if lead.attributes else {}
    facts = {**own, **_filled(context.life.items()), **_filled(zip(PROFILE_FIELDS, _fields(lead), strict=True))}
    facts["email"], facts["attributes"] = lead.email, Facts("lead.attributes", own)
    return Facts("lead", facts)


def _filled(facts: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Those that have a value; blanks are none."""
    return {name: value for name, value in facts if value is not None and (not isinstance(value, str) or value.strip())}


def _subject_field(template: CompiledTemplate, subject: str) -> str:
    _check_subject(template.subject, subject)
    return text_field("Subject", subject)


def _check_subject(part: Part, filled: str) -> None:
    if not filled:
        raise part.source.place(1).error("the subject comes out empty for this lead")
    if has_line_break(filled):
        what = "the subject has a line break or a control character in it, from this lead's data"
        raise part.source.place(1).error(what)


def _reply_to(shared: "_Shared", context: MailContext) -> str:
    letterhead = context.letterhead
    if letterhead.inbound is None:
        return shared.reply_to
    return exact_field("Reply-To", links.reply_address(letterhead.secret, context.delivery_id, letterhead.inbound))


def _envelope_sender(context: MailContext) -> str:
    letterhead = context.letterhead
    if letterhead.inbound is None:
        return letterhead.sender.address
    return links.bounce_address(letterhead.secret, context.delivery_id, letterhead.inbound)


def _to(template: CompiledTemplate, context: MailContext) -> str:
    lead, address = context.lead, context.recipient or context.lead.email
    if not _FIT.fullmatch(address):
        raise TemplateError(template.path, 1, "this lead's address cannot stand in a mail's header")
    name = f"{lead.first_name or ''} {lead.last_name or ''}"
    return mailbox_field("To", Mailbox(name, address))


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all mails of one step have in common."""

    facts: dict[str, object]
    domain: str
    head: str
    reply_to: str
    list_head: str


@lru_cache(maxsize=256)
def _shared(letterhead: Letterhead, campaign_id: str, campaign_name: str, step_id: str) -> _Shared:
    domain = letterhead.sender.address.rpartition("@")[2]
    campaign, step, account = _slug(campaign_id), _slug(step_id), _slug(domain)
    return _Shared(
        facts={
            "company": Facts("company", {"name": letterhead.company, "address": letterhead.address}),
            "campaign": Facts("campaign", {"id": campaign_id, "name": campaign_name}),
            "step": Facts("step", {"id": step_id}),
        },
        domain=domain,
        head=mailbox_field("From", letterhead.sender),
        reply_to=mailbox_field("Reply-To", Mailbox("", letterhead.reply_to)),
        list_head=exact_field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        + exact_field("List-Id", f"<{campaign}.{domain}>")
        + exact_field("Feedback-ID", f"{campaign}:{step}:nurture:{account}")
        + "MIME-Version: 1.0\r\n",
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:100] or "none"


@lru_cache(maxsize=16)
def _date(now: datetime) -> str:
    return format_datetime(now.astimezone(UTC))
