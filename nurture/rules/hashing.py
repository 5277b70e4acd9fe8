"""Choices that look random and never change: the same lead and step get the same minute, everywhere and for ever."""

from hashlib import blake2b


def pick(choices: int, purpose: str, *parts: str) -> int:
    """One of `range(choices)`, evenly spread over all `parts` and the same on every machine and in every year.

    It is a 64-bit BLAKE2b (RFC 7693) of `purpose` and the parts, joined by NUL bytes, scaled to `choices` by
    multiplication: floor(hash · choices / 2^64). Two purposes give independent choices for the same parts.

    Raises:
        ValueError: if there is nothing to choose from.
    """
    if choices < 1:
        raise ValueError(f"nothing to choose from: choices is {choices}, it must be at least 1")
    hashed = blake2b("\0".join((purpose, *parts)).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(hashed.digest(), "big") * choices >> 64
