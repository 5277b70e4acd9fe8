"""What the environment says of mail besides `MAIL_URL`: what comes back, and how mails are signed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nurture.errors import SettingsError

PROVIDERS = ("postmark", "sendgrid", "mailgun", "ses", "resend")
WEBHOOK_SECRETS = tuple(f"{provider.upper()}_WEBHOOK_SECRET" for provider in PROVIDERS)

_SECRETS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "postmark": (re.compile(r"[^:]+:.+"), "user:password, as in the webhook's URL"),
    "sendgrid": (
        re.compile(r"(-----BEGIN|[A-Za-z0-9+/=\s]{80,}$)"),
        "the verification key of the signed event webhook",
    ),
    "mailgun": (re.compile(r"\S{8,}$"), "the account's HTTP webhook signing key"),
    "ses": (re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:\S+$"), "the topic's ARN, arn:aws:sns:REGION:ACCOUNT:TOPIC"),
    "resend": (re.compile(r"(whsec_)?[A-Za-z0-9+/]{16,}=*$"), "the webhook's signing secret, whsec_…"),
}
"""What each provider's secret looks like, and how to say it."""

LONGEST_INBOUND_LOCAL = 28
"""Characters before the @ of `INBOUND_ADDRESS`: `+b.` and a token come behind them, 64 in all (RFC 5321, 4.5.3.1.1)."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+(?!\d+$){_LABEL}", re.IGNORECASE)
_SELECTOR = re.compile(rf"(?=.{{1,100}}$){_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_LOCAL = re.compile(r"[a-z0-9!#$%&'*/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*/=?^_`{|}~-]+)*", re.IGNORECASE)
_INBOX = "say imaps://user:password@host/INBOX, with :/?#@ percent-encoded in user and password"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The environment's words on mail. `repr` shows no secret.

    Attributes:
        inbound_address: Where bounces and replies come in; mails carry it with a token (`in+b.TOKEN@…`). Lower case.
        inbox_url: The mailbox to read it from: `imaps://user:password@host/INBOX`.
        dkim_key: What mails that go by SMTP are signed with; `dkim_keys.read_dkim_keys` reads it, and has read it.
        dkim_selector: The selectors under which the public halves stand in the DNS, one for each key, commas between.
        dkim_domain: The domain that signs; None: the sender's.
        webhook_secrets: By provider, what its calls to `/hooks/{provider}` are checked with.
    """

    inbound_address: str | None = None
    inbox_url: str | None = field(default=None, repr=False)
    dkim_key: str | None = field(default=None, repr=False)
    dkim_selector: str | None = None
    dkim_domain: str | None = None
    webhook_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def dkim_selectors(self) -> tuple[str, ...]:
        """The selectors, in the keys' order."""
        return _listed(self.dkim_selector or "")


def read_mail_settings(given: Mapping[str, str]) -> MailSettings:
    """Read and check them.

    Raises:
        SettingsError: One is malformed; the message begins with its name and shows no secret.
    """
    _check_dkim(given)
    return MailSettings(
        inbound_address=_address(given),
        inbox_url=_inbox(given),
        dkim_key=given.get("DKIM_KEY"),
        dkim_selector=given.get("DKIM_SELECTOR"),
        dkim_domain=given["DKIM_DOMAIN"].lower() if "DKIM_DOMAIN" in given else None,
        webhook_secrets={
            provider: _secret(provider, given[name])
            for provider, name in zip(PROVIDERS, WEBHOOK_SECRETS, strict=True)
            if name in given
        },
    )


def _secret(provider: str, text: str) -> str:
    """One that can be right, or several with commas between, while keys are changed."""
    shape, what = _SECRETS[provider]
    keys = (text,) if provider == "postmark" else _listed(text)
    if not all(shape.match(key) for key in keys):
        raise SettingsError(f"{provider.upper()}_WEBHOOK_SECRET: is none of this provider's; say {what}")
    return text


def _check_dkim(given: Mapping[str, str]) -> None:
    for name, other in (("DKIM_SELECTOR", "DKIM_KEY"), ("DKIM_KEY", "DKIM_SELECTOR"), ("DKIM_KEY", "DKIM_DOMAIN")):
        if other in given and name not in given:
            raise SettingsError(
                f"{name} is not set, but {other} is: mails are signed with key and selector, or not at all"
            )
    if "DKIM_KEY" not in given:
        return
    from nurture.dkim_keys import read_dkim_keys  # most processes have no key, and its library takes long to load

    keys, selectors = read_dkim_keys(given["DKIM_KEY"]), _listed(given["DKIM_SELECTOR"])
    for selector in selectors:
        if not _SELECTOR.fullmatch(selector):
            raise SettingsError(
                f"DKIM_SELECTOR: {selector!r} is no name in the DNS; say nurture for nurture._domainkey"
            )
    if len(keys) != len(selectors) or len(set(selectors)) != len(selectors):
        raise SettingsError(
            f"DKIM_SELECTOR: names {len(set(selectors))}, but DKIM_KEY has {len(keys)}; each key has a selector of its "
            "own, in the same order, with commas between"
        )
    if len({type(key) for key in keys}) != len(keys):
        raise SettingsError(
            "DKIM_KEY: has two keys of one kind; a mail is signed by one of RSA, one of Ed25519 or both"
        )
    domain = given.get("DKIM_DOMAIN")
    if domain is not None and not _DOMAIN.fullmatch(domain):
        raise SettingsError(f"DKIM_DOMAIN: {domain!r} is no domain name; say acme.example")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text.strip() else ()


def _address(given: Mapping[str, str]) -> str | None:
    address = given.get("INBOUND_ADDRESS")
    if address is None:
        return None
    local, _, domain = address.partition("@")
    if "+" in local:
        raise SettingsError("INBOUND_ADDRESS: has a + before the @, where each mail puts its own; say it without")
    if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        raise SettingsError("INBOUND_ADDRESS: is no plain address; say in@news.acme.example")
    if len(local) > LONGEST_INBOUND_LOCAL:
        raise SettingsError(
            f"INBOUND_ADDRESS: has {len(local)} characters before the @; {LONGEST_INBOUND_LOCAL} leave room for what "
            "each mail adds"
        )
    return address.lower()


def _inbox(given: Mapping[str, str]) -> str | None:
    url = given.get("INBOX_URL")
    if url is None:
        return None
    try:
        address = urlsplit(url)
        _ = address.port  # is checked only when asked for
    except ValueError:
        # `from None`: the reason shows what stands in the port's place, which can be half of a password
        raise SettingsError(f"INBOX_URL: is malformed; {_INBOX}") from None
    if address.scheme not in ("imap", "imaps") or not address.hostname:
        raise SettingsError(f"INBOX_URL: is no mailbox; {_INBOX}")
    if not address.username or not address.password:
        raise SettingsError(f"INBOX_URL: has no user and password; {_INBOX}")
    return url
