"""What a mail that came in is, with what follows from its words, as plain values ready for JSON."""

from dataclasses import asdict
from datetime import date
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from nurture.inbound.away import away_until
from nurture.inbound.message import header, parsed
from nurture.inbound.quotes import visible_text
from nurture.inbound.reading import read
from nurture.inbound.values import AutoReply, Bounce, Complaint
from nurture.inbound.wishes import asks_to_stop


def summary(raw: bytes, today: date) -> dict[str, Any]:
    """Give what `read` makes of a mail, under `kind`: `bounce`, `complaint`, `automatic` or `reply`.

    An automatic answer has `away_until` beside it; a reply its `visible_text`, and whether it `asks_to_stop`.

    Args:
        raw: The mail.
        today: Taken for the day on which it came, where the mail has no date.
    """
    message = parsed(raw)
    found = read(raw)
    said: dict[str, Any] = asdict(found)
    if isinstance(found, Bounce):
        return {"kind": "bounce", **said}
    if isinstance(found, Complaint):
        return {"kind": "complaint", **said}
    if isinstance(found, AutoReply):
        until = away_until(f"{found.subject}\n{found.text}", _day(message, today)) if found.kind == "away" else None
        return {**said, "kind": "automatic", "program": found.kind, "away_until": until}
    words = visible_text(message)
    return {"kind": "reply", **said, "visible_text": words, "asks_to_stop": asks_to_stop(words, found.subject)}


def _day(message: Message, today: date) -> date:
    try:
        return parsedate_to_datetime(header(message, "Date")).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return today
