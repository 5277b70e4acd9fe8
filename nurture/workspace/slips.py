"""Slips of the keyboard: one letter missing, added, changed, or swapped with its neighbour."""

_LONG = 6
"""Letters from which a changed one is a slip: `state` is no slip of `stage`."""


def is_slip(word: str, meant: str) -> bool:
    """Whether `word` is `meant` with one such slip; also where only an underscore is missing, or one too many."""
    if word == meant:
        return False
    if word.replace("_", "") == meant.replace("_", ""):
        return True
    at = next((at for at, (one, other) in enumerate(zip(word, meant, strict=False)) if one != other), None)
    at = min(len(word), len(meant)) if at is None else at
    typed, wanted = word[at:], meant[at:]
    if len(word) != len(meant):
        longer, shorter = sorted((typed, wanted), key=len, reverse=True)
        return longer[1:] == shorter and longer[0].isalpha()
    if typed[1:] == wanted[1:]:
        return len(meant) >= _LONG and (typed[0] + wanted[0]).isalpha()
    return typed[:2] == wanted[1::-1] and typed[2:] == wanted[2:]
