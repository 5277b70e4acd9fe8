"""What a fact about a lead can be: enough values of it to tell apart everything that conditions ask of it.

Conditions about one field, or one question about the past, are judged together, by the production rules, over values
chosen so that no other value could make them come out otherwise. Where that cannot be had (two fields compared with
each other, the order of texts, whole words in a text), each part may come out as it likes: more seems possible than is,
never less. So what is found impossible is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise, product
from math import ceil, floor
from typing import Any

from nurture.authoring.meaning.truths import ANY, BIT, FAILS, HOLDS, Part
from nurture.facts import GRADES, STAGES, Known
from nurture.grammar.fields import SCOPES
from nurture.grammar.matchers import same_name
from nurture.grammar.numeric import as_number
from nurture.grammar.tree import Asked, Comparison, Empty, Field, FreeMail, Listing, Literal, Matches, Truth, Value
from nurture.rules.judging import Judge, judge

Outcome = tuple[int, ...]
"""How the parts that ask about one fact come out together: a bit, or some, for each."""
Bounds = tuple[float | None, float | None]
"""The least and the most that a number can be; None where there is no bound."""

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_OTHER = "\u00a7 another text"
_YES_OR_NO: tuple[object, ...] = (True, False, "yes", "no", "true", "false", 1, 0, "1", "0")
_MOST_FREE = 6
_ORDERS = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class Given:
    """What is settled before a condition is judged.

    Attributes:
        values: the only values that a field can have, by its name such as `lead.stage`; None where it may be empty.
        never: questions about the past that are surely answered with no, as (function, argument).
        bounds: of numbers, by the name of the field.
    """

    values: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    never: frozenset[tuple[str, str]] = frozenset()
    bounds: Mapping[str, Bounds] = field(default_factory=dict)


_USUAL: Mapping[str, tuple[object, ...]] = {"lead.stage": STAGES, "lead.grade": (*GRADES, None)}
_USUAL_BOUNDS: Mapping[str, Bounds] = {"lead.cycle": (1, None)}
_NEVER_EMPTY = frozenset({"lead.email", "lead.cycle", "lead.score"})


@lru_cache(maxsize=8192)
def subject(one: Part) -> str:
    """What a part asks about: parts of one subject are judged together, parts of two do not touch each other."""
    part = one.tree
    if isinstance(part, Asked):
        return f"{part.function}({_same(part)})"
    if isinstance(part, Field):
        return str(part)
    if isinstance(part, Empty | Matches | FreeMail):
        return str(part.operand)
    if isinstance(part, Comparison):
        values = (part.first, part.rest[0][1])
        fields = [value for value in values if isinstance(value, Field)]
        if len(fields) == 1 and all(isinstance(value, Field | Literal | Listing) for value in values):
            return str(fields[0])
    return f"({part})"


def together(about: str, asked: Sequence[Part], given: Given) -> Sequence[Outcome]:
    """Every way in which the parts that ask about one subject can come out together."""
    if isinstance(asked[0].tree, Asked):
        return list(dict.fromkeys(_past(asked, given)))
    if about.startswith("("):
        return [(ANY,) * len(asked)]
    name = next(value for value in _values_of(asked[0].tree) if isinstance(value, Field))
    only = given.values.get(about, _USUAL.get(about))
    return _about_field(name, tuple(asked), only, given.bounds.get(about, _USUAL_BOUNDS.get(about, (None, None))))


def _past(asked: Sequence[Part], given: Given) -> Iterator[Outcome]:
    questions = [part.tree for part in asked if isinstance(part.tree, Asked)]
    yield (FAILS,) * len(questions)
    if (questions[0].function, questions[0].argument) in given.never:
        return
    spans = sorted({question.days for question in questions if question.days is not None})
    for age in (*spans, (spans or [0])[-1] + 1):
        yield tuple(HOLDS if part.days is None or age <= part.days else FAILS for part in questions)


def _same(question: Asked) -> str:
    argument = question.argument
    if question.function in ("did", "answered"):
        return same_name(argument)
    return argument.casefold() if question.function == "visited" else argument


@lru_cache(maxsize=4096)
def _about_field(
    name: Field, asked: tuple[Part, ...], only: tuple[object, ...] | None, bounds: Bounds
) -> tuple[Outcome, ...]:
    return tuple(dict.fromkeys(_ways(name, asked, only, bounds)))


def _ways(name: Field, asked: Sequence[Part], only: Sequence[object] | None, bounds: Bounds) -> Iterator[Outcome]:
    if only is not None:
        for value in only:
            yield tuple(BIT[held] for held in _judged(name, value, asked))
        return
    free = [index for index, part in enumerate(asked) if _is_free(part.tree)]
    for value in _candidates(name, asked, bounds):
        held = [BIT[one] for one in _judged(name, value, asked)]
        if isinstance(value, list) or (value == _OTHER and len(free) > _MOST_FREE):
            yield tuple(ANY if index in free else bits for index, bits in enumerate(held))
        elif value == _OTHER:
            yield from _freed(held, free, asked)
        else:
            yield tuple(held)


def _freed(held: list[int], free: list[int], asked: Sequence[Part]) -> Iterator[Outcome]:
    """Some text that is none of those named: whole words may or may not stand in it."""
    for choice in product((HOLDS, FAILS), repeat=len(free)):
        for index, bit in zip(free, choice, strict=True):
            held[index] = bit
        if not _breaks_words(held, free, asked):
            yield tuple(held)


def _breaks_words(held: list[int], free: list[int], asked: Sequence[Part]) -> bool:
    """Whether a text would hold one of some words, and yet none of more words."""
    words = [(held[i], {w.casefold() for w in part.words}) for i in free if isinstance(part := asked[i].tree, Matches)]
    return any(one == HOLDS and other == FAILS and fewer <= more for one, fewer in words for other, more in words)


def _is_free(part: Truth) -> bool:
    """Whether a part can come out either way for a text that nothing else is known of."""
    if isinstance(part, Matches | FreeMail):
        return True
    if not isinstance(part, Comparison):
        return False
    operator, right = part.rest[0]
    if isinstance(right, Field):
        return operator in ("in", "not in", *_ORDERS)
    return operator in _ORDERS and any(isinstance(value, str) for value in _fixed(part))


def _candidates(name: Field, asked: Sequence[Part], bounds: Bounds) -> list[object]:
    said = str(name)
    kind = SCOPES[name.scope].get(".".join(name.path), "any")
    fixed = [value for part in asked for value in _fixed(part.tree)]
    found: list[object] = [] if said in _NEVER_EMPTY else [None]
    numbers = _numbers(fixed)
    if kind == "number":
        return found + _within(_near(numbers, whole=said != "lead.score"), *bounds)
    texts = [value for value in fixed if isinstance(value, str)]
    found += [*texts, _OTHER]
    if kind == "any":
        near = _near(numbers, whole=False)
        found += [*_YES_OR_NO, *near, *(f"{number:.6f}" for number in near), [_OTHER]]
    return found


def _within(numbers: list[object], least: float | None, most: float | None) -> list[object]:
    kept = [number for number in numbers if isinstance(number, int | float)]
    ends = [end for end in (least, most) if end is not None]
    return [n for n in (*kept, *ends) if (least is None or n >= least) and (most is None or n <= most)]


def _near(numbers: list[float], *, whole: bool) -> list[object]:
    """The numbers, and at least one below, one above, and one between each two of them."""
    if not numbers:
        return [0]
    ends = [numbers[0] - 1, *numbers, numbers[-1] + 1]
    if not whole:
        return [*ends, *((one + other) / 2 for one, other in pairwise(ends))]
    return [*sorted({near for number in ends for near in (floor(number), ceil(number), floor(number) + 1)})]


def _numbers(fixed: Sequence[object]) -> list[float]:
    numbers = (as_number(value) if isinstance(value, str) else value for value in fixed)
    return sorted({number for number in numbers if isinstance(number, int | float) and not isinstance(number, bool)})


def _fixed(part: Truth) -> list[object]:
    found: list[object] = []
    for value in _values_of(part):
        if isinstance(value, Literal):
            found.append(value.value)
        elif isinstance(value, Listing):
            found += [item.value for item in value.items]
    return found


def _values_of(part: Truth) -> list[Value]:
    if isinstance(part, Comparison):
        return [part.first, *(value for _, value in part.rest)]
    if isinstance(part, Empty | Matches | FreeMail):
        return [part.operand]
    return [part] if isinstance(part, Field) else []


def _judged(name: Field, value: object, asked: Sequence[Part]) -> list[bool | None]:
    holder: object = value
    for part in reversed(name.path):
        holder = {part: holder}
    scope = holder if isinstance(holder, dict) else {}
    of: dict[str, Any] = {"lead": {}, name.scope: scope}
    known = Known(now=_NOW, **of)
    return [_judge(part)(known) for part in asked]


@lru_cache(maxsize=8192)
def _judge(part: Part) -> Judge:
    return judge(part.tree)
