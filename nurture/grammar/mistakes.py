"""What is wrong with a piece of text, in words that its author understands."""

from collections.abc import Iterable
from difflib import get_close_matches


class Mistake(ValueError):
    """A value that cannot be taken.

    Attributes:
        hint: what to write instead, or None.
        offset: how many characters into the text the mistake lies; None where it is the whole of it.
        path: keys and indices below the value, where the value is a list or a mapping and only a part of it is wrong.
        at_key: whether the mistake is the last key of the path itself, not what stands there.
    """

    topic = "value"
    """Which part of the grammar was broken; the table of problem codes knows every topic."""

    def __init__(
        self, message: str, *, hint: str | None = None, offset: int | None = None, path: tuple[str | int, ...] = ()
    ) -> None:
        """Keep the parts apart, so that a reader of files can put them together with a position."""
        self.message, self.hint, self.offset, self.path = message, hint, offset, path
        self.at_key = False
        super().__init__(f"{message} ({hint})" if hint else message)

    def below(self, *path: str | int, at_key: bool = False) -> "Mistake":
        """The same mistake, seen from the value that holds this one at `path`."""
        self.path = path + self.path
        self.at_key = self.at_key or at_key
        return self


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice nearest to `word`, whatever its case; None where nothing is near."""
    by_fold = {choice.casefold(): choice for choice in choices}
    # difflib takes time that grows with the square of the length; nobody means a word of a thousand letters.
    near = get_close_matches(word[:80].casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """The hint that names the nearest choice; None where nothing is near."""
    near = nearest(word, choices)
    return f"did you mean `{near}`?" if near else None


def one_of(choices: Iterable[str]) -> str:
    """`a, b or c`."""
    words = [f"`{choice}`" for choice in choices]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def quoted(value: object) -> str:
    """What was written, short enough for one line."""
    text = " ".join(str(value).split())
    return f"`{text[:40]}…`" if len(text) > 40 else f"`{text}`"
