"""The two halves of a report in prose: what the mail system says, and the mail it sends back.

Where the parts are kept apart as RFC 3462 asks, the parts say which is which. Else the mail sent back begins behind a
line that announces it, or where header lines begin to stand one below the other.
"""

import re
from dataclasses import dataclass, field
from email.message import Message

from nurture.inbound.addresses import recipients_of
from nurture.inbound.message import headers, leaves, parsed, parts_of, text_of, unfolded
from nurture.inbound.values import Original

_MOST_TEXT = 60_000
_LONGEST_LINE = 1_000
_MOST_HEADER_LINES = 600

_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40})\s?:(.*)$")
_ANNOUNCED = re.compile(
    r"^\W{0,80}(?:(?:this|below|here|included|enclosed|attached)(?: this line)? is (?:a |the )?(?:full "
    r"|complete )?(?:copy|header|original|text|body)|(?:your |the )?(?:original|returned|unsent|failed"
    r"|unsent) (?:message|mail|e-mail)(?: (?:info|headers?|text|follows|below|content))?\b(?! (?:was|is|to|from|you"
    r"|could|has))|(?:the )?(?:message|mail) (?:headers?|text|contents?) (?:follow|below)|the (?:header|text|body"
    r"|headers) of the|your message (?:reads|follows)|below this line|original message|message header|元のメール(?!は)"
    r"|原文)",
    re.IGNORECASE,
)
_TELLING = frozenset({"received", "return-path", "message-id", "mime-version", "dkim-signature", "x-received"})
_OF_A_MAIL = _TELLING | {
    "date",
    "from",
    "to",
    "subject",
    "content-type",
    "content-transfer-encoding",
    "cc",
    "sender",
    "reply-to",
    "x-mailer",
    "user-agent",
    "precedence",
    "delivered-to",
}


@dataclass(frozen=True, slots=True)
class ReportText:
    """A report's own words, its machine-readable part, what it quotes of the mail, and that mail itself."""

    said: str
    fields: str
    quoted: str
    attached: Message | None
    original: Original = field(default_factory=Original)


def report_text(message: Message) -> ReportText:
    """Part a mail into what is said and what is sent back."""
    said: list[str] = []
    fields: list[str] = []
    attached: Message | None = None
    for part in leaves(message):
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            fields.append(_status_text(part))
        elif kind in ("message/rfc822", "text/rfc822-headers"):
            attached = attached or _attached(part)
        elif (
            kind.startswith(("text/", "multipart/")) and attached is None
        ):  # a multipart without its boundaries is text
            said.append(_worth_reading(kind, text_of(part), said))
    text, quoted = parted(short_lines("\n".join(said)))
    original = original_of(headers(attached)) if attached else Original()
    if not original.headers:
        original = original_of(_header_lines(quoted.split("\n")[:_MOST_HEADER_LINES]))
    return ReportText(text, "\n\n".join(fields), quoted, attached, original)


def _worth_reading(kind: str, text: str, before: list[str]) -> str:
    """Drop the HTML that only repeats the text before it."""
    return "" if kind == "text/html" and any(piece.strip() for piece in before) else text


def short_lines(text: str) -> str:
    """Cut a text, and each of its lines, to what a report can need."""
    return "\n".join(line[:_LONGEST_LINE].rstrip() for line in text[:_MOST_TEXT].split("\n"))


def _status_text(part: Message) -> str:
    """Give the text of a delivery-status part; the stdlib has made a list of header blocks of it."""
    if not part.is_multipart():
        return text_of(part)
    blocks = [_block_text(block) for block in parts_of(part)]
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if encoding not in ("base64", "quoted-printable"):
        return "\n\n".join(blocks)
    inner = Message()  # no writer may encode such a part (RFC 3464 section 2.1), and some do
    inner["Content-Transfer-Encoding"] = encoding
    inner.set_payload("\n".join(blocks))
    return text_of(inner)


def _block_text(block: Message) -> str:
    lines = [f"{name}: {unfolded(str(value))}" for name, value in block.items()]
    return "\n".join([*lines, text_of(block)])


def _attached(part: Message) -> Message:
    """Give the mail sent back, or what is sent back of it: its headers alone stand in a text (RFC 3462 section 2)."""
    found = parts_of(part)
    return found[0] if found else parsed(text_of(part).lstrip("\n").encode())


def original_of(found: tuple[tuple[str, str], ...]) -> Original:
    """Sum up the headers of the mail that a report is about."""
    names = {name.lower(): value for name, value in reversed(found)}
    identifier = names.get("message-id", "").strip()
    return Original(
        message_id=f"<{identifier.strip('<> ')}>" if identifier.strip("<> ") else None,
        recipients=recipients_of([value for name, value in found if name.lower() == "to"]),
        headers=found,
    )


def parted(text: str) -> tuple[str, str]:
    """Part a text where the mail sent back begins."""
    lines = text.split("\n")
    announced = next((number for number, line in enumerate(lines) if _announces(line)), len(lines))
    starts = (_first_header(lines), _announced_headers(lines, announced))
    start = min((start for start in starts if start is not None), default=len(lines))
    return "\n".join(lines[: min(start, announced + 1)]), "\n".join(lines[start:])


def _announced_headers(lines: list[str], announced: int) -> int | None:
    """Give the line at which headers begin, if that is right behind the one that announces them."""
    for number in range(announced + 1, min(announced + 4, len(lines) - 1)):
        if all(_is_header(line) for line in lines[number : number + 2]):
            return number
    return None


def _is_header(line: str) -> bool:
    match = _HEADER.match(line)
    return match is not None and match[1].lower() in _OF_A_MAIL


def _announces(line: str) -> bool:
    """Tell whether a line says that the mail follows: a short line, or one within rules."""
    return len(line) < 120 and _ANNOUNCED.match(line) is not None


def _first_header(lines: list[str]) -> int | None:
    """Give the line at which a mail's headers begin: three that a mail has, one of them telling, none far apart."""
    start = known = telling = 0
    for number, line in enumerate(lines):
        match = _HEADER.match(line)
        name = match[1].lower() if match else ""
        if name not in _OF_A_MAIL and not (known and (name or line[:1] in (" ", "\t"))):
            known = telling = 0
            continue
        start = start if known else number
        known += name in _OF_A_MAIL
        telling += name in _TELLING
        if known >= 3 and telling:
            return start
    return None


def _header_lines(lines: list[str]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for line in lines:
        match = _HEADER.match(line)
        if match:
            found.append((match[1], match[2].strip()))
        elif line[:1] in (" ", "\t") and found and line.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}"[:4_000])
        elif not line.strip() and found:
            break
    return tuple((name, unfolded(value)) for name, value in found)
