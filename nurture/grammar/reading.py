"""From Jinja's nodes to our own tree. Every kind of node that is not named here is refused."""

from jinja2 import nodes

from nurture.grammar.arguments import (
    days,
    listing,
    literal,
    no_arguments,
    page,
    refused,
    start_of,
    text_argument,
    words,
)
from nurture.grammar.comparing import check_comparison
from nurture.grammar.fields import SCOPES
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.grammar.naming import function_of, name_of
from nurture.grammar.places import Place
from nurture.grammar.tokens import ConditionError
from nurture.grammar.tree import (
    And,
    Asked,
    Comparison,
    Empty,
    Field,
    FreeMail,
    Length,
    Matches,
    Not,
    Operator,
    Or,
    Truth,
    Value,
)
from nurture.grammar.tree import Literal as Fixed

_OPERATORS: dict[str, Operator] = {
    "eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in",
}  # fmt: skip
_FILTERS = ("matches", "free_mail", "length")
_INSTEAD = {
    "default": "a comparison over an empty field is unknown; ask `is empty`",
    "d": "a comparison over an empty field is unknown; ask `is empty`",
    "lower": "text compares without regard to case; leave it out",
    "upper": "text compares without regard to case; leave it out",
    "count": "write `length`",
    "int": "a number written as text compares as a number; leave it out",
    "float": "a number written as text compares as a number; leave it out",
}


def truth(node: nodes.Node, place: Place) -> Truth:
    """What a node says, where something must be true or false, in a condition that stands in `place`.

    Raises:
        ConditionError: it says something that a condition cannot say, or names what does not exist.
    """
    return _Reader(place).truth(node)


class _Reader:
    """Reads the nodes of one condition."""

    def __init__(self, place: Place) -> None:
        self._place = place

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
                return Fixed(node.value)
        raise refused(node)

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
        check_comparison(comparison, start_of(node))
        return comparison

    def _value(self, node: nodes.Node) -> Value:
        match node:
            case nodes.Getattr() | nodes.Name():
                return self._name(node)
            case nodes.List() | nodes.Tuple():
                return listing(node)
            case nodes.Filter(name="length"):
                no_arguments(node, "length")
                return Length(self._operand(node))
            case nodes.Const() | nodes.Neg():
                return literal(node)
            case nodes.Filter() if node.name in _INSTEAD:
                raise ConditionError(
                    f"`{node.name}` does not belong here", hint=_INSTEAD[node.name], offset=node.lineno
                )
            case (
                nodes.Filter() | nodes.Test() | nodes.Call() | nodes.Not() | nodes.And() | nodes.Or() | nodes.Compare()
            ):
                self.truth(node)
                raise ConditionError(
                    "what is true or false by itself cannot be compared",
                    hint="leave the comparison out",
                    offset=start_of(node),
                )
        raise refused(node)

    def _flag(self, node: nodes.Getattr | nodes.Name) -> Field:
        found = self._name(node)
        if ".".join(found.path) in SCOPES[found.scope]:
            raise ConditionError(
                f"{quoted(found)} alone is neither true nor false",
                hint=f"such as `{found} is not empty`",
                offset=found.at,
            )
        return found

    def _operand(self, node: nodes.Filter | nodes.Test) -> Field:
        if not isinstance(node.node, nodes.Getattr | nodes.Name):
            raise ConditionError(f"{quoted(node.name)} is asked of a name such as `lead.title`", offset=node.lineno)
        return self._name(node.node)

    def _test(self, node: nodes.Test) -> Empty:
        if node.name == "empty":
            no_arguments(node, "is empty")
            return Empty(self._operand(node))
        hint = (
            "write `is empty`" if node.name in ("none", "defined", "undefined") else did_you_mean(node.name, ["empty"])
        )
        raise ConditionError(
            f"there is no {quoted('is ' + node.name)}; there is `is empty`", hint=hint, offset=node.lineno
        )

    def _filter(self, node: nodes.Filter) -> Matches | FreeMail:
        if node.name == "matches":
            return Matches(self._operand(node), words(node))
        if node.name == "free_mail":
            no_arguments(node, "free_mail")
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
        function = function_of(node, self._place)
        argument = text_argument(node, function)
        if function == "visited":
            argument = page(argument, node.args[0].lineno)
        return Asked(function, argument, days(node, function), node.node.lineno)

    def _name(self, node: nodes.Node) -> Field:
        return name_of(node, self._place)
