"""What the doctor has to go by."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import Engine

from nurture.agreement import Agreement
from nurture.doctor.names import Names
from nurture.settings import Settings

HTTP_PROVIDERS = {
    "postmark": "Postmark", "sendgrid": "SendGrid", "mailgun": "Mailgun", "ses": "Amazon SES", "resend": "Resend",
}  # fmt: skip
"""Schemes of MAIL_URL that mean a provider with an API of its own; it signs mails, and it is told of bounces first."""


@dataclass(frozen=True, slots=True)
class Case:
    """One examination. `agreement` is None where the workspace's files have problems."""

    settings: Settings
    agreement: Agreement | None
    engine: Engine
    names: Names
    now: datetime
    is_embedded: bool = False

    @property
    def mail_url(self) -> SplitResult | None:
        """Where mail leaves by."""
        return urlsplit(self.settings.mail_url) if self.settings.mail_url else None

    @property
    def scheme(self) -> str:
        """`smtp`, `smtps`, a provider's name, or empty."""
        return self.mail_url.scheme if self.mail_url else ""

    @property
    def sends_by_smtp(self) -> bool:
        """Whether mails are handed to a mail server, and nobody signs them or takes their bounces for us."""
        return self.scheme in ("smtp", "smtps")

    @property
    def from_domain(self) -> str | None:
        """The domain of the address that readers see."""
        return self.agreement.company.sender.address.rpartition("@")[2].lower() if self.agreement else None

    @property
    def envelope_domain(self) -> str | None:
        """The domain that bounces go to, and that SPF is asked of, where mails go by SMTP."""
        inbound = self.settings.mail.inbound_address
        return inbound.rpartition("@")[2].lower() if inbound else self.from_domain

    @property
    def signing_domain(self) -> str | None:
        """The domain of our own DKIM signature; None without a key."""
        if self.settings.mail.dkim_key is None or not self.sends_by_smtp:
            return None
        return self.settings.mail.dkim_domain or self.from_domain
