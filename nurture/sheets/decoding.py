"""Bytes to lines of text: which encoding, and what is no text at all.

Without a byte order mark a file is read as UTF-8. Bytes that are none are read as Windows-1252 one by one, so one
stray byte neither stops the import nor spoils the names in the other lines; how many lines that touched is counted.
"""

import codecs
import io
import re
from typing import BinaryIO

from nurture.errors import NurtureError, UsageError

HEAD = 65_536
"""Bytes looked at to tell what kind of file it is."""
LONGEST = 1_000_000
"""Characters of the longest line that is taken for one; the rest of it is passed over."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an Excel file (.xls)", "save it as CSV"),
    (b"PK", "a ZIP archive", "unpack it"),
    (b"\x1f\x8b", "compressed (gzip)", "unpack it"),
    (b"BZh", "compressed (bzip2)", "unpack it"),
    (b"\xfd7zXZ", "compressed (xz)", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "unpack it"),
    (b"%PDF-", "a PDF", "export the table as CSV"),
)
_IN_ARCHIVES = (
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", "save it as CSV"),
    (b"xl/", "an Excel file (.xlsx)", "save it as CSV"),
)
_MARKUP = re.compile(rb"\s*<(\?xml|!doctype|html|table)\b", re.IGNORECASE)
_MOST_NULS = 0.1
"""A file with a greater share of NULs is no text with a fault, but no text."""

_STRAY = re.compile("[\udc80-\udcff]")


def _western(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)  # the five bytes that Windows-1252 leaves free are control characters, as in Latin-1


_WESTERN = {0xDC00 + byte: _western(byte) for byte in range(0x80, 0x100)}
"""What `surrogateescape` made of a byte that is no UTF-8, to what the byte means in Windows-1252."""


class Lines:
    """The physical lines of a file, each with its own line end, counted from 1.

    Attributes:
        encoding: what the file is read as.
        number: of the line given last.
        strays: how many lines had bytes that are no UTF-8, and were read as Windows-1252 there.
        first_stray: the first such line.
        cut: numbers of lines that are longer than `LONGEST`, of which only the beginning was given.
    """

    def __init__(self, file: BinaryIO, name: str, encoding: str | None = None) -> None:
        """Look at the head of a seekable file, then begin at its start. `name` is for messages.

        Raises:
            NurtureError: The file is something else than text.
            UsageError: There is no such encoding.
        """
        self.name = name
        self.number = self.strays = self.first_stray = 0
        self.cut: set[int] = set()
        head = file.read(HEAD)
        file.seek(0)
        self.encoding = _encoding(head, name) if encoding is None else _known_encoding(encoding)
        self._file = file
        errors = "surrogateescape" if self.is_utf8 else "replace"
        self._text = io.TextIOWrapper(file, self.encoding, errors, newline="")

    @property
    def is_utf8(self) -> bool:
        """Whether the file is read as UTF-8, with or without a mark."""
        return self.encoding in ("utf-8", "utf-8-sig")

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._file.tell()

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST and line[-1] not in "\r\n":
            self.cut.add(self.number)
            line += self._pass_over()
        if not line.isascii() and self.is_utf8 and _STRAY.search(line):
            self.strays += 1
            self.first_stray = self.first_stray or self.number
            line = line.translate(_WESTERN)
        return line.lstrip("\ufeff") if self.number == 1 else line

    def _pass_over(self) -> str:
        """Skip what is left of a line; gives its line end."""
        while (rest := self._text.readline(LONGEST)) and rest[-1] not in "\r\n":
            pass
        return "\n" if rest else ""


def _known_encoding(name: str) -> str:
    try:
        b" ".decode(name, "replace")  # not every codec makes text, and not every one forgives
        found = codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError) as error:
        raise UsageError(f"there is no encoding {name!r}; such as utf-8, cp1252, shift_jis, gb18030") from error
    return "utf-8-sig" if found == "utf-8" else found


def _encoding(head: bytes, name: str) -> str:
    """The encoding that the head of a file speaks of; refuses what is no text."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if kind := _kind(head):
        what, remedy = kind
        raise NurtureError(f"{name}: this is {what}, not CSV; {remedy} first")
    nuls = head.count(0)
    if not nuls:
        return "utf-8"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if min(even, odd) == 0 and max(even, odd) * 4 >= len(head):
        return "utf-16-be" if even else "utf-16-le"
    if nuls > _MOST_NULS * len(head):
        raise NurtureError(f"{name}: this is a binary file, not CSV")
    return "utf-8"


def _kind(head: bytes) -> tuple[str, str] | None:
    for magic, what, remedy in _KINDS:
        if head.startswith(magic) and (magic != b"PK" or head[2:4] in (b"\x03\x04", b"\x05\x06")):
            inside = (found for found in _IN_ARCHIVES if magic == b"PK" and found[0] in head)
            return next(((archive, how) for _, archive, how in inside), (what, remedy))
    return ("HTML or XML", "save it as CSV") if _MARKUP.match(head) else None
