"""Who may send events: the write key, in any of the places where Segment's clients put it."""

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping
from contextlib import suppress


def holds_write_key(authorization: str, body: Mapping[str, object], write_key: str) -> bool:
    """Whether a request shows the write key: Basic (as the user), Bearer, or `writeKey` in its body.

    One right key is enough: a client that sends an OAuth token as Bearer has the write key in its body. Compared in
    constant time. Without a write key of our own nobody may.
    """
    if not write_key:
        return False
    ours = write_key.encode()
    shown = [
        hmac.compare_digest(candidate.encode("utf-8", "replace"), ours) for candidate in _shown(authorization, body)
    ]
    return any(shown)


def _shown(authorization: str, body: Mapping[str, object]) -> Iterator[str]:
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() == "basic":
        with suppress(binascii.Error, ValueError):
            yield base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
    elif scheme.lower() == "bearer":
        yield credentials.strip()
    in_body = body.get("writeKey")
    if isinstance(in_body, str):
        yield in_body
