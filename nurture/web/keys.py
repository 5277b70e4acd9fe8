"""Who may: a write key to send events, the API key to look. Compared in constant time."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256


class WriteKeys:
    """The write keys of this installation, each with its name. None: nobody may send events."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Args: names: of each key, as `Settings.write_keys`."""
        # Looked up by digest: how long a look-up takes says nothing of the keys.
        self._names = {sha256(key.encode()).digest(): name for key, name in names.items()}

    def name_of(self, key: object) -> str | None:
        """The name of a key; None where it is none of ours."""
        return self._names.get(sha256(key.encode("utf-8", "replace")).digest()) if isinstance(key, str) else None

    def shown(self, authorization: str, x_write_key: str, body: Mapping[str, object]) -> str | None:
        """The name of the first right key that a request shows.

        Looked for in Basic credentials (as the user), Bearer, `X-Write-Key`, and `writeKey` in the body. One right key
        is enough: a client that sends an OAuth token as Bearer has the write key in its body.
        """
        for key in _shown(authorization):
            if key and (name := self.name_of(key)) is not None:
                return name
        return self.name_of(x_write_key) or self.name_of(body.get("writeKey"))


class LookingKeys:
    """The API keys of the environment, with which people look at the overview."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Args: keys: of whatever name."""
        self._digests = frozenset(sha256(key.encode()).digest() for key in keys)

    def shown(self, authorization: str) -> bool:
        """Whether a request shows one: Bearer for programs, Basic (as user or password) for people in a browser."""
        digests = (sha256(one.encode("utf-8", "replace")).digest() for one in _shown(authorization))
        return not self._digests.isdisjoint(digests)


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
