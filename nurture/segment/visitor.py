"""The token by which a tracked link tells the site whose visitor it sends: read once, kept nowhere.

The redirect appends it to the page's URL, and clients send that URL in several places: as the page's, in its query, as
the next page's referrer. Whoever read it in a stored event could pass for the lead, so it is taken out before. Pure.
"""

import re

VISITOR = "nurture_visitor"
"""The query parameter that holds the token."""

_VISITOR = VISITOR.encode()
_IN_QUERY = re.compile(rf"(^|[?&#]|%3f|%26|%23){VISITOR}(?:=|%3d)[\w-]*(&|%26)?", re.IGNORECASE | re.ASCII)


def token_taken_out(text: str) -> str:
    """The same text; what is a URL or a query, or has one in it, without the token."""
    return _IN_QUERY.sub(lambda found: found[1] if found[2] else "", text) if VISITOR in text else text


def may_have_token(body: bytes) -> bool:
    """Whether any text in this JSON may hold a visitor's token; nearly none does, and looking into each takes time."""
    return _VISITOR in body or b"\\u00" in body


def has_token(text: str | None) -> bool:
    """Whether a URL may hold a visitor's token."""
    return text is not None and VISITOR in text
