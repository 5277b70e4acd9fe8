"""Header fields, written for the wire: ASCII, folded, and never more than one field out of one value.

Python's own folding spoils `List-Unsubscribe` (a long URL becomes encoded words, which receivers do not undo there),
and costs more than the rest of a mail together. These functions know the few kinds of value that our mails have.
"""

import binascii
import re

from nurture.grammar.addresses import Mailbox

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PLAIN = re.compile(r"[ -~]*").fullmatch
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+").fullmatch
_LINE = 76
_OCTETS_IN_A_WORD = 42
"""As base64 and with `=?utf-8?b?` and `?=` around, 42 octets make 68 characters; RFC 2047 allows an encoded word 75."""


def has_line_break(value: str) -> bool:
    """Tell whether a value would end its header field, or hide something in it."""
    return _UNPRINTABLE.search(value) is not None


def one_line(value: str) -> str:
    """Put a space where line breaks and control characters stood; no space at the ends, never two together."""
    return " ".join(_UNPRINTABLE.sub(" ", value).split())


def text_field(name: str, value: str) -> str:
    """Write an unstructured field (`Subject`), as encoded words (RFC 2047) where ASCII does not do.

    Raises:
        ValueError: the value has a line break or another control character.
    """
    if has_line_break(value):
        raise ValueError(f"{name} has a line break or a control character in it")
    if len(name) + 2 + len(value) <= _LINE and _PLAIN(value) and "=?" not in value:
        return f"{name}: {value}\r\n"
    if not _PLAIN(value) or "=?" in value or max(map(len, value.split(" "))) > _LINE:
        return _fold(name, encoded_words(value))
    return _fold(name, value.split(" "))


def mailbox_field(name: str, mailbox: Mailbox) -> str:
    """Write a field with one name and address (`From`, `To`, `Reply-To`).

    The name is made one line first, and is left out where nothing of it remains. The address must be fit for SMTP, as
    everything read by `grammar.addresses` is.
    """
    shown = one_line(mailbox.name)
    if not shown:
        return f"{name}: {mailbox.address}\r\n"
    return _fold(name, [*_phrase(shown), f"<{mailbox.address}>"])


def exact_field(name: str, value: str) -> str:
    """Write a field on one physical line, undamaged: for URLs and ids, which folding or encoding would break.

    Raises:
        ValueError: it is not printable ASCII, or longer than the 998 octets that a line may have (RFC 5322 §2.1.1).
    """
    line = f"{name}: {value}\r\n"
    if not _PLAIN(value) or len(line) > 1000:
        raise ValueError(f"{name} does not fit on one line of a mail")
    return line


def encoded_words(value: str) -> list[str]:
    """Split a text into RFC 2047 encoded words that a reader joins again without a gap; no character is torn apart."""
    words, start, size = [], 0, 0
    for place, character in enumerate(value):
        octets = len(character.encode())
        if size + octets > _OCTETS_IN_A_WORD:
            words.append(_encoded(value[start:place]))
            start, size = place, 0
        size += octets
    words.append(_encoded(value[start:]))
    return words


def _encoded(text: str) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(text.encode(), newline=False).decode('ascii')}?="


def _phrase(name: str) -> list[str]:
    if not _PLAIN(name) or "=?" in name or len(name) > _LINE:
        return encoded_words(name)
    if _ATOMS(name):
        return [name]
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def _fold(name: str, words: list[str]) -> str:
    """Join words by spaces, going to a new line where the next would pass column 76."""
    out = [f"{name}:"]
    column = len(name) + 1
    for word in words:
        if column + 1 + len(word) > _LINE and column > len(name) + 1:
            out.append("\r\n")
            column = 0
        out.append(f" {word}")
        column += 1 + len(word)
    out.append("\r\n")
    return "".join(out)
