"""What the environment says of mail besides `MAIL_URL`: what comes back, and how mails are signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nurture.errors import SettingsError

PROVIDERS = ("postmark", "sendgrid", "mailgun", "ses", "resend")
WEBHOOK_SECRETS = tuple(f"{provider.upper()}_WEBHOOK_SECRET" for provider in PROVIDERS)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The environment's words on mail. `repr` shows no secret.

    Attributes:
        inbound_address: Where bounces and replies come in; mails carry it with a token (`in+b.TOKEN@…`).
        inbox_url: The mailbox to read it from: `imaps://user:password@host/INBOX`.
        dkim_key: A private key, PEM or base64, RSA or Ed25519, for mails that go by SMTP.
        dkim_selector: The selector under which its public half stands in the DNS.
        dkim_domain: The domain that signs; None: the sender's.
        webhook_secrets: By provider, what its calls to `/hooks/{provider}` are checked with.
    """

    inbound_address: str | None = None
    inbox_url: str | None = field(default=None, repr=False)
    dkim_key: str | None = field(default=None, repr=False)
    dkim_selector: str | None = None
    dkim_domain: str | None = None
    webhook_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_mail_settings(given: Mapping[str, str]) -> MailSettings:
    """Read and check them.

    Raises:
        SettingsError: One is malformed; the message begins with its name and shows no secret.
    """
    if ("DKIM_KEY" in given) != ("DKIM_SELECTOR" in given):
        missing, other = ("DKIM_SELECTOR", "DKIM_KEY") if "DKIM_KEY" in given else ("DKIM_KEY", "DKIM_SELECTOR")
        raise SettingsError(f"{missing} is not set, but {other} is: mails are signed with both, or not at all")
    return MailSettings(
        inbound_address=_address(given),
        inbox_url=_inbox(given),
        dkim_key=given.get("DKIM_KEY"),
        dkim_selector=given.get("DKIM_SELECTOR"),
        dkim_domain=given.get("DKIM_DOMAIN"),
        webhook_secrets={
            provider: given[name] for provider, name in zip(PROVIDERS, WEBHOOK_SECRETS, strict=True) if name in given
        },
    )


def _address(given: Mapping[str, str]) -> str | None:
    address = given.get("INBOUND_ADDRESS")
    if address is not None and (address.count("@") != 1 or address.startswith("@") or "+" in address.partition("@")[0]):
        raise SettingsError("INBOUND_ADDRESS: is no plain address; say in@news.acme.example")
    return address


def _inbox(given: Mapping[str, str]) -> str | None:
    url = given.get("INBOX_URL")
    if url is not None and (urlsplit(url).scheme not in ("imap", "imaps") or not urlsplit(url).hostname):
        raise SettingsError("INBOX_URL: is no mailbox; say imaps://user:password@host/INBOX")
    return url
