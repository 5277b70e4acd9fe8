"""What a bounce says of the address, by the enhanced status code in the server's words (RFC 3463; RFC 7505; RFC 7293).

Providers sort bounces for their own lists, and call many a refusal `hard` that is about the mail and not about the
mailbox. So the code decides where there is one that says more than the provider does.
"""

import re

from nurture.messages import Severity

_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#:;,.]|$)")
_NOBODY = re.compile(
    r"user unknown|unknown user|no such user|no such recipient|no mailbox|invalid (recipient|mailbox)|"
    r"(user|recipient|mailbox|account|address)[^.;]{0,40}(does not exist|doesn't exist|not found|not exist)",
    re.IGNORECASE,
)
_FULL = re.compile(r"mailbox (is )?full|over ?quota|quota exceeded|exceeded (its |storage )?quota", re.IGNORECASE)
_REFUSED = re.compile(
    r"\bspam|block ?list|black ?list|deny ?list|spamhaus|barracuda|reputation|\bdmarc\b|\bspf\b|\bdkim\b|"
    r"policy|blocked|content (rejected|filter)|message (content )?rejected|virus|too large|size limit",
    re.IGNORECASE,
)
_EXACT: dict[tuple[int, int], Severity] = {
    (1, 1): "hard", (1, 2): "hard", (1, 3): "hard", (1, 6): "hard", (1, 10): "hard",
    (1, 7): "policy", (1, 8): "policy",
    (2, 2): "soft", (2, 3): "policy", (2, 4): "soft",
    (3, 4): "policy", (4, 3): "soft", (4, 5): "soft", (4, 6): "soft", (4, 7): "soft",
    (7, 13): "soft", (7, 17): "hard", (7, 18): "hard",
}  # fmt: skip
_BY_SUBJECT: dict[int, Severity] = {3: "soft", 6: "policy", 7: "policy"}


def severity_in(said: str | None, otherwise: Severity, *, status: str | None = None) -> Severity:
    """Give what a bounce says of the address.

    Args:
        said: the server's words.
        otherwise: what the provider makes of it, which stands where the words say nothing clearer.
        status: the enhanced status code, where the provider gives it apart.
    """
    words = said or ""
    code = _code(status) or _code(words)
    if code is not None and code[1:] != (0, 0):
        return _by_code(code, words, otherwise)
    if _NOBODY.search(words):
        return "hard"
    if _FULL.search(words):
        return "soft"
    if _REFUSED.search(words):
        return "policy"
    reply = _REPLY.search(words)
    return "soft" if reply and reply[1].startswith("4") else otherwise


def _by_code(code: tuple[int, int, int], words: str, otherwise: Severity) -> Severity:
    class_, subject, detail = code
    if class_ == 4:
        return "policy" if subject == 7 and not _NOBODY.search(words) else "soft"
    if subject == 7 and detail not in (13, 17, 18) and _NOBODY.search(words):
        return "hard"
    return _EXACT.get((subject, detail)) or _BY_SUBJECT.get(subject) or otherwise


def _code(text: str | None) -> tuple[int, int, int] | None:
    found = _CODE.search(text or "")
    return (int(found[1]), int(found[2]), int(found[3])) if found and found[1] != "2" else None
