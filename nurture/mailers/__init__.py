"""Mailers send finished mails. `MAILERS` is all of them: the scheme of `MAIL_URL`, and what builds it.

To add one: a file (or folder) here, a line in `MAILERS`, a test in `tests/mailers/`, a line in the README's settings. A
provider knows no other provider, no database and no template.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from nurture.errors import SettingsError
from nurture.mailers.mailgun import build_mailgun
from nurture.mailers.postmark import build_postmark
from nurture.mailers.protocol import Connection, Mailer
from nurture.mailers.resend import build_resend
from nurture.mailers.sendgrid import build_sendgrid
from nurture.mailers.ses import build_ses
from nurture.mailers.smtp import SmtpMailer, build_smtp
from nurture.messages import Mail, Receipt, Sign

__all__ = ["MAILERS", "Connection", "Mailer", "build_mailer", "send_one"]

_LINE_BREAK = re.compile(rb"\r\n|\r|\n")

Builder = Callable[[SplitResult, int | None], Mailer]

MAILERS: dict[str, Builder] = {
    "smtp": build_smtp,
    "smtps": build_smtp,
    "postmark": build_postmark,
    "sendgrid": build_sendgrid,
    "mailgun": build_mailgun,
    "ses": build_ses,
    "resend": build_resend,
}


def build_mailer(url: str, *, connections: int | None = None, sign: Sign | None = None) -> Mailer:
    """Give the mailer that `MAIL_URL` names. Nothing is connected yet.

    Args:
        url: As in the environment: `smtp://user:password@host:587`, `postmark://TOKEN`.
        connections: How many mails, or requests full of mails, go out at a time; else what the URL says
            (`?connections=8`), else the mailer's own.
        sign: What signs the mails that go by SMTP; a provider with an API of its own signs them itself.

    Raises:
        SettingsError: The URL cannot be read; the message shows no password.
    """
    try:
        split = urlsplit(url.strip())
        split.port  # noqa: B018  (reading it is what checks it)
    except ValueError:
        raise SettingsError("MAIL_URL cannot be read; percent-encode @:/?#% in a password or key") from None
    builder = MAILERS.get(split.scheme)
    if builder is None:
        known = ", ".join(f"{scheme}://" for scheme in MAILERS)
        raise SettingsError(f"MAIL_URL begins with {known}; `{split.scheme}` is not known")
    mailer = builder(split, connections)
    return mailer.signing(sign) if sign is not None and isinstance(mailer, SmtpMailer) else mailer


def send_one(url: str, mail: Mail, *, sign: Sign | None = None) -> Receipt:
    """Send a single mail over a connection of its own: notices to sales, `send-test`.

    It blocks, and is not for a thread whose event loop runs. Lone CRs and LFs, which `Mail` does not allow and which
    could end a mail early for a careless server, are made whole here, for mails that somebody else composed.

    Raises:
        SettingsError: The URL cannot be read.
    """
    mailer = build_mailer(url, connections=1, sign=sign)
    mail = replace(mail, data=_LINE_BREAK.sub(b"\r\n", mail.data))

    async def send() -> Receipt:
        async with mailer:
            (receipt,) = await mailer.connections[0].send_many([mail])
            return receipt

    return asyncio.run(send())
