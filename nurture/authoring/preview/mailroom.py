"""Makes the mails that are looked at, by the very code that makes those that go out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from threading import Lock

from nurture.agreement import Agreement
from nurture.authoring.preview.inbox import snippet
from nurture.authoring.preview.leads import Chosen
from nurture.errors import NurtureError, TemplateError
from nurture.grammar.addresses import Mailbox
from nurture.mail.compiling import compile_template
from nurture.mail.context import Letterhead, MailContext
from nurture.mail.rendering import fill_subject, render
from nurture.mail.template import CompiledTemplate, Part
from nurture.workspace import TemplateFile

SECRET = "nurture preview: a link signed with this opens nothing"  # noqa: S105 - it is none
ANY_ID = 1_000_000
"""As delivery and lead: of a length such as real ones have."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What a mail is part of: the step that sends it. All empty for a template that none sends."""

    campaign: str = "preview"
    campaign_name: str = "Preview"
    step: str = "preview"
    variant: str | None = None
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class MadeMail:
    """A finished mail, taken apart again.

    Attributes:
        snippet: What an inbox shows behind the subject: the first words of the mail, the preheader before all.
        html: With links as the author wrote them.
        html_octets: The HTML as it goes out, tracked links and all; Gmail cuts it off at 102 KB.
        message_octets: The whole message on the wire.
    """

    sender: str
    subject: str
    snippet: str
    html: str
    text: str
    headers: tuple[tuple[str, str], ...]
    html_octets: int
    message_octets: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to see of a template: a mail, an error, or both where the mail is that of the last good version."""

    mail: MadeMail | None
    error: TemplateError | None = None
    answers: frozenset[tuple[str, str]] = frozenset()

    @property
    def is_stale(self) -> bool:
        """Whether the mail is not what the file says now."""
        return self.mail is not None and self.error is not None


class Mailroom:
    """Compiles a template when it is first looked at, and keeps what compiled last for when it does not any more."""

    def __init__(self, base_url: str) -> None:
        """`base_url` is where links would lead; nothing is asked of it."""
        self.base_url = base_url.rstrip("/")
        self._lock = Lock()
        self._compiled: dict[str, tuple[tuple[object, ...], CompiledTemplate | TemplateError]] = {}
        self._good: dict[str, CompiledTemplate] = {}

    def show(
        self,
        file: TemplateFile,
        partials: Mapping[str, TemplateFile],
        agreement: Agreement | None,
        lead: Chosen,
        sending: Sending,
        now: datetime,
    ) -> Shown:
        """Make the mail of a template for a lead. Never raises: what is wrong is part of what there is to see."""
        compiled = self._compile(file, partials)
        if isinstance(compiled, CompiledTemplate):
            try:
                return Shown(self._make(compiled, agreement, lead, sending, now), None, compiled.answers)
            except TemplateError as error:
                return Shown(None, error)
            except (NurtureError, ValueError) as error:
                return Shown(None, TemplateError(compiled.path, 1, str(error)))
        good = self._good.get(file.name)
        if good is None:
            return Shown(None, compiled)
        try:
            return Shown(self._make(good, agreement, lead, sending, now), compiled)
        except (NurtureError, ValueError):
            return Shown(None, compiled)

    def subject(self, part: Part, agreement: Agreement | None, lead: Chosen, sending: Sending) -> str:
        """Fill a subject alone.

        Raises:
            TemplateError: This lead is not sent such a mail.
        """
        return fill_subject(part, self._context(_letterhead(agreement, self.base_url), lead, sending, tracked=False))

    def _compile(self, file: TemplateFile, partials: Mapping[str, TemplateFile]) -> CompiledTemplate | TemplateError:
        key = (file.text, file.kind, tuple((name, part.text) for name, part in partials.items()))
        with self._lock:
            kept = self._compiled.get(file.name)
            if kept is None or kept[0] != key:
                kept = (key, _compiled(file, partials))
                self._compiled[file.name] = kept
                if isinstance(kept[1], CompiledTemplate):
                    self._good[file.name] = kept[1]
            return kept[1]

    def _make(
        self, template: CompiledTemplate, agreement: Agreement | None, lead: Chosen, sending: Sending, now: datetime
    ) -> MadeMail:
        letterhead = _letterhead(agreement, self.base_url)
        plain, sent = (
            render(template, self._context(letterhead, lead, sending, tracked=tracked), now)
            for tracked in (False, True)
        )
        message = _parsed(plain.data)
        html = _body(message, "html")
        whole = _parsed(sent.data)
        return MadeMail(
            sender=letterhead.sender.name or letterhead.sender.address,
            subject=str(message["Subject"]),
            snippet=snippet(html),
            html=html,
            text=_body(message, "plain"),
            headers=tuple((name, str(value)) for name, value in whole.items()),
            html_octets=len(_body(whole, "html").encode()),
            message_octets=len(sent.data),
        )

    def _context(self, letterhead: Letterhead, lead: Chosen, sending: Sending, *, tracked: bool) -> MailContext:
        state = lead.state
        return MailContext(
            letterhead=letterhead,
            delivery_id=ANY_ID,
            lead_id=ANY_ID,
            lead=state.profile,
            campaign_id=sending.campaign,
            campaign_name=sending.campaign_name,
            step_id=sending.step,
            life={"stage": state.stage, "cycle": state.cycle, "grade": state.grade},
            track_opens=tracked,
            track_clicks=tracked,
        )


def _compiled(file: TemplateFile, partials: Mapping[str, TemplateFile]) -> CompiledTemplate | TemplateError:
    try:
        return compile_template(file, partials)
    except TemplateError as error:
        return error


def _letterhead(agreement: Agreement | None, base_url: str) -> Letterhead:
    """The sender's side; a stand-in while there is no agreement that could be read."""
    if agreement is None:
        sender = Mailbox("Your company", "you@your-company.example")
        address = "the postal address of the agreement"
        return Letterhead("Your company", address, sender, sender.address, base_url, SECRET)
    company = agreement.company
    return Letterhead(company.name, company.address, company.sender, company.reply_to, base_url, SECRET)


def _parsed(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 (for the type checker: the policy makes it one)
    return message


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


def version_of(made: MadeMail | None) -> str:
    """Changes when the mail does, and its frames are to be loaded again."""
    return "" if made is None else sha256(made.html.encode("utf-8", "replace")).hexdigest()[:12]
