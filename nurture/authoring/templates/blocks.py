"""Which `{% if %}` has which `{% endif %}`, also where some have none."""

from collections.abc import Iterator, Sequence

from nurture.authoring.templates.brackets import BETWEEN, NEEDS_END, WORDS, Bracket
from nurture.authoring.templates.codes import JINJA, PART
from nurture.authoring.templates.foreign import Advice
from nurture.grammar.mistakes import nearest

_Opened = list[tuple[str, Bracket]]


def unpaired(every: Sequence[Bracket]) -> Iterator[tuple[Advice | None, Bracket]]:
    """Give the statements that begin nothing, end nothing, or stand between nothing.

    Without advice come those that belong to a statement of which something else was told already.
    """
    opened: _Opened = []
    for bracket in every:
        word = _word(bracket)
        ended = word.removeprefix("end")
        if word in NEEDS_END and (word != "set" or "=" not in bracket.inner):
            opened.append((word, bracket))
        elif word in BETWEEN:
            yield from _between(word, bracket, opened)
        elif word != ended and word in WORDS:
            yield from _end(ended, bracket, opened)
    for word, bracket in opened:
        yield _unended(word, bracket), bracket


def _word(bracket: Bracket) -> str:
    word = bracket.words[0] if bracket.words else ""
    if bracket.faults and word not in WORDS:
        return "if" if word == "fi" else nearest(word, NEEDS_END) or ""
    return word


def _between(word: str, bracket: Bracket, opened: _Opened) -> Iterator[tuple[Advice | None, Bracket]]:
    if not opened or opened[-1][0] not in BETWEEN[word]:
        advice = Advice(JINJA, f"{{% {word} %}} stands in no {{% if %}}", "write {% if … %} before it")
        yield (None if bracket.faults else advice), bracket
    elif opened[-1][1].faults:
        yield None, bracket


def _end(ended: str, bracket: Bracket, opened: _Opened) -> Iterator[tuple[Advice | None, Bracket]]:
    if not any(name == ended for name, _ in opened):
        yield Advice(JINJA, f"{{% end{ended} %}} ends nothing", f"{{% {ended} … %}} is missing before it"), bracket
        return
    while opened[-1][0] != ended:
        word, inner = opened.pop()
        yield _unended(word, inner), inner
    _, opener = opened.pop()
    if opener.faults:
        yield None, bracket


def _unended(word: str, bracket: Bracket) -> Advice | None:
    if bracket.faults:
        return None
    code = PART if word in {"block", "macro", "call"} else JINJA
    return Advice(code, f"{{% {word} %}} is not ended", f"{{% end{word} %}} is missing behind it")
