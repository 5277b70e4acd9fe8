"""Secrets that stand in a page's URL: a form that is sent by GET puts its fields there, a reset link its token.

Clients send such a URL as the page's, as its query, as the next page's referrer. The values are taken out before an
event is stored: of parameters whose names speak of passwords, tokens, keys, sessions or cards, in query and fragment,
also of a URL within another's query. The names stay. Pure.
"""

import re
from functools import lru_cache
from typing import TypeVar

from nurture.segment.visitor import may_have_token, token_taken_out

_ANYWHERE = (
    r"passw|passphrase|passcode|secret|token|credential|authori[sz]ation|signature|oobcode|saml|jwt"
    r"|api[_.-]?key|access[_.-]?key|private[_.-]?key|sess(?:ion)?[_.-]?id|card[_.-]?(?:no|num)"
)
_WORDS = "pass|pwd?|pw|pin|otp|totp|auth|key|session|sess|sid|sig|card|cvv2?|cvc2?|csc|iban|ssn"
_SECRET = rf"(?:{_ANYWHERE}|(?:(?<![a-z0-9])|(?<=3f|26|23|5b))(?:{_WORDS})(?![a-z0-9]))"
_SIGN = r"(?:[\w.\[\]~$:-]|%(?:25)*5[bd])"
_NAME = rf"{_SIGN}{{0,64}}?{_SECRET}{_SIGN}{{0,64}}"
_ENCODED = r"%(?:25)*(?:3f|26|23|3b)"
_SECRET_NAME = re.compile(_SECRET, re.IGNORECASE | re.ASCII)
_SIGN_ENCODED = re.compile("%(?:25)*3d", re.IGNORECASE)
"""An `=` as `_IN_TEXT` takes it. Looked for with its `%`: ids of browsers and messages are full of such digits."""
_LONGEST_NAME = 140
_IN_TEXT = re.compile(
    rf"(;{_NAME}=)[^;/?&#\s]*"
    rf"|((?:^(?=\S*\Z)|[?&#]|{_ENCODED}){_NAME}(?:=|%((?:25)*)3d))(?(3)(?:(?!%\3(?:26|23))[^&#\s])*|[^&#\s]*)",
    re.IGNORECASE | re.ASCII,
)
"""A value goes on to the next separator of its own level of encoding: a password may have an encoded `&` in it."""

Kept = TypeVar("Kept")


def may_have_secrets(body: bytes) -> bool:
    r"""Whether any text in this JSON may hold a secret or a visitor's token; few do, and looking into each takes time.

    A sign that is written in another way (`\u0026`, UTF-16) is not looked for: then it may.
    """
    return may_have_token(body) or b"\0" in body or _may_hold(body.decode("latin-1"))


def without_secrets(value: Kept) -> Kept:
    """The same JSON with secrets and the visitor's token taken out of every text that is a URL, or has one in it."""
    kept: object = value
    if isinstance(value, str):
        kept = _cleaned(value)
    elif isinstance(value, dict):
        kept = {without_secrets(name): without_secrets(inner) for name, inner in value.items()}
    elif isinstance(value, list):
        kept = [without_secrets(inner) for inner in value]
    return kept  # type: ignore[return-value]


def _cleaned(text: str) -> str:
    text = token_taken_out(text)
    return _IN_TEXT.sub(r"\1\2", text) if _may_hold(text) else text


def _may_hold(text: str) -> bool:
    """The names of parameters are few, and the same again and again: to look at them first is cheap."""
    names = {_name_at_end(part) for part in text.split("=")[:-1]}
    return any(map(_is_secret, names)) or ("%" in text and _SIGN_ENCODED.search(text) is not None)


def _name_at_end(part: str) -> str:
    end = part[-_LONGEST_NAME:]
    return end[max(end.rfind("&"), end.rfind("?"), end.rfind('"'), end.rfind("#"), end.rfind(";")) + 1 :]


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None
