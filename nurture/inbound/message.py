"""A mail as it came over the wire, made readable: whatever its line ends, charsets and boundaries, nothing raises.

The stdlib's parser does the work. Before it, line ends become one kind, and what would take it long (nesting without
end, millions of lines) is cut off: what matters stands at the top of a mail.
"""

import re
from codecs import lookup
from email import message_from_bytes
from email._policybase import Compat32
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

_MOST_OCTETS = 1_500_000
_MOST_LINES = 40_000
_MOST_PARTS = 40
_MOST_HTML = 300_000
_LONGEST_HEADER = 4_000
_MOST_HEADERS = 200

_PARAMETERS = re.compile(rb"^content-(?:type|disposition):[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_LONGEST_PARAMETERS = 2_000
_PART = re.compile(rb"multipart/|message/rfc822|message/global", re.IGNORECASE)
_GLOBAL = re.compile(rb"message/global(-delivery-status|-headers)?(?![-\w])", re.IGNORECASE)  # RFC 6533, 6532
_PLAIN_KIND = {
    b"-delivery-status": b"message/delivery-status",
    b"-headers": b"text/rfc822-headers",
    b"": b"message/rfc822",
}
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "unicode_escape", "raw-unicode-escape", "undefined"})
"""Python reads these too, some in quadratic time; no mail is written so."""
_TAG = re.compile(r"<(?:[a-zA-Z/!][^<>]{0,4000})>")
_BREAK = re.compile(r"<(?:br|/?p|/?div|/tr|/li|/h[1-6]|/table|/blockquote)\b[^<>]{0,500}>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(style|script|head|title)\b[^<>]{0,500}>", re.IGNORECASE)
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": " ", "&#39;": "'", "&#64;": "@", "&amp;": "&"}


class _AsItIs(Compat32):
    """Headers as they came: the stdlib's own way loses octets beyond ASCII, which many mails have all the same."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Give the value untouched, octets beyond ASCII as lone surrogates."""
        return value


_AS_IT_IS = _AsItIs()


def one_kind_of_line_end(raw: bytes) -> bytes:
    """Give the mail with LF alone, without an mbox's first line, and without what lies beyond our limits."""
    raw = raw[:_MOST_OCTETS].replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    lines = raw.split(b"\n", _MOST_LINES)
    raw = b"\n".join(lines[:_MOST_LINES])
    for count, found in enumerate(_PART.finditer(raw)):
        if count == _MOST_PARTS:
            raw = raw[: found.start()]
            break
    raw = _PARAMETERS.sub(lambda found: found[0][:_LONGEST_PARAMETERS], raw)  # the stdlib reads them in quadratic time
    return _GLOBAL.sub(lambda found: _PLAIN_KIND[(found[1] or b"").lower()], raw)


def parsed(raw: bytes) -> Message:
    """Give the mail, parsed. Internationalised kinds of report are given their older names, for they read the same."""
    return message_from_bytes(one_kind_of_line_end(raw), policy=_AS_IT_IS)


def header(message: Message, name: str) -> str:
    """Give a header's first value, decoded and on one line; empty where there is none."""
    return unfolded(str(message.get(name, "")))


def headers(message: Message) -> tuple[tuple[str, str], ...]:
    """Give all headers, decoded and unfolded."""
    return tuple((name, unfolded(str(value))) for name, value in message.items()[:_MOST_HEADERS])


def unfolded(value: str) -> str:
    """Give a header's value on one line, its encoded words (RFC 2047) decoded as far as they can be."""
    value = value[:_LONGEST_HEADER]
    try:
        pieces = decode_header(value) if "=?" in value else [(value, None)]
    except (MessageError, ValueError, LookupError):  # what is no encoded word after all
        pieces = [(value, None)]
    text = "".join(piece if isinstance(piece, str) else decoded(piece, charset or "ascii") for piece, charset in pieces)
    return " ".join(_without_surrogates(text).split())


def _without_surrogates(text: str) -> str:
    """Read raw 8-bit octets, which the stdlib keeps as lone surrogates, as what they most likely are."""
    if text.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in text):
        return text
    return decoded(text.encode("utf-8", "surrogateescape"), "utf-8")


def decoded(data: bytes, charset: str) -> str:
    """Give the text of octets whose charset is said, or wrongly said, or not to be found anywhere."""
    if b"\x1b$" in data or b"\x1b(J" in data:
        return data.decode("iso2022_jp_ext", "replace")
    wanted = [charset, "utf-8"]
    if charset.lower().replace("_", "-") in ("iso-2022-jp", "shift-jis", "euc-jp", "cp932"):
        wanted += ["euc_jp", "cp932"]
    for name in wanted:
        try:
            if lookup(name).name in _NO_CHARSETS:
                continue
            return data.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def parts_of(part: Message) -> list[Message]:
    """Give the parts, or the attached mail, that a part holds; none where it is a leaf."""
    payload = part.get_payload() if part.is_multipart() else []
    return [piece for piece in payload if isinstance(piece, Message)] if isinstance(payload, list) else []


def text_of(part: Message) -> str:
    """Give the text of one leaf, HTML without its tags; empty for what is no text or holds other parts."""
    if part.is_multipart():
        return ""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError):  # what the stdlib does with a charset spelled in RFC 2231's way
        return ""
    if not isinstance(data, bytes):
        return ""
    text = decoded(data, charset_of(part))
    return without_tags(text) if part.get_content_type() == "text/html" else text


def charset_of(part: Message) -> str:
    """Give the charset that a part claims, `ascii` where it claims none that can be read."""
    try:
        return str(part.get_content_charset() or "ascii")
    except (LookupError, ValueError, AttributeError):
        return "ascii"


def without_tags(text: str) -> str:
    """Give an HTML text's words. Meant for reports, not for display."""
    text = _without_unseen(text[:_MOST_HTML])
    text = _TAG.sub(_address_or_space, _BREAK.sub("\n", text))
    for entity, letter in _ENTITIES.items():
        text = text.replace(entity, letter)
    return text


def _without_unseen(text: str) -> str:
    """Drop what browsers do not show: style, script, head."""
    kept, at, endless = [], 0, set[str]()
    lower = text.lower()
    while found := _UNSEEN.search(text, at):
        name = found[1].lower()
        end = -1 if name in endless else lower.find(f"</{name}", found.end())
        if end < 0:
            endless.add(name)
            end = found.end()
        kept.append(text[at : found.start()])
        at = end
    return "".join([*kept, text[at:]])


def _address_or_space(found: re.Match[str]) -> str:
    """Keep `<ada@example.com>`, which only looks like a tag."""
    return found[0] if "@" in found[0] and " " not in found[0] and "=" not in found[0] else " "


def leaves(message: Message, within_originals: bool = False) -> list[Message]:
    """Give the parts that hold no other parts, in order; those of an attached mail only when asked for."""
    found: list[Message] = []
    open_parts = [message]
    while open_parts:
        part = open_parts.pop()
        shut = part.get_content_maintype() == "message"
        if shut and within_originals and part.get_content_type() == "message/rfc822":
            shut = False
        if part.is_multipart() and not shut:
            open_parts.extend(reversed(parts_of(part)))
        else:
            found.append(part)
    return found
