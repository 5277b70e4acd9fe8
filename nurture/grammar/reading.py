"""From Jinja's nodes to our own tree. Every kind of node that is not named here is refused."""

from typing import NoReturn, cast

from jinja2 import nodes

from nurture.grammar.comparing import check_comparison
from nurture.grammar.fields import LEAD, OPEN_SCOPES, SCOPES
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.grammar.paths import PageMistake, parse_page
from nurture.grammar.tokens import ConditionError
from nurture.grammar.tree import (
    And, Asked, Comparison, Empty, Field, FreeMail, Function, Length, Listing, Literal, Matches, Not, Operator, Or, Truth, Value,
)  # fmt: skip

_OPERATORS: dict[str, Operator] = {
    "eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in",
}  # fmt: skip
_FILTERS = ("matches", "free_mail", "length")
_WITH_DAYS: tuple[str, ...] = ("visited", "did")
FUNCTIONS: tuple[Function, ...] = ("visited", "did", "received", "clicked", "answered")
_MOST_DAYS = 3_650
_MOST_PARTS = 5
_INSTEAD = {
    "default": "a comparison over an empty field is unknown; ask `is empty`",
    "d": "a comparison over an empty field is unknown; ask `is empty`",
    "lower": "text compares without regard to case; leave it out",
    "upper": "text compares without regard to case; leave it out",
    "count": "write `length`",
    "int": "a number written as text compares as a number; leave it out",
    "float": "a number written as text compares as a number; leave it out",
}


def truth(node: nodes.Node, *, event: bool) -> Truth:
    """What a node says, where something must be true or false.

    Raises:
        ConditionError: it says something that a condition cannot say, or names what does not exist.
    """
    return _Reader(event).truth(node)


