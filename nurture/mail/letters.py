"""A workspace's letters: every template compiled when it is first used, every delivery's mail made from it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from threading import Lock
from typing import Any, Protocol
from uuid import uuid4

from nurture.campaign import Tracking
from nurture.errors import TemplateError
from nurture.facts import PROFILE_FIELDS, Profile
from nurture.mail.compiling import compile_subject, compile_template
from nurture.mail.context import Letterhead, MailContext
from nurture.mail.front_matter import read_front_matter
from nurture.mail.links import TEST
from nurture.mail.pieces import file_of
from nurture.mail.rendering import fill_subject, render
from nurture.mail.template import CompiledTemplate
from nurture.messages import Mail
from nurture.settings import Settings
from nurture.workspace import Workspace

_of_profile = itemgetter("key", "email", *PROFILE_FIELDS, "attributes")


class DeliveryRow(Protocol):
    """A delivery with its lead's columns, as the store leases it."""

    @property
    def _mapping(self) -> Any: ...


class Letters:
    """Makes mails. One for a process; its methods may be called from any thread."""

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        """Compile nothing yet."""
        self._workspace, self._settings = workspace, settings
        self._compiled: dict[str, CompiledTemplate | TemplateError] = {}
        self._lock = Lock()

    @cached_property
    def letterhead(self) -> Letterhead:
        """What all mails of this workspace have in common."""
        company = self._workspace.agreement.company
        return Letterhead(
            company=company.name,
            address=company.address,
            sender=company.sender,
            reply_to=company.reply_to,
            base_url=self._settings.base_url.rstrip("/"),
            secret=self._settings.secret_key,
            inbound=self._settings.mail.inbound_address,
        )

    def template(self, name: str) -> CompiledTemplate:
        """Give a compiled template; each is compiled once, and what is wrong with it is found once.

        Raises:
            TemplateError: There is no such template, or it cannot be compiled.
        """
        with self._lock:
            if name not in self._compiled:
                self._compiled[name] = self._compile(name)
            found = self._compiled[name]
        if isinstance(found, TemplateError):
            raise found.again()
        return found

    def link_count(self, template: str) -> int:
        """Count the links that people see in a template's mails; 0 where the template is gone or broken."""
        try:
            return len(self.template(template).links) - 1
        except TemplateError:
            return 0

    def subject(self, columns: Mapping[str, Any]) -> str | None:
        """Give what a mail of this template, to this lead, is called today; None where that cannot be said.

        Args:
            columns: As of a leased delivery: the lead's, and `template`, `campaign`, `step`, `stage`, `cycle`, `grade`.
        """
        file = self._workspace.templates.get(columns["template"])
        if file is None:
            return None
        try:
            line = read_front_matter(file.text, file_of(file)).subject
            if "{" not in line.text:
                return line.text
            return fill_subject(compile_subject(line), self._mail_context(columns))
        except TemplateError:
            return None

    def mail(self, row: DeliveryRow, now: datetime) -> Mail:
        """Make the mail of one leased delivery.

        Raises:
            TemplateError: The template is gone or broken, or says something that is not known of this lead.
        """
        return render(*self._context(row._mapping), now)

    def test(self, columns: Mapping[str, Any], recipient: str, now: datetime) -> Mail:
        """Make a mail to look at: as a lead would get it, but sent to somebody else, and nothing follows from it.

        Its links name no lead (`links.TEST`), and its `Message-ID` is another one each time, because mail programs show
        one of a kind only.

        Args:
            columns: As of a leased delivery.
            recipient: Who gets it.
            now: Its `Date`.

        Raises:
            TemplateError: As for `mail`.
        """
        template, context = self._context({**columns, "delivery_id": TEST, "lead_id": TEST})
        mail = render(template, replace(context, recipient=recipient), now)
        fresh = f"<test.{uuid4().hex}@{mail.message_id.rpartition('@')[2]}"
        data = mail.data.replace(f"Message-ID: {mail.message_id}".encode(), f"Message-ID: {fresh}".encode(), 1)
        return replace(mail, message_id=fresh, data=data)

    def _context(self, columns: Mapping[str, Any]) -> tuple[CompiledTemplate, MailContext]:
        return self.template(columns["template"]), self._mail_context(columns)

    def _mail_context(self, columns: Mapping[str, Any]) -> MailContext:
        campaign = self._workspace.campaigns.get(columns["campaign"])
        tracking = campaign.tracking if campaign else Tracking()
        return MailContext(
            letterhead=self.letterhead,
            delivery_id=columns["delivery_id"],
            lead_id=columns["lead_id"],
            lead=_profile(columns),
            campaign_id=columns["campaign"],
            campaign_name=campaign.name if campaign else columns["campaign"],
            step_id=columns["step"],
            life={name: columns[name] for name in ("stage", "cycle", "grade")},
            track_opens=tracking.opens and columns["tracked"],
            track_clicks=tracking.clicks and columns["tracked"],
            utm=campaign is None or campaign.utm,
        )

    def _compile(self, name: str) -> CompiledTemplate | TemplateError:
        file = self._workspace.templates.get(name)
        if file is None:
            return TemplateError(f"templates/{name}", 1, "there is no such template")
        try:
            return compile_template(file, self._workspace.partials)
        except TemplateError as error:
            return error


def _profile(columns: Mapping[str, Any]) -> Profile:
    return Profile(*_of_profile(columns))
