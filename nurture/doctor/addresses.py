"""What the environment and the agreement say of addresses: the web's, the company's, whom answers go to."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, ok, problem, skipped, warning
from nurture.rules.dwelling import home_of


def base_url(case: Case) -> Iterator[Finding]:
    """Look whether links of mails, and one-click unsubscribe, can work."""
    url = urlsplit(case.settings.base_url)
    if home_of(case.settings.base_url) is None:
        if case.is_embedded:
            yield skipped(
                "base url", f"{case.settings.base_url} is this machine; before the first real mail set BASE_URL"
            )
        else:
            yield problem(
                "base url",
                f"{case.settings.base_url} is this machine: no link in a mail works",
                "set BASE_URL to where `web` is reached",
            )
    elif url.scheme != "https":
        yield problem(
            "base url",
            f"{case.settings.base_url} is not https: mail programs show no one-click unsubscribe (RFC 8058)",
            "set BASE_URL to https://…",
        )
    else:
        yield ok("base url", case.settings.base_url)


def company(case: Case) -> Iterator[Finding]:
    """Look whether mails say who sends them."""
    if case.agreement is None:
        yield problem("workspace", "campaigns or templates have problems", "run `nurture check`")
        return
    company = case.agreement.company
    if len(company.address.strip()) < 10 or not any(letter.isdigit() for letter in company.address):
        yield warning(
            "postal address",
            f"`{company.address}` is hardly one",
            "put a full postal address into the agreement's company.address",
        )
    else:
        yield ok("postal address", "it stands in every mail")
    sender, reply_to = company.sender.address.lower(), str(company.reply_to).lower()
    if (
        reply_to.partition("@")[0].replace("-", "") in ("noreply", "donotreply")
        and not case.settings.mail.inbound_address
    ):
        yield warning(
            "reply to",
            f"answers go to {reply_to}, where nobody reads them",
            "say company.reply_to, or set INBOUND_ADDRESS",
        )
    else:
        yield ok("reply to", f"from {sender}, answers to {case.settings.mail.inbound_address or reply_to}")
