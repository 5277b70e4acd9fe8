"""Which `{% if %}` has which `{% endif %}`, also where some have none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nurture.authoring.templates.brackets import Bracket
from nurture.authoring.templates.codes import JINJA, PART
from nurture.authoring.templates.foreign import Advice
from nurture.authoring.templates.statements import BETWEEN, NEEDS_END, WORDS
from nurture.grammar.mistakes import nearest


@dataclass(slots=True)
class _Opened:
    """A statement that needs an end, and the `{% else %}` and `{% elif %}` met since."""

    word: str
    bracket: Bracket
    between: list[Bracket] = field(default_factory=list)

    def parts(self) -> list[Bracket]:
        """All of it but its end."""
        return [self.bracket, *self.between]


Fault = tuple[Advice | None, Bracket]


def unpaired(every: Sequence[Bracket]) -> Iterator[Fault]:
    """Give the statements that begin nothing, end nothing, or stand between nothing.

    Without advice come those that belong to a statement of which something else was told already.
    """
    opened: list[_Opened] = []
    for bracket in every:
        word = _word(bracket)
        ended = word.removeprefix("end")
        if word in NEEDS_END and (word != "set" or "=" not in bracket.inner):
            opened.append(_Opened(word, bracket))
        elif word in BETWEEN:
            yield from _between(word, bracket, opened)
        elif word != ended and word in WORDS:
            yield from _end(ended, bracket, opened)
    for left in opened:
        yield from _left_open(left)


def _word(bracket: Bracket) -> str:
    word = bracket.words[0] if bracket.words else ""
    if bracket.faults and word not in WORDS:
        return "if" if word == "fi" else nearest(word, NEEDS_END) or ""
    return word


def _between(word: str, bracket: Bracket, opened: list[_Opened]) -> Iterator[Fault]:
    if opened and opened[-1].word in BETWEEN[word]:
        opened[-1].between.append(bracket)
        return
    advice = Advice(JINJA, f"{{% {word} %}} stands in no {{% if %}}", "write {% if … %} before it")
    yield (None if bracket.faults else advice), bracket


def _end(ended: str, bracket: Bracket, opened: list[_Opened]) -> Iterator[Fault]:
    if not any(one.word == ended for one in opened):
        advice = Advice(JINJA, f"{{% end{ended} %}} ends nothing", f"{{% {ended} … %}} is missing before it")
        yield (None if bracket.faults else advice), bracket
        return
    while opened[-1].word != ended:
        yield from _left_open(opened.pop())
    begun = opened.pop()
    if begun.bracket.faults or bracket.faults:
        yield from ((None, part) for part in (*begun.parts(), bracket))


def _left_open(left: _Opened) -> Iterator[Fault]:
    word, told = left.word, left.bracket.faults
    code = PART if word in {"block", "macro", "call"} else JINJA
    advice = Advice(code, f"{{% {word} %}} is not ended", f"{{% end{word} %}} is missing behind it")
    yield (None if told else advice), left.bracket
    yield from ((None, part) for part in left.between)
