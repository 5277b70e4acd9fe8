"""A mail as its reader has it: headers, links, the pixel, the answers. Pure: bytes in, words out."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from functools import cached_property
from html import unescape
from urllib.parse import urlsplit

_ANCHOR = re.compile(r"<a\b([^>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_PIXEL = re.compile(r"""<img\b[^>]*?\bsrc\s*=\s*["']([^"']*/o/[^"']+\.gif)["']""", re.IGNORECASE)
_HIDING = r"display\s*:\s*none|visibility\s*:\s*hidden"
_HIDDEN = re.compile(rf"<(div|span|p|td)\b[^>]*(?:{_HIDING})[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_NO_LINK = re.compile(rf"""{_HIDING}|aria-hidden\s*=\s*["']true|max-height\s*:\s*0|font-size\s*:\s*0""", re.IGNORECASE)
"""What makes a link one that nobody can see."""
_IN_BRACKETS = re.compile(r"<\s*(https?://[^>\s]+)\s*>")
_WEB = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Letter:
    """One mail. Nothing is decoded before it is asked for: most readers look at the outside only.

    `recipient` is the envelope's, as the mail server noted it.
    """

    recipient: str
    data: bytes

    @cached_property
    def message(self) -> Message:
        """The message, headers as they stand on the wire."""
        return message_from_bytes(self.data)

    def header(self, name: str) -> str:
        """A header's value on one line, decoded; empty where there is none."""
        return " ".join(str(make_header(decode_header(self.message.get(name, "")))).split())

    @cached_property
    def message_id(self) -> str:
        """Its `Message-ID`."""
        return self.header("Message-ID")

    @property
    def follows(self) -> bool:
        """Whether it is about something that a mail before it told of."""
        return bool(self.header("In-Reply-To"))

    @cached_property
    def text(self) -> str:
        """The plain-text part."""
        return self._part("text/plain")

    @cached_property
    def html(self) -> str:
        """The HTML part."""
        return self._part("text/html")

    @cached_property
    def everything(self) -> tuple[str, ...]:
        """Every web address that a program finds in the HTML, hidden ones and the pixel included; each once."""
        found = [_href(anchor) for anchor in _ANCHOR.findall(self.html)] + [self.pixel or ""]
        return tuple(dict.fromkeys(url for url in found if url.startswith(("http://", "https://"))))

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The addresses behind links that a person can see; each once, in order."""
        anchors = _ANCHOR.findall(_HIDDEN.sub("", self.html))
        return tuple(dict.fromkeys(_href(anchor) for anchor in anchors if not _NO_LINK.search(anchor)))

    @cached_property
    def links(self) -> tuple[str, ...]:
        """Tracked links that a person can see."""
        return self._to("c")

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """A survey's answers, in order."""
        return self._to("a")

    @cached_property
    def unsubscribe(self) -> str | None:
        """The visible unsubscribe link."""
        return next(iter(self._to("u")), None)

    @cached_property
    def pixel(self) -> str | None:
        """The picture by which an open is seen."""
        found = _PIXEL.search(self.html)
        return unescape(found[1]) if found else None

    @cached_property
    def one_click(self) -> str | None:
        """Where the mail program's own button posts to (RFC 8058); None where the mail does not offer it."""
        if self.header("List-Unsubscribe-Post").lower() != "list-unsubscribe=one-click":
            return None
        found = _IN_BRACKETS.search(self.header("List-Unsubscribe"))
        return found[1] if found else None

    @cached_property
    def handoff_page(self) -> str | None:
        """Where a notice to sales asks to be answered."""
        return next((url for url in _WEB.findall(self.text) if urlsplit(url).path.startswith("/h/")), None)

    def _to(self, route: str) -> tuple[str, ...]:
        return tuple(url for url in self.shown if urlsplit(url).path.startswith(f"/{route}/"))

    def _part(self, kind: str) -> str:
        for part in self.message.walk():
            if part.get_content_type() == kind:
                payload = part.get_payload(decode=True)
                data = payload if isinstance(payload, bytes) else b""
                return data.decode(part.get_content_charset() or "utf-8", "replace")
        return ""


def _href(attributes: str) -> str:
    found = _HREF.search(attributes)
    return unescape(found[1] or found[2] or "").strip() if found else ""
