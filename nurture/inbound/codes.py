"""Codes in what servers say: SMTP replies (RFC 5321 section 4.2) and enhanced status codes (RFC 3463)."""

import re

_STATUS = re.compile(r"(?<![\d.\-/])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_STATUS_AFTER_CODE = re.compile(r"(?<!\d)([245])\d\d[ -]['#(]?([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_CODE = re.compile(
    r"(?<![\d.:/\-\w@])([245][0-5]\d)(?=[ \-:;,.)\]]|$)(?![.:]\d)(?! ?(?:KB|MB|bytes|octets|hours|messages))"
)


def status_in(text: str) -> str | None:
    """Give the enhanced status code in a server's words: one right behind its reply code before any other."""
    after = _STATUS_AFTER_CODE.search(text)
    if after:
        return f"{after[2]}.{after[3]}.{after[4]}"
    found = _STATUS.search(text)
    return f"{found[1]}.{found[2]}.{found[3]}" if found else None


def reply_in(text: str) -> str:
    """Give a text from the reply with its status code on: some servers put words of theirs around another's."""
    found = _STATUS_AFTER_CODE.search(text)
    return text[found.start() :] if found else text


def code_in(text: str) -> int | None:
    """Give the SMTP reply code of failure in a server's words; None where there is none."""
    codes = [int(found[1]) for found in _CODE.finditer(text)]
    failures = [code for code in codes if code >= 400]
    return failures[0] if failures else None


def says_nothing(status: str | None) -> bool:
    """Tell whether a status code has a class alone: `5.0.0` is "other undefined status" (RFC 3463 section 3.1)."""
    return status is None or status.split(".")[1] == "0"
