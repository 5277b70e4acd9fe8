"""The shipped example, read once, and its mails as they are sent."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from nurture.campaign import Campaign, Step
from nurture.facts import Profile
from nurture.mail.compiling import compile_template
from nurture.mail.rendering import Letterhead, MailContext, render
from nurture.mail.template import CompiledTemplate
from nurture.workspace import load_workspace

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
BASE = "https://go.acme.example"
SHIPPED = load_workspace(ROOT)
STEPS = [(campaign, step) for campaign in SHIPPED.campaigns.values() for step in campaign.steps]
MAILS = sorted(SHIPPED.templates)
MARIA = Profile(
    "k1", "maria@delmore.example", "Maria", "Rossi", "VP Operations", "Delmore Bottling", "US", "America/Chicago",
    "en-US", "manufacturing", 480, "website",
)  # fmt: skip
NOBODY = Profile("k2", "x@example.com")
LEADS = {
    "well known": MARIA,
    "nothing known": NOBODY,
    "blank fields": Profile("k3", "y@example.com", first_name=" ", company="", title=" "),
    "long names": Profile(
        "k4", "m@example.com", "Maximiliana-Alexandrina", "Featherstonehaugh-Cholmondeley",
        company="Donaudampfschifffahrtsgesellschaft Holding & Söhne Aktiengesellschaft", country="GB",
    ),
    "hostile": Profile("k5", "z@example.com", first_name="<b>Zoë</b> & Söhne", company='"Ünïcode" </mj-text> 株式会社'),
}  # fmt: skip


def templates_of(step: Step) -> list[str]:
    """Every template that a step may send."""
    return [step.template, *step.variants.values()]


WHERE: dict[str, tuple[Campaign, Step]] = {
    name: (campaign, step) for campaign, step in STEPS for name in templates_of(step)
}
"""The campaign and step that send a template."""


@cache
def compiled(name: str) -> CompiledTemplate:
    """A shipped template, compiled."""
    return compile_template(SHIPPED.templates[name], SHIPPED.partials)


def letter(template: CompiledTemplate, lead: Profile, *, tracked: bool = True) -> bytes:
    """The mail, octet by octet as a mail server gets it."""
    company = SHIPPED.agreement.company
    letterhead = Letterhead(company.name, company.address, company.sender, company.reply_to, BASE, "k" * 32)
    campaign, step = WHERE.get(template.name, STEPS[0])
    context = MailContext(
        letterhead, 1, 2, lead, campaign.id, campaign.name, step.id, track_opens=tracked, track_clicks=tracked
    )
    return render(template, context, NOW).data


def mail(name: str, lead: Profile, *, tracked: bool = False) -> EmailMessage:
    """The mail of a shipped template, read again."""
    return read(letter(compiled(name), lead, tracked=tracked))


def read(data: bytes) -> EmailMessage:
    """A mail's octets as a message."""
    found = message_from_bytes(data, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def body(of: EmailMessage, kind: str) -> str:
    """Its `html` or `plain` part."""
    part = of.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


class Links(HTMLParser):
    """Every link of a mail that a person can see, with its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._href: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and "aria-hidden" not in given:
            self._href = given["href"]
            self.found.append((self._href or "", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None

    def handle_data(self, data: str) -> None:
        if self._href is not None:
            href, text = self.found[-1]
            self.found[-1] = (href, text + data)
