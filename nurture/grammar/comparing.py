"""Comparisons that could never hold, found before any lead is looked at."""

from nurture.grammar.fields import SCOPES, WORDS, Kind
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.grammar.numeric import as_number
from nurture.grammar.tokens import ConditionError
from nurture.grammar.tree import Comparison, Field, Length, Listing, Literal, Operator, Value, in_quotes


def check_comparison(comparison: Comparison, offset: int) -> None:
    """Refuse what cannot be compared.

    Raises:
        ConditionError: two fixed values, a list in the wrong place, text against a number, a word that is never there.
    """
    left = comparison.first
    for operator, right in comparison.rest:
        _check_pair(left, operator, right, _place(left, right, offset))
        left = right


def _check_pair(left: Value, operator: Operator, right: Value, offset: int) -> None:
    if operator in ("in", "not in"):
        _check_membership(left, right, offset)
        pairs: list[tuple[Value, Value]] = []
        if isinstance(right, Listing):
            pairs = [(left, item) for item in right.items]
    else:
        if isinstance(left, Listing) or isinstance(right, Listing):
            raise ConditionError("a list stands only after `in`", offset=offset)
        pairs = [(left, right)]
    if isinstance(left, Literal) and isinstance(right, Literal | Listing):
        raise ConditionError("this compares two fixed values", hint="names stand without quotes", offset=offset)
    for one, other in pairs:
        _check_kinds(one, other, offset)
        _check_words(one, operator, other, offset)
        _check_words(other, operator, one, offset)


def _check_membership(left: Value, right: Value, offset: int) -> None:
    if isinstance(left, Listing):
        raise ConditionError("a list stands only after `in`", offset=offset)
    if isinstance(right, Literal):
        raise ConditionError("`in` is followed by a list", hint=f"write {quoted(f'[{right}]')}", offset=offset)
    if isinstance(right, Length) or _kind(right) == "number":
        raise ConditionError("`in` is followed by a list, or by a name that holds text", offset=offset)


def _check_kinds(left: Value, right: Value, offset: int) -> None:
    for one, other in ((left, right), (right, left)):
        kind = _kind(one)
        if not isinstance(other, Literal):
            if {kind, _kind(other)} == {"text", "number"} and not isinstance(one, Literal):
                raise ConditionError(f"{quoted(one)} and {quoted(other)} cannot be compared", offset=offset)
        elif kind == "number" and not isinstance(one, Literal) and not _is_numeric(other):
            raise ConditionError(f"{quoted(one)} is a number, {quoted(other)} is not", offset=offset)
        elif kind == "text" and not isinstance(one, Literal) and not isinstance(other.value, str):
            raise ConditionError(f"{quoted(one)} is text", hint=f"write {quoted(in_quotes(str(other)))}", offset=offset)


def _check_words(one: Value, operator: Operator, other: Value, offset: int) -> None:
    words = WORDS.get(str(one)) if isinstance(one, Field) else None
    if not words:
        return
    if operator in ("<", "<=", ">", ">="):
        raise ConditionError(
            f"`{one}` is not a quantity", hint=f"write `{one} in ['{words[0]}', '{words[1]}']`", offset=offset
        )
    if isinstance(other, Literal) and str(other.value).casefold() not in (word.casefold() for word in words):
        raise ConditionError(
            f"{quoted(one)} is never {quoted(other)}; it is {one_of(words)}",
            hint=did_you_mean(str(other.value), words),
            offset=offset,
        )


def _kind(value: Value) -> Kind:
    if isinstance(value, Field):
        return SCOPES[value.scope].get(".".join(value.path), "any")
    if isinstance(value, Length):
        return "number"
    return "any"


def _is_numeric(literal: Literal) -> bool:
    value = literal.value
    return not isinstance(value, bool) and (not isinstance(value, str) or as_number(value) is not None)


def _place(left: Value, right: Value, offset: int) -> int:
    for value in (left, right):
        named = value.operand if isinstance(value, Length) else value
        if isinstance(named, Field):
            return named.at
    return offset
