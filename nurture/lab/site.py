"""What there is to do on the company's site, as the agreement's signals name it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, product
from typing import Literal

from nurture.agreement import Agreement, Signal
from nurture.facts import NOTHING, Known, nothing
from nurture.grammar.matchers import Matcher, path_matches
from nurture.grammar.tree import And, Comparison, Empty, Field, Listing, Matches, Not, Or, Truth, Value
from nurture.grammar.tree import Literal as Fixed
from nurture.rules import conditions

_TRIES = 64
"""So many values are tried for what a signal's `if` asks of an event."""
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be done there: a page's path or a track's name, with properties that make the signal count."""

    signal: str
    kind: Literal["page", "track"]
    name: str
    properties: Mapping[str, object] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True)
class Site:
    """Things by how people come to do them. `unknown` are signals of which nobody can say how they come about."""

    pages: tuple[Thing, ...]
    tracks: tuple[Thing, ...]
    raising: tuple[Thing, ...]
    unknown: tuple[str, ...]


def site_of(agreement: Agreement) -> Site:
    """Read it off the agreement's signals."""
    things: list[tuple[Signal, Thing]] = []
    unknown: list[str] = []
    for name, signal in agreement.signals.items():
        if signal.when.kind not in ("page", "track"):
            continue
        thing = _thing(name, signal.when)
        if thing is None:
            unknown.append(name)
        else:
            things.append((signal, thing))
    calm = [thing for signal, thing in things if not signal.hand_raise]
    return Site(
        pages=tuple(thing for thing in calm if thing.kind == "page"),
        tracks=tuple(thing for thing in calm if thing.kind == "track"),
        raising=tuple(thing for signal, thing in things if signal.hand_raise),
        unknown=tuple(unknown),
    )


def _thing(signal: str, matcher: Matcher) -> Thing | None:
    kind: Literal["page", "track"] = "page" if matcher.kind == "page" else "track"
    name = matcher.pattern or ("/" if kind == "page" else signal)
    if kind == "page":
        name = name.replace("*", "") or "/"
        if matcher.pattern is not None and not path_matches(matcher.pattern, name):
            return None
    if matcher.condition is None:
        return Thing(signal, kind, name)
    for properties in islice(_guesses(matcher.condition.tree), _TRIES):
        if conditions.holds(matcher.condition, Known(_SOME_TIME, NOTHING, event=properties)) is True:
            return Thing(signal, kind, name, properties)
    return None


def _guesses(tree: Truth) -> Iterator[dict[str, object]]:
    """Properties near the values that the condition names: equal to them, one more, one less; yes, where it asks so."""
    wanted: dict[str, list[object]] = {}
    for name, values in _asked(tree):
        wanted.setdefault(name, []).extend(values)
    for chosen in product(*wanted.values()):
        yield dict(zip(wanted, chosen, strict=True))


def _asked(tree: Truth) -> Iterator[tuple[str, list[object]]]:
    """Each property of the event that the tree looks at, with values that it may mean."""
    match tree:
        case And() | Or():
            for item in tree.items:
                yield from _asked(item)
        case Not():
            yield from _asked(tree.operand)
        case Comparison():
            values = (tree.first, *(value for _, value in tree.rest))
            near = [one for value in values for one in _near(value)]
            yield from ((value.path[0], near) for value in values if isinstance(value, Field))
        case Field():
            yield tree.path[0], [True, False]
        case Matches():
            yield tree.operand.path[0], list(tree.words)
        case Empty():
            yield tree.operand.path[0], [None, "something"]


def _near(value: Value) -> list[object]:
    """Values that a comparison with this one may want."""
    if isinstance(value, Listing):
        return [item.value for item in value.items]
    if not isinstance(value, Fixed):
        return []
    fixed = value.value
    return [fixed] if isinstance(fixed, str | bool) else [fixed, fixed + 1, fixed - 1]
