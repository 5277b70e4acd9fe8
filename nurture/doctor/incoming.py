"""What comes back: the address for it, the mailbox behind it, the provider's hook."""

import imaplib
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from nurture.doctor.case import HTTP_PROVIDERS, Case
from nurture.doctor.finding import Finding, ok, problem, skipped, warning

ANSWERS_WITHIN = 10.0
"""Seconds."""


def inbound_names(case: Case) -> Iterator[Finding]:
    """Look whether mail to the inbound address gets anywhere."""
    address = case.settings.mail.inbound_address
    if address is None:
        return
    domain = address.rpartition("@")[2].lower()
    exchangers = case.names.exchangers(domain)
    if exchangers == ["."]:
        yield problem(
            "inbound mx", f"{domain} says that it takes no mail (null MX)", f"point MX of {domain} to your mail server"
        )
    elif exchangers:
        yield ok("inbound mx", f"mail to {domain} goes to {exchangers[0]}")
    elif case.names.has_address(domain):
        yield warning("inbound mx", f"{domain} has no MX, only an address", f"point MX of {domain} to your mail server")
    else:
        yield problem("inbound mx", f"{domain} has neither MX nor address", f"point MX of {domain} to your mail server")


def inbound(case: Case) -> Iterator[Finding]:
    """Look whether bounces and answers can be read at all."""
    mail = case.settings.mail
    if mail.inbound_address and not mail.inbox_url and case.sends_by_smtp:
        yield warning(
            "inbound", "INBOUND_ADDRESS is set, INBOX_URL is not", "set INBOX_URL, or pipe mails into `nurture inbound`"
        )
    elif mail.inbound_address:
        yield ok("inbound", f"bounces and answers go to a token behind {mail.inbound_address}")
    elif case.sends_by_smtp and not case.is_embedded:
        yield warning(
            "inbound",
            "INBOUND_ADDRESS is not set: bounces and answers go to people, and dead addresses are mailed again",
            "set INBOUND_ADDRESS and INBOX_URL",
        )


def inbox(case: Case) -> Iterator[Finding]:
    """Log in to the mailbox and look at it, changing nothing."""
    url = urlsplit(case.settings.mail.inbox_url or "")
    if not url.hostname:
        return
    kind = imaplib.IMAP4_SSL if url.scheme == "imaps" else imaplib.IMAP4
    folder = unquote(url.path.strip("/")) or "INBOX"
    try:
        client = kind(url.hostname, url.port or (993 if url.scheme == "imaps" else 143), timeout=ANSWERS_WITHIN)
    except (OSError, imaplib.IMAP4.error) as error:
        yield problem(
            "inbox", f"{url.hostname} cannot be reached ({_first_line(error)})", "see to INBOX_URL, or the server"
        )
        return
    try:
        client.login(unquote(url.username or ""), unquote(url.password or ""))
        status, found = client.select(f'"{folder}"', readonly=True)
    except (OSError, imaplib.IMAP4.error):
        yield problem("inbox", f"{url.hostname} refuses the login of INBOX_URL", "see to its user and password")
        return
    finally:
        _leave(client)
    if status == "OK":
        yield ok("inbox", f"{url.hostname} lets us in; {folder} has {int(found[0] or 0)} mails")
    else:
        yield problem("inbox", f"{url.hostname} has no folder {folder}", "see to the folder in INBOX_URL")


def _leave(client: imaplib.IMAP4) -> None:
    try:
        client.logout()
    except (OSError, imaplib.IMAP4.error):
        client.shutdown()


def webhook(case: Case) -> Iterator[Finding]:
    """Look whether the provider's reports will be believed."""
    provider = HTTP_PROVIDERS.get(case.scheme)
    if provider is None:
        yield skipped("webhook", "mails go by SMTP: bounces come by mail")
        return
    name = f"{case.scheme.upper()}_WEBHOOK_SECRET"
    if case.settings.mail.webhook_secrets.get(case.scheme):
        yield ok("webhook", f"{name} is set; {provider} reports to {case.settings.base_url}/hooks/{case.scheme}")
    else:
        yield problem(
            "webhook",
            f"{name} is not set: what {provider} reports is refused, and dead addresses are mailed again",
            f"set {name}, and let {provider} call {case.settings.base_url}/hooks/{case.scheme}",
        )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
