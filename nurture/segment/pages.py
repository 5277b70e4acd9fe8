"""What a message says of the page that somebody saw, and of the browser. Pure."""

import re
from urllib.parse import urlsplit

from nurture.segment.fields import LONGEST_TEXT, Json, object_or_empty, text_or_none
from nurture.segment.tame import tame_text
from nurture.segment.visitor import has_token

_NOT_A_WORD = re.compile(r"[\W_]+")


def url_of(properties: Json, context: Json) -> str | None:
    """The page's address, if it can be taken apart: of the two that clients send, the one with a visitor's token."""
    said = [text_or_none(properties.get("url")), text_or_none(object_or_empty(context.get("page")).get("url"))]
    url = next(filter(has_token, said), said[0] or said[1])
    try:
        urlsplit(url or "")
    except ValueError:
        return None
    return url


def path_of(message: Json, properties: Json, context: Json, url: str | None) -> str | None:
    """The page's path as the client says it, else that of its URL; a screen without either is named by its name."""
    path = text_or_none(properties.get("path")) or text_or_none(object_or_empty(context.get("page")).get("path"))
    if path:
        return path
    if url:
        return urlsplit(url).path[:LONGEST_TEXT] or "/"
    name = text_or_none(message.get("name")) if message.get("type") == "screen" else None
    return f"/screen/{_NOT_A_WORD.sub('-', name.lower()).strip('-')}" if name else None


def agent_of(context: Json, browser: str) -> str | None:
    """The browser's name, "" where it says that it has none.

    A server-side library is not the visitor, so its own name counts for nothing.
    """
    said = context.get("userAgent")
    if isinstance(said, str):
        return text_or_none(said) or ""
    return tame_text(browser[:LONGEST_TEXT]) if browser.startswith("Mozilla/") else None
