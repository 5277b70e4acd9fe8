"""What a value that a rep sets in a CRM means here: `contacted`, `rejected as no_budget`, `nothing`."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from nurture.grammar.mistakes import Mistake, did_you_mean, one_of, quoted
from nurture.grammar.patterns import BLANK, spoken
from nurture.grammar.spoken import Spoken

Word = Literal["nothing", "accepted", "attempted", "contacted", "qualified", "won", "lost", "rejected"]
WORDS: tuple[Word, ...] = get_args(Word)
NEED_A_REASON: frozenset[str] = frozenset({"lost", "rejected"})

_SAID = re.compile(r"([a-z]+)(?:\s+as\s+([A-Za-z0-9][A-Za-z0-9_-]{0,63}))?")


class CrmWordMistake(Mistake):
    """It means nothing."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What somebody said in a CRM; `reason` of the agreement, where the value itself says it."""

    word: Word
    reason: str | None = None

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.word} as {self.reason}" if self.reason else self.word


def parse_meaning(value: object) -> Meaning:
    """Read a word, such as `accepted`, or one with a reason, such as `rejected as no_budget`.

    Raises:
        CrmWordMistake: it is another word, or one that needs no reason has one.
    """
    if isinstance(value, Meaning):
        return value
    said = _SAID.fullmatch(value.strip()) if isinstance(value, str) else None
    word = said[1] if said else str(value)
    for known in WORDS:
        if said and word == known:
            if said[2] and known not in NEED_A_REASON:
                raise CrmWordMistake(f"`{known}` has no reason", hint=f"write `{known}`")
            return Meaning(known, said[2])
    hint = did_you_mean(word, WORDS) or f"write {one_of(WORDS)}; after the last two, `as` and a reject reason"
    raise CrmWordMistake(f"{quoted(value)} is nothing that sales can say of a lead", hint=hint)


CrmMeaning = Annotated[
    Meaning,
    Spoken(
        parse_meaning,
        schema=spoken(
            f"{'|'.join(word for word in WORDS if word not in NEED_A_REASON)}|(?:{'|'.join(sorted(NEED_A_REASON))})"
            f"(?:{BLANK}+as{BLANK}+[A-Za-z0-9][A-Za-z0-9_-]{{0,63}})?",
            ["accepted", "rejected as not_ready"],
            f"write {one_of(WORDS)}; after the last two, `as` and a reject reason",
        ),
    ),
]
"""A word, and for `lost` and `rejected` perhaps a reason."""
