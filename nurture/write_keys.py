"""The write keys out of `WRITE_KEY`: one for all, or several with names, so that one can be changed by itself.

A key's name is the source of the events sent with it. It, not the key, is what a `messageId` is unique within: a key
can be replaced, and what its holder sends again is still known.
"""

import re

from nurture.errors import SettingsError

BARE = "segment"
"""The name of a key that has none."""

RESERVED = frozenset({"mail", "survey", "tracker", "import"})
"""Sources of events that come in other ways."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_KEY = re.compile(r"[!-9;-~]+")  # printable ASCII but the colon, at which Basic authentication ends the user's name


def read_write_keys(text: str) -> dict[str, str]:
    """The name of each key.

    Args:
        text: `KEY`, or `name:KEY,name:KEY…`.

    Raises:
        SettingsError: It is neither; the message shows no key.
    """
    if "," not in text and ":" not in text:
        return {_checked(text, "the key"): BARE}
    keys: dict[str, str] = {}
    for number, part in enumerate((part.strip() for part in text.split(",")), start=1):
        name, colon, key = part.partition(":")
        name = name.strip()
        if not colon:
            raise SettingsError(f"WRITE_KEY: part {number} has no name; say website:KEY,app:KEY")
        if not _NAME.fullmatch(name):
            # Who swapped the two would have the key in the log: the name is not shown.
            raise SettingsError(f"WRITE_KEY: the name in part {number} is no word of a-z, 0-9, - and _")
        if name in RESERVED:
            raise SettingsError(f"WRITE_KEY: the name {name} is taken by events of our own; say {name}-events:KEY")
        if name in keys.values():
            raise SettingsError(f"WRITE_KEY: the name {name} is there twice; a name has one key")
        key = _checked(key.strip(), f"the key of {name}")
        if key in keys:
            raise SettingsError(f"WRITE_KEY: {keys[key]} and {name} have the same key; each needs its own")
        keys[key] = name
    return keys


def _checked(key: str, whose: str) -> str:
    if not key:
        raise SettingsError(f"WRITE_KEY: {whose} is empty")
    if not _KEY.fullmatch(key):
        raise SettingsError(f"WRITE_KEY: {whose} has a space, a colon or a sign beyond ASCII; say letters and digits")
    return key
