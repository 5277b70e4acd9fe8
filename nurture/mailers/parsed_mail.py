"""A mail that a provider took to pieces, put together again.

Its headers are written as they are: whoever wrote the mail wrote them, and the stdlib takes minutes over some.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from itertools import groupby

_NAME = re.compile(r"[!-9;-~]{1,76}")
"""RFC 5322 section 2.2."""
_FOLD = re.compile(r"\S(?:.{0,900}\S)?(?=\s|$)|\S{1,900}")
_ONCE = frozenset(
    {"date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject"}
)
_LONGEST = 4000
_MOST = 300
_OURS = frozenset({"content-type", "content-transfer-encoding", "mime-version", "content-disposition"})


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a mail; `kind` is its media type."""

    content: bytes
    kind: str | None = None
    name: str | None = None


def assembled(
    headers: Iterable[tuple[str, str]], text: str | None, html: str | None, attached: Sequence[Attached] = ()
) -> bytes:
    """Give a mail (RFC 5322) with these headers, but for those that say how it was put together before."""
    mail = EmailMessage(policy=SMTP)
    if text is not None or html is None:
        mail.set_content(_clean(text or ""))
    if html is not None:
        (mail.add_alternative if text is not None else mail.set_content)(_clean(html), subtype="html")
    for one in attached:
        main, _, sub = (one.kind or "")[:100].partition(";")[0].strip().partition("/")
        try:
            mail.add_attachment(
                one.content,
                maintype=main or "application",
                subtype=sub or "octet-stream",
                filename=(one.name or "")[:200] or None,
            )
        except (ValueError, TypeError, AttributeError):
            continue
    return _written(headers) + mail.as_bytes()


def _written(headers: Iterable[tuple[str, str]]) -> bytes:
    """The headers, a name once where it may stand once (RFC 5322 section 3.6)."""
    lines: list[str] = []
    seen: set[str] = set()
    for name, value in headers:
        key = name.lower()
        if key in _OURS or (key in _ONCE and key in seen) or _NAME.fullmatch(name) is None or len(lines) == _MOST:
            continue
        seen.add(key)
        words = groupby(_clean(value[:_LONGEST]).split(), key=str.isascii)
        encoded = (
            " ".join(some) if plain else Header(" ".join(some), "utf-8").encode(linesep="") for plain, some in words
        )
        lines.append(f"{name}: " + "\r\n ".join(_FOLD.findall(" ".join(encoded))) + "\r\n")
    return "".join(lines).encode("ascii", "replace")


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
