"""Tokens: bytes with a signature, spelled for a URL.

A token is `base64url(tag + payload)` without padding. The tag is keyed BLAKE2s (RFC 7693) of 128 bits over the payload,
under a key of its own for each purpose, so that no token can be used for another purpose. A reader accepts only the one
spelling that the writer makes, so no character of a token can be changed unseen. In payloads, numbers are little-endian
base-128 (as in protocol buffers), texts UTF-8.

Where capitals do not survive, in an address before the @, a token is base32 (RFC 4648, section 6) in small letters,
with 80 bits of the tag: short enough for the 64 octets that may stand there.
"""

import binascii
import hmac
from base64 import b32decode, b32encode
from functools import lru_cache
from hashlib import blake2s

_TAG = 16
_SHORT_TAG = 10
_LONGEST = 8192
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


@lru_cache(maxsize=64)
def _keyed(secret: str, purpose: str) -> blake2s:
    """Begin a tag, with the purpose's own key (HKDF's expand step, RFC 5869, with one block)."""
    key = hmac.digest(secret.encode(), b"nurture " + purpose.encode() + b"\x01", "sha256")
    return blake2s(key=key, digest_size=_TAG)


def sealed(secret: str, purpose: str, payload: bytes) -> str:
    """Give the token of a payload."""
    return _spell(_tag(secret, purpose, payload) + payload)


def _tag(secret: str, purpose: str, payload: bytes) -> bytes:
    """Sign a payload. The key is hashed beforehand, and HMAC would hash twice more: a mail is some ten signatures."""
    tag = _keyed(secret, purpose).copy()
    tag.update(payload)
    return tag.digest()


def _spell(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def opened(secret: str, purpose: str, token: str) -> bytes | None:
    """Give the payload of a token, if it was sealed with this secret for this purpose."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        data = binascii.a2b_base64(token.encode("ascii").translate(_FROM_URL) + b"=" * (-len(token) % 4))
    except binascii.Error:
        return None
    tag, payload = data[:_TAG], data[_TAG:]
    right = _tag(secret, purpose, payload)
    # the spelling is compared too: base64 readers skip strange characters and ignore the last character's spare bits
    return payload if hmac.compare_digest(tag, right) and _spell(data) == token else None


def sealed_short(secret: str, purpose: str, payload: bytes) -> str:
    """Give the token of a payload for an address."""
    return _spell_short(_tag(secret, purpose, payload)[:_SHORT_TAG] + payload)


def _spell_short(data: bytes) -> str:
    return b32encode(data).rstrip(b"=").decode("ascii").lower()


def opened_short(secret: str, purpose: str, token: str) -> bytes | None:
    """Give the payload of a token out of an address, in whatever case it arrives."""
    if len(token) > 64 or not token.isascii():
        return None
    try:
        data = b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return None
    tag, payload = data[:_SHORT_TAG], data[_SHORT_TAG:]
    right = _tag(secret, purpose, payload)[:_SHORT_TAG]
    return payload if hmac.compare_digest(tag, right) and _spell_short(data) == token.lower() else None


def numbers(*values: int) -> bytes:
    """Write numbers one after the other; ids and times are not negative."""
    out = bytearray()
    for number in values:
        if 0 <= number <= 0x7F:
            out.append(number)
            continue
        if number < 0:
            raise ValueError("ids and times in a link are not negative")
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
    return bytes(out)


def read_numbers(payload: bytes, count: int) -> tuple[tuple[int, ...], bytes] | None:
    """Read so many numbers; give them and the rest of the payload, or None where there are not so many."""
    found = []
    number = shift = 0
    for place, byte in enumerate(payload, start=1):
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(number)
            number = shift = 0
            if len(found) == count:
                return tuple(found), payload[place:]
    return None


def read_text(data: bytes) -> str | None:
    """Read a text that takes all of the bytes; None where it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
