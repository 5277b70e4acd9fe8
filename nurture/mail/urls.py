"""Web addresses that a mail may lead to."""

import re
from urllib.parse import quote

_WEB = re.compile(r"(?P<scheme>https?)://(?P<host>[^\s/?#@\\<>\"]+)(?P<rest>[/?#][^\x00-\x1f\x7f]*)?", re.IGNORECASE)
_LEFT_ALONE = re.compile(r"(mailto|tel|sms|geo):|#", re.IGNORECASE)
_SAFE = "%!#$&'()*+,/:;=?@[]~"


class OwnPage(str):
    """The URL of a page of ours, in which nothing has to be escaped, and which is not led through `/c/`."""

    __slots__ = ()


def web_address(text: str) -> str | None:
    """Give an http(s) URL in ASCII, as it can stand in a `Location` header; None for anything else.

    A name before the host (`https://acme.example@evil.example`) makes it none: it only ever serves to mislead.
    """
    found = _WEB.fullmatch(text.strip())
    if found is None:
        return None
    host = found["host"]
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return f"{found['scheme'].lower()}://{host}{quote(found['rest'] or '', safe=_SAFE)}"


def starts_web_address(text: str) -> bool:
    """Tell whether a text that goes on can only become an http(s) URL."""
    return re.match(r"\s*https?://", text, re.IGNORECASE) is not None


def leads_elsewhere(text: str) -> bool:
    """Tell a mail address, a telephone number or a place in the same mail, which a click cannot be recorded of."""
    return _LEFT_ALONE.match(text.strip()) is not None
