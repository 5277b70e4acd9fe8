"""What a person wrote in a reply, without what they were answering."""

from email.message import Message

from nurture.inbound.message import charset_of, decoded, leaves
from nurture.inbound.own_words import own_words
from nurture.inbound.quote_html import lines_of

_LONGEST_PART = 1_000_000


def visible_text(message: Message) -> str:
    """Give the human's own words: no quoted part, no introduction to one, no signature, nothing passed on.

    The text part is read, where there is one with words in it; else the HTML. Interleaved answers stay, in their order.
    Takes time in proportion to the length; nothing raises.
    """
    texts, pages = _parts(message)
    words = own_words("\n".join(texts).split("\n")) if texts else ""
    if words or not pages:
        return words
    return own_words([line for page in pages for line in lines_of(page)])


def visible_in(body: str, *, html: bool = False) -> str:
    """Give the same of a body alone, where somebody else has taken the mail apart."""
    text = body[:_LONGEST_PART].replace("\r\n", "\n").replace("\r", "\n")
    return own_words(lines_of(text) if html else text.split("\n"))


def _parts(message: Message) -> tuple[list[str], list[str]]:
    """Texts and HTML pages of the body, attachments left out."""
    texts: list[str] = []
    pages: list[str] = []
    for part in leaves(message):
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or _is_attached(part):
            continue
        (texts if kind == "text/plain" else pages).append(_text(part))
    return [text for text in texts if text.strip()], [page for page in pages if page.strip()]


def _is_attached(part: Message) -> bool:
    return str(part.get("content-disposition", "")).strip().lower().startswith("attachment")


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    text = decoded(data, charset_of(part)) if isinstance(data, bytes) else ""
    return text[:_LONGEST_PART].replace("\r\n", "\n").replace("\r", "\n")
