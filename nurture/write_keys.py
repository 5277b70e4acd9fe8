"""The keys out of `WRITE_KEY` and `API_KEY`: one for all, or several with names, so that one can be changed by itself.

A write key's name is the source of the events sent with it. It, not the key, is what a `messageId` is unique within: a
key can be replaced, and what its holder sends again is still known. The name of an API key says who did what was done
with it.
"""

import re
from dataclasses import dataclass

from nurture.errors import SettingsError

BARE = "segment"
"""The name of a key that has none."""

BARE_API = "api"
"""The name of an API key that has none."""

RESERVED = frozenset({"mail", "survey", "tracker", "import"})
"""Sources of events that come in other ways."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_KEY = re.compile(r"[!-9;-~]+")  # printable ASCII but the colon, at which Basic authentication ends the user's name


def read_write_keys(text: str) -> dict[str, str]:
    """The name of each write key.

    Args:
        text: `KEY`, or `name:KEY,name:KEY…`.

    Raises:
        SettingsError: It is neither; the message shows no key.
    """
    return _read(text, _Kind("WRITE_KEY", BARE, "website:KEY,app:KEY", RESERVED))


def read_api_keys(text: str) -> dict[str, str]:
    """The name of each API key out of the environment; written and refused alike.

    Raises:
        SettingsError: It is neither one key nor several with names; the message shows no key.
    """
    return _read(text, _Kind("API_KEY", BARE_API, "hubspot:KEY,reports:KEY"))


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a variable with keys is called, the name of a key that has none, how several are written, names taken."""

    variable: str
    bare: str
    example: str
    reserved: frozenset[str] = frozenset()


def _read(text: str, kind: _Kind) -> dict[str, str]:
    if "," not in text and ":" not in text:
        return {_checked(text, "the key", kind): kind.bare}
    keys: dict[str, str] = {}
    for number, part in enumerate((part.strip() for part in text.split(",")), start=1):
        name, colon, key = part.partition(":")
        name = name.strip()
        if not colon:
            raise SettingsError(f"{kind.variable}: part {number} has no name; say {kind.example}")
        if not is_name(name):
            # Who swapped the two would have the key in the log: the name is not shown.
            raise SettingsError(f"{kind.variable}: the name in part {number} is no word of a-z, 0-9, - and _")
        if name in kind.reserved:
            raise SettingsError(
                f"{kind.variable}: the name {name} is taken by events of our own; say {name}-events:KEY"
            )
        if name in keys.values():
            raise SettingsError(f"{kind.variable}: the name {name} is there twice; a name has one key")
        key = _checked(key.strip(), f"the key of {name}", kind)
        if key in keys:
            raise SettingsError(f"{kind.variable}: {keys[key]} and {name} have the same key; each needs its own")
        keys[key] = name
    return keys


def is_name(name: str) -> bool:
    """Whether a key may be called so: a word of a-z, 0-9, - and _, at most 40 signs."""
    return _NAME.fullmatch(name) is not None


def _checked(key: str, whose: str, kind: _Kind) -> str:
    if not key:
        raise SettingsError(f"{kind.variable}: {whose} is empty")
    if not _KEY.fullmatch(key):
        raise SettingsError(
            f"{kind.variable}: {whose} has a space, a colon or a sign beyond ASCII; say letters and digits"
        )
    return key
