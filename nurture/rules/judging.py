"""A condition's tree made into one function, built once and called for every lead."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from nurture.facts import EventFact, Known
from nurture.grammar.matchers import same_name
from nurture.grammar.paths import path_matcher, plain_path
from nurture.grammar.tree import (
    And,
    Asked,
    Comparison,
    Empty,
    Field,
    FreeMail,
    Length,
    Listing,
    Literal,
    Matches,
    Not,
    Or,
    Truth,
    Value,
)
from nurture.rules.comparison import ORDER, among, compare, fold, known_value, within, yes_or_no
from nurture.rules.free_mail import is_free_mail

Judge = Callable[[Known], bool | None]
Reader = Callable[[Known], object]
_PLAIN_NUMBERS = (int, float)


def judge(tree: Truth) -> Judge:
    """The function that says whether what the tree says holds, does not hold, or cannot be known (None)."""
    match tree:
        case And():
            return _all([judge(item) for item in tree.items])
        case Or():
            return _any([judge(item) for item in tree.items])
        case Not():
            return _not(judge(tree.operand))
        case Comparison():
            return _comparison(tree)
        case Asked():
            return asked(tree)
        case Field():
            read = reader(tree)
            return lambda known: yes_or_no(read(known))
        case Literal():
            always = bool(tree.value)
            return lambda known: always
        case _:
            return _about_one_field(tree)


def reader(value: Value) -> Reader:
    """The function that reads a value; None where it is empty."""
    match value:
        case Field():
            return _field(value)
        case Length():
            measured = _field(value.operand)
            return lambda known: _length(measured(known))
        case Literal():
            fixed = value.value
            return lambda known: fixed
        case Listing():
            items = tuple(item.value for item in value.items)
            return lambda known: items


def asked(question: Asked) -> Judge:
    """The function that answers a question about what the lead did or received. Never unknown."""
    if question.function == "received":
        step = question.argument
        return lambda known: step in known.received
    return lambda known: last_time(question, known) is not None


def last_time(question: Asked, known: Known) -> datetime | None:
    """When the lead did last what the question asks for, within its days; None where it did not."""
    is_meant = _meant(question, known)
    since = None if question.days is None else known.now - timedelta(days=question.days)
    times = (
        event.occurred_at
        for event in known.events
        if event.occurred_at <= known.now and (since is None or event.occurred_at >= since) and is_meant(event)
    )
    return max(times, default=None)


def _meant(question: Asked, known: Known) -> Callable[[EventFact], bool]:
    argument = question.argument
    match question.function:
        case "visited":
            takes = path_matcher(argument)
            return lambda event: event.kind == "page" and event.path is not None and takes(plain_path(event.path))
        case "clicked":
            campaign = known.campaign.get("id")
            return lambda event: event.kind == "click" and event.step == argument and event.campaign == campaign
        case "did":
            kind = "track"
        case _:
            kind = "answer"
    name = same_name(argument)
    return lambda event: event.kind == kind and event.name is not None and same_name(event.name) == name


def _all(judges: list[Judge]) -> Judge:
    def every(known: Known) -> bool | None:
        result: bool | None = True
        for one in judges:
            held = one(known)
            if held is False:
                return False
            if held is None:
                result = None
        return result

    return every


def _any(judges: list[Judge]) -> Judge:
    def some(known: Known) -> bool | None:
        result: bool | None = False
        for one in judges:
            held = one(known)
            if held:
                return True
            if held is None:
                result = None
        return result

    return some


def _not(inner: Judge) -> Judge:
    def opposite(known: Known) -> bool | None:
        held = inner(known)
        return None if held is None else not held

    return opposite


def _comparison(comparison: Comparison) -> Judge:
    judges = []
    left = comparison.first
    for sign, right in comparison.rest:
        judges.append(_pair(left, sign, right))
        left = right
    return judges[0] if len(judges) == 1 else _all(judges)


def _pair(left: Value, sign: str, right: Value) -> Judge:
    if sign in ("in", "not in"):
        inside = _inside(left, right)
        return inside if sign == "in" else _not(inside)
    one, other = reader(left), reader(right)
    if isinstance(right, Literal) and not isinstance(right.value, bool):
        if isinstance(left, Field) and left.scope == "lead" and len(left.path) == 1 and isinstance(right.value, str):
            return _field_against(left.path[0], sign, right.value)
        return _against(one, sign, right.value)
    return lambda known: compare(sign, one(known), other(known))


def _against(read: Reader, sign: str, fixed: str | int | float) -> Judge:
    """`compare` with a fixed text or number: what conditions ask most often, so its kind is looked at only once."""
    order = ORDER[sign]
    if isinstance(fixed, str):
        folded = fold(fixed)

        def text(known: Known) -> bool | None:
            value = read(known)
            return order(fold(value), folded) if isinstance(value, str) else compare(sign, value, fixed)

        return text

    def number(known: Known) -> bool | None:
        value = read(known)
        return order(value, fixed) if type(value) in _PLAIN_NUMBERS else compare(sign, value, fixed)

    return number


def _field_against(name: str, sign: str, fixed: str) -> Judge:
    """The same for a field of the lead and a text: what campaigns' exit lines ask whenever anything is decided."""
    order, folded = ORDER[sign], fold(fixed)

    def text(known: Known) -> bool | None:
        value = known.lead.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            told = fold(value)
            return order(told, folded) if told else None
        return compare(sign, known_value(value), fixed)

    return text


def _inside(left: Value, right: Value) -> Judge:
    read = reader(left)
    if not isinstance(right, Listing):
        holder = reader(right)
        return lambda known: within(read(known), holder(known))
    items = tuple(item.value for item in right.items)
    folded = frozenset(fold(item) for item in items if isinstance(item, str))
    only_text = len(items) == sum(isinstance(item, str) for item in items)

    def listed(known: Known) -> bool | None:
        value = read(known)
        if value is None:
            return None
        if only_text and isinstance(value, str):
            return fold(value) in folded
        return among(value, items)

    return listed


def _about_one_field(tree: Empty | Matches | FreeMail) -> Judge:
    read = _field(tree.operand)
    match tree:
        case Empty():
            return lambda known: read(known) is None
        case Matches():
            return _matches(read, tree.words)
        case FreeMail():
            return lambda known: is_free_mail(value) if isinstance(value := read(known), str) else None


def _matches(read: Reader, words: tuple[str, ...]) -> Judge:
    # Only fixed words, so that the time is linear in the text whatever stands in it.
    spelt = "|".join(r"\s+".join(map(re.escape, fold(word).split())) for word in words)
    search = re.compile(rf"(?<!\w)(?:{spelt})(?!\w)").search

    def found(known: Known) -> bool | None:
        value = read(known)
        return search(fold(value)) is not None if isinstance(value, str) else None

    return found


def _field(name: Field) -> Reader:
    scope, path = name.scope, name.path
    first, rest = path[0], path[1:]
    if scope == "lead" and not rest:
        return lambda known: known_value(known.lead.get(first))

    def read(known: Known) -> object:
        value: object = getattr(known, scope)
        for part in path:
            if not isinstance(value, Mapping):
                return None
            value = value.get(part)
        return known_value(value)

    return read


def _length(value: object) -> int | None:
    return len(value) if isinstance(value, str | list | tuple | set | frozenset | Mapping) else None
