"""Whether mail could leave now: connected and logged in, nothing sent."""

import asyncio
from collections.abc import Iterator

from nurture.doctor.case import HTTP_PROVIDERS, Case
from nurture.doctor.finding import Finding, ok, problem, warning
from nurture.doctor.providers import asked
from nurture.errors import SettingsError
from nurture.mailers import build_mailer

ANSWERS_WITHIN = 30.0
"""Seconds to connect, to agree on TLS and to log in."""


def outgoing(case: Case) -> Iterator[Finding]:
    """Connect to what MAIL_URL names, as a worker would."""
    if case.settings.mail_url is None:
        yield problem("mail", "MAIL_URL is not set: no mail can leave", "set it, such as smtp://user:password@host:587")
    elif case.scheme in HTTP_PROVIDERS:
        yield _provider(case)
    else:
        yield _server(case)


def _server(case: Case) -> Finding:
    host = case.mail_url.hostname if case.mail_url else ""
    try:
        trouble = asyncio.run(_trouble(case.settings.mail_url or ""))
    except SettingsError as error:
        return problem("mail", str(error), "see to MAIL_URL")
    if trouble:
        return problem("mail", f"{host} cannot be used: {trouble}", "see to MAIL_URL, or the server")
    return ok("mail", f"{host} lets us in")


async def _trouble(url: str) -> str:
    async with build_mailer(url, connections=1) as mailer:
        connection = mailer.connections[0]
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                return "" if await connection.ready() else connection.trouble or "it does not answer"
        except TimeoutError:
            return f"no answer within {ANSWERS_WITHIN:.0f} seconds"


def _provider(case: Case) -> Finding:
    name = HTTP_PROVIDERS[case.scheme]
    try:
        answer = asked(case.settings.mail_url or "")
    except SettingsError as error:
        return problem("mail", str(error), "see to MAIL_URL")
    if answer == "in":
        return ok("mail", f"{name} knows the key in MAIL_URL")
    if answer == "limited":
        return ok("mail", f"{name} knows the key in MAIL_URL; it may send and nothing else")
    if answer == "unclear":
        return warning(
            "mail",
            f"{name} does not let this key look at anything",
            "try `nurture send-test`: it may send all the same",
        )
    if answer == "out":
        return problem("mail", f"{name} refuses the key in MAIL_URL", "make a new key and set MAIL_URL")
    return problem(
        "mail", f"{name} cannot be reached: {answer}", "see to this machine's way out, or the provider's status page"
    )
