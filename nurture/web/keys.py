"""Who may: the write key to send events, the API key to look. Compared in constant time."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Iterator, Mapping


def holds_write_key(authorization: str, body: Mapping[str, object], write_key: str) -> bool:
    """Whether a request shows the write key: Basic (as the user), Bearer, or `writeKey` in its body.

    One right key is enough: a client that sends an OAuth token as Bearer has the write key in its body. Without a write
    key of our own nobody may.
    """
    in_body = body.get("writeKey")
    return _any_is((*_shown(authorization), *([in_body] if isinstance(in_body, str) else [])), write_key)


def holds_api_key(authorization: str, api_key: str) -> bool:
    """Whether a request shows the API key: Bearer for programs, Basic (as user or password) for people in a browser."""
    return _any_is(_shown(authorization), api_key)


def _any_is(shown: Iterable[str], ours: str) -> bool:
    if not ours:
        return False
    return any(hmac.compare_digest(one.encode("utf-8", "replace"), ours.encode()) for one in shown)


def _shown(authorization: str) -> Iterator[str]:
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        yield credentials.strip()
    elif scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return
        yield from (user, password)