class _Reader:
    """Reads the nodes of one condition."""

    def __init__(self, event: bool) -> None:
        self._scopes = [scope for scope in SCOPES if event or scope != "event"]

    def truth(self, node: nodes.Node) -> Truth:
        match node:
            case nodes.And() | nodes.Or():
                return self._chain(node)
            case nodes.Not():
                return Not(self.truth(node.node))
            case nodes.Compare():
                return self._comparison(node)
            case nodes.Test():
                return self._test(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Call():
                return self._call(node)
            case nodes.Getattr() | nodes.Name():
                return self._flag(node)
            case nodes.Const() if isinstance(node.value, bool):
                return Literal(node.value)
        _refuse(node)

    def _chain(self, node: nodes.And | nodes.Or) -> And | Or:
        kind, made = (nodes.And, And) if isinstance(node, nodes.And) else (nodes.Or, Or)
        items: list[Truth] = []
        rest: list[nodes.Node] = [node]
        while rest:
            next_one = rest.pop()
            if isinstance(next_one, kind):
                rest += [next_one.right, next_one.left]
            else:
                items.append(self.truth(next_one))
        return made(tuple(items))

    def _comparison(self, node: nodes.Compare) -> Comparison:
        first = self._value(node.expr)
        rest = tuple((_OPERATORS[operand.op], self._value(operand.expr)) for operand in node.ops)
        comparison = Comparison(first, rest)
        check_comparison(comparison, node.lineno)
        return comparison

    def _value(self, node: nodes.Node) -> Value:
        match node:
            case nodes.Getattr() | nodes.Name():
                return self._field(node)
            case nodes.List() | nodes.Tuple():
                return _listing(node)
            case nodes.Filter(name="length"):
                _no_arguments(node, "length")
                return Length(self._operand(node))
            case nodes.Const() | nodes.Neg():
                return _literal(node)
            case nodes.Filter() if node.name in _INSTEAD:
                raise ConditionError(f"`{node.name}` is not needed here", hint=_INSTEAD[node.name], offset=node.lineno)
            case (
                nodes.Filter() | nodes.Test() | nodes.Call() | nodes.Not() | nodes.And() | nodes.Or() | nodes.Compare()
            ):
                self.truth(node)
                raise ConditionError(
                    "what is true or false by itself cannot be compared",
                    hint="leave the comparison out",
                    offset=node.lineno,
                )
        _refuse(node)

    def _flag(self, node: nodes.Getattr | nodes.Name) -> Field:
        found = self._field(node)
        if ".".join(found.path) in SCOPES[found.scope]:
            raise ConditionError(
                f"`{found}` alone is neither true nor false", hint=f"such as `{found} is not empty`", offset=found.at
            )
        return found

    def _field(self, node: nodes.Node) -> Field:
        path: list[str] = []
        while isinstance(node, nodes.Getattr):
            path.insert(0, node.attr)
            node = node.node
        if not isinstance(node, nodes.Name):
            _refuse(node)
        scope, at = node.name, node.lineno
        if scope not in self._scopes:
            raise self._unknown_scope(scope, at)
        if not path:
            raise ConditionError(f"`{scope}` alone says nothing", hint=f"such as `{_example(scope)}`", offset=at)
        if any(part.startswith("_") for part in path) or len(path) > _MOST_PARTS:
            raise ConditionError(f"{quoted('.'.join([scope, *path]))} is not a name", offset=at)
        if path[0] not in SCOPES[scope] and scope not in OPEN_SCOPES:
            raise ConditionError(
                f"`{scope}` has no `{path[0]}`; it has {one_of(SCOPES[scope])}",
                hint=did_you_mean(path[0], SCOPES[scope]),
                offset=at,
            )
        if path[0] in SCOPES[scope] and len(path) > 1:
            raise ConditionError(f"`{scope}.{path[0]}` has no parts", hint=f"write `{scope}.{path[0]}`", offset=at)
        return Field(scope, tuple(path), at)

    def _unknown_scope(self, word: str, at: int) -> ConditionError:
        if word == "event":
            return ConditionError("`event` is known only in a signal's `if`", offset=at)
        if word in LEAD:
            return ConditionError(f"`{word}` stands alone", hint=f"did you mean `lead.{word}`?", offset=at)
        if word in FUNCTIONS:
            return ConditionError(f"`{word}` is a function", hint=f"write `{word}('…')`", offset=at)
        hint = did_you_mean(word, [*self._scopes, *(f"lead.{name}" for name in LEAD)])
        return ConditionError(
            f"{quoted(word)} is not known; names begin with {one_of(self._scopes)}", hint=hint, offset=at
        )

    def _operand(self, node: nodes.Filter | nodes.Test) -> Field:
        if not isinstance(node.node, nodes.Getattr | nodes.Name):
            raise ConditionError(f"`{node.name}` is asked of a name such as `lead.title`", offset=node.lineno)
        return self._field(node.node)

    def _test(self, node: nodes.Test) -> Empty:
        if node.name == "empty":
            _no_arguments(node, "is empty")
            return Empty(self._operand(node))
        hint = (
            "write `is empty`" if node.name in ("none", "defined", "undefined") else did_you_mean(node.name, ["empty"])
        )
        raise ConditionError(f"there is no `is {node.name}`; there is `is empty`", hint=hint, offset=node.lineno)

    def _filter(self, node: nodes.Filter) -> Matches | FreeMail:
        if node.name == "matches":
            return Matches(self._operand(node), _words(node))
        if node.name == "free_mail":
            _no_arguments(node, "free_mail")
            return FreeMail(self._operand(node))
        if node.name == "length":
            raise ConditionError(
                "a length is neither true nor false", hint="compare it: `| length >= 3`", offset=node.lineno
            )
        raise ConditionError(
            f"there is no filter {quoted(node.name)}; there are {one_of(_FILTERS)}",
            hint=_INSTEAD.get(node.name) or did_you_mean(node.name, _FILTERS),
            offset=node.lineno,
        )

    def _call(self, node: nodes.Call) -> Asked:
        if not isinstance(node.node, nodes.Name) or node.node.name not in FUNCTIONS:
            name = getattr(node.node, "name", None)
            hint = did_you_mean(name, FUNCTIONS) if isinstance(name, str) else None
            said = f"there is no function {quoted(name)}" if name else "only a function can be called"
            raise ConditionError(f"{said}; there are {one_of(FUNCTIONS)}", hint=hint, offset=node.lineno)
        function = cast(Function, node.node.name)
        argument = _text_argument(node, function)
        if function == "visited":
            argument = _page(argument, node.args[0].lineno)
        return Asked(function, argument, _days(node, function), node.lineno)


def _literal(node: nodes.Node) -> Literal:
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and isinstance(node.node.value, int | float):
        if not isinstance(node.node.value, bool):
            return Literal(-node.node.value)
    if isinstance(node, nodes.Const):
        if node.value is None:
            raise ConditionError("nothing compares with `none`", hint="write `is empty`", offset=node.lineno)
        return Literal(node.value)
    _refuse(node)


def _listing(node: nodes.List | nodes.Tuple) -> Listing:
    if not node.items:
        raise ConditionError("the list is empty", offset=node.lineno)
    for item in node.items:
        if not isinstance(item, nodes.Const | nodes.Neg):
            raise ConditionError("a list holds only text and numbers", offset=item.lineno)
    return Listing(tuple(map(_literal, node.items)))


def _words(node: nodes.Filter) -> tuple[str, ...]:
    words = tuple(" ".join(word.split()) for word in _text_argument(node, "matches").split("|"))
    if not all(words):
        raise ConditionError("there is an empty word between the `|`", offset=node.args[0].lineno)
    for word in words:
        odd = next((character for character in word if not (character.isalnum() or character in " &.,'’/+#_-@")), None)
        if odd:
            raise ConditionError(
                f"`matches` takes whole words, not patterns: `{odd}`",
                hint="such as `matches('vp|head of sales')`",
                offset=node.args[0].lineno,
            )
    return words


def _page(pattern: str, offset: int) -> str:
    try:
        return parse_page(pattern)
    except PageMistake as mistake:
        raise ConditionError(mistake.message, hint=mistake.hint, offset=offset) from None


def _text_argument(node: nodes.Call | nodes.Filter, name: str) -> str:
    if node.dyn_args or node.dyn_kwargs:
        raise ConditionError(f"`{name}` takes one text", offset=node.lineno)
    if len(node.args) == 1 and isinstance(node.args[0], nodes.Const) and isinstance(node.args[0].value, str):
        text = node.args[0].value.strip()
        if text and (isinstance(node, nodes.Call) or not node.kwargs):
            return text
    raise ConditionError(f"`{name}` takes one text", hint=f"write `{name}('…')`", offset=node.lineno)


def _days(node: nodes.Call, function: str) -> int | None:
    if not node.kwargs:
        return None
    first = node.kwargs[0]
    if function not in _WITH_DAYS:
        raise ConditionError(f"`{function}` takes one text and nothing else", offset=first.lineno)
    if len(node.kwargs) > 1 or first.key != "days":
        raise ConditionError(f"`{function}` takes a text and `days`", hint="such as `days=30`", offset=first.lineno)
    days = getattr(first.value, "value", None)
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _MOST_DAYS:
        raise ConditionError(f"`days` is a whole number from 1 to {_MOST_DAYS}", offset=first.lineno)
    return days


def _no_arguments(node: nodes.Filter | nodes.Test, name: str) -> None:
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise ConditionError(f"`{name}` takes nothing in brackets", offset=node.lineno)


def _example(scope: str) -> str:
    return f"{scope}.{next(iter(SCOPES[scope]), 'minutes')}"


_WHAT = {
    nodes.Getitem: "parts in square brackets",
    nodes.CondExpr: "`if … else`",
    nodes.Dict: "mappings",
    nodes.Neg: "a minus before anything but a number",
    nodes.Pos: "a plus",
    nodes.Const: "a fixed value alone",
    nodes.List: "a list alone",
    nodes.Tuple: "a list alone",
}


def _refuse(node: nodes.Node) -> NoReturn:
    what = _WHAT.get(type(node), "this")
    raise ConditionError(f"a condition cannot say {what}", offset=node.lineno)
