"""How each provider reports back. `WEBHOOKS` is all of them: the name in `/hooks/{provider}`, and what reads its calls.

To add one: `events.py` in the provider's folder, a line here, its variable in `nurture.mail_settings`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nurture.mailers.mailgun import events as mailgun
from nurture.mailers.postmark import events as postmark
from nurture.mailers.resend import events as resend
from nurture.mailers.sendgrid import events as sendgrid
from nurture.mailers.ses import events as ses
from nurture.mailers.ses.certificates import fetched
from nurture.mailers.ses.sns import subscription_url
from nurture.messages import ProviderEvent

KB, MB = 1024, 1024 * 1024

Headers = Mapping[str, str]
"""A call's headers; names are in lower case, or it does not mind."""


class Verify(Protocol):
    """Says whether a call is the provider's."""

    def __call__(self, headers: Headers, body: bytes, secret: str, now: datetime) -> bool:
        """`now` is real time. Raises OSError where that cannot be found out now."""


class Read(Protocol):
    """Makes events of a call."""

    def __call__(self, body: bytes, content_type: str = "", headers: Headers | None = None) -> list[ProviderEvent]:
        """Raises `payload.Unreadable` where it is none of the provider's."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A provider's calls.

    Attributes:
        verify: Says whether a call is the provider's.
        read: Makes events of one that is.
        limit: Octets of the largest call that is read.
        by_headers: `verify` looks at the headers alone, so it is asked before the body is read.
        token: Gives what a call was signed with, where that signs one call and not its content.
        confirm: Gives the URL to visit so that the provider goes on calling, where a call asks for that.
        visit: Visits it; raises OSError where that fails.
    """

    verify: Verify
    read: Read
    limit: int
    by_headers: bool = False
    token: Callable[[bytes, str], str] | None = None
    confirm: Callable[[bytes], str | None] | None = None
    visit: Callable[[str], bytes] = fetched


WEBHOOKS: dict[str, Webhook] = {
    # A mail of 35 MB at most, as JSON.
    "postmark": Webhook(postmark.verify, postmark.read, 40 * MB, by_headers=True),
    # A mail of 30 MB at most; events come by less than 1 MB.
    "sendgrid": Webhook(sendgrid.verify, sendgrid.read, 32 * MB),
    # A mail of 25 MB at most, perhaps urlencoded.
    "mailgun": Webhook(mailgun.verify, mailgun.read, 32 * MB, token=mailgun.token_in),
    # SNS carries 256 KB.
    "ses": Webhook(ses.verify, ses.read, 512 * KB, confirm=subscription_url),
    # Resend sends no mails, only word of them.
    "resend": Webhook(resend.verify, resend.read, 1 * MB),
}
"""By the name in the URL. Limits are what the provider sends at most, with some room."""
