"""Forms that providers post, taken apart in a time that grows with their length alone.

Mailgun signs within the form, so one has to be read before anybody knows who sent it; and the stdlib's parser of mails
takes minutes over one header that is made to hurt.
"""

import binascii
import re
from collections.abc import Iterator
from quopri import decodestring

from nurture.mailers.payload import unreadable

_FIELDS = 1000
_MOST_HEAD = 8 * 1024
"""Octets of the headers of one field."""
_LONGEST_BOUNDARY = 200
"""RFC 2046 section 5.1.1 says 70."""
_LONGEST_TYPE = 1000

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(rb';[ \t]*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_HEADER = re.compile(rb"(?im)^(content-disposition|content-transfer-encoding)[ \t]*:[ \t]*(.*)$")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_ESCAPED = re.compile(rb'\\(["\\])')


def read_form(body: bytes, content_type: str) -> dict[str, bytes]:
    """Give the fields of a form, urlencoded (WHATWG URL, 5.1) or multipart (RFC 7578). Of fields of one name the first.

    Raises:
        Unreadable: It is neither, or has more fields than anybody sends.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        pairs = _multipart(body, content_type[:_LONGEST_TYPE])
    elif kind in ("application/x-www-form-urlencoded", ""):
        pairs = _urlencoded(body)
    else:
        unreadable("the body is no form")
    fields: dict[str, bytes] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def _urlencoded(body: bytes) -> Iterator[tuple[str, bytes]]:
    if not body.isascii():
        unreadable("the body is no form")
    if body.count(b"&") >= _FIELDS:
        unreadable("the form has too many fields")
    for pair in body.strip().split(b"&"):
        name, _, value = pair.partition(b"=")
        if pair:
            yield _unescaped(name).decode("utf-8", "replace"), _unescaped(value)


def _unescaped(text: bytes) -> bytes:
    """Undo `%41` and `+`. The former is quoted-printable with another sign, which the stdlib reads in no time.

    Whoever writes `%` without two digits behind it gets a `=`.
    """
    if b"%" in text:
        return binascii.a2b_qp(text.replace(b"+", b" ").replace(b"=", b"%3D").replace(b"%", b"="))
    return text.replace(b"+", b" ")


def _multipart(body: bytes, content_type: str) -> Iterator[tuple[str, bytes]]:
    found = _BOUNDARY.search(content_type)
    if found is None:
        unreadable("the body is no form")
    delimiter = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    line = re.compile(rb"(?:\A|\r?\n)" + re.escape(delimiter) + rb"(?:(--)|[ \t]*\r?\n)")
    begun, count = None, 0
    for at in line.finditer(body):
        if begun is not None:
            count += 1
            if count > _FIELDS:
                unreadable("the form has too many fields")
            yield _field(body, begun, at.start())
        if at[1]:
            return
        begun = at.end()
    if begun is not None:
        yield _field(body, begun, len(body))


def _field(body: bytes, start: int, end: int) -> tuple[str, bytes]:
    """One field: its name, and its content as it was before it was encoded."""
    blank = _BLANK_LINE.search(body, start, min(end, start + _MOST_HEAD))
    if blank is None:
        unreadable("the headers of a field are too long, or have no end")
    said = {header.lower(): value for header, value in _HEADER.findall(_FOLD.sub(b"", body[start : blank.start()]))}
    named = _NAME.search(b";" + said.get(b"content-disposition", b"").partition(b";")[2])
    name = b"" if named is None else _ESCAPED.sub(rb"\1", named[1] if named[1] is not None else named[2])
    encoding = said.get(b"content-transfer-encoding", b"").strip().lower()
    return name.decode("utf-8", "replace"), _decoded(body[blank.end() : end], encoding)


def _decoded(content: bytes, encoding: bytes) -> bytes:
    if encoding == b"quoted-printable":
        return decodestring(content)
    if encoding != b"base64":
        return content
    try:
        return binascii.a2b_base64(content)
    except binascii.Error:
        return content
