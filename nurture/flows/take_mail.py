"""Take in one mail: find out what it is and whose, and let happen what follows."""

from datetime import datetime

from nurture.app import App


def take_mail(app: App, raw: bytes, *, envelope_to: str | None, source: str, now: datetime) -> str:
    """Keep a mail that came in, and act on it, once: the same mail by two ways, or twice by one, is one.

    A human reply ends the lead's campaign and hands it over; one that asks to stop unsubscribes; an absence with a date
    postpones the next mail; bounces and complaints go the way of all reports (`flows.take_reports`). Whatever a human
    wrote reaches a person. All is committed when this returns.

    Args:
        app: the application.
        raw: the mail, as it came.
        envelope_to: the address that it was delivered to, where the transport tells.
        source: by which way it came: `imap`, `pipe`, a provider's name.
        now: when it came.

    Returns:
        What it was: `reply`, `stop`, `away`, `automatic`, `bounce`, `complaint`, `loop`, `unreadable`, or `known` for
        a mail that was taken before.
    """
    raise NotImplementedError
