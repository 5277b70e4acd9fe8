"""A mail that a provider took to pieces, put together again."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

_NAME = re.compile(r"[!-9;-~]{1,76}")
"""RFC 5322 section 2.2."""
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
    for name, value in headers:
        _add(mail, name, value)
    if text is not None or html is None:
        mail.set_content(_clean(text or ""))
    if html is not None:
        (mail.add_alternative if text is not None else mail.set_content)(_clean(html), subtype="html")
    for one in attached:
        main, _, sub = (one.kind or "").partition(";")[0].strip().partition("/")
        try:
            mail.add_attachment(
                one.content, maintype=main or "application", subtype=sub or "octet-stream", filename=one.name
            )
        except (ValueError, TypeError, AttributeError):
            continue
    return mail.as_bytes()


def _add(mail: EmailMessage, name: str, value: str) -> None:
    if name.lower() in _OURS or _NAME.fullmatch(name) is None:
        return
    try:
        mail[name] = " ".join(_clean(value).split())
        mail.policy.fold(name, mail[name])
    except (ValueError, LookupError, AttributeError, TypeError):  # one too many of its kind, or not to be made out
        del mail[name]


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
