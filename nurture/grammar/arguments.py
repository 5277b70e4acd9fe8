"""Fixed values in a condition: what stands in lists and brackets."""

from jinja2 import nodes

from nurture.grammar.paths import PageMistake, parse_page
from nurture.grammar.tokens import ConditionError
from nurture.grammar.tree import Listing, Literal

_BESIDE_LETTERS = " &.,'’/+#_-@"
_WITH_DAYS: tuple[str, ...] = ("visited", "did")
_MOST_DAYS = 3_650
_WHAT: dict[type[nodes.Node], str] = {
    nodes.Getitem: "parts in square brackets",
    nodes.CondExpr: "`if … else`",
    nodes.Dict: "mappings",
    nodes.Neg: "a minus before anything but a number",
    nodes.Pos: "a plus",
    nodes.Const: "a fixed value alone",
    nodes.List: "a list alone",
    nodes.Tuple: "a list alone",
}


def start_of(node: nodes.Node) -> int:
    """The offset where the text of a node begins. Jinja's own place of a node is often that of its operator."""
    while True:
        match node:
            case nodes.Compare():
                node = node.expr
            case nodes.And() | nodes.Or():
                node = node.left
            case nodes.CondExpr():
                node = node.expr1
            case nodes.Getattr() | nodes.Getitem() | nodes.Call() | nodes.Filter() | nodes.Test() if node.node:
                node = node.node
            case _:
                return node.lineno


def refused(node: nodes.Node) -> ConditionError:
    """The error for a node that means nothing to us."""
    what = _WHAT.get(type(node), "this")
    return ConditionError(f"a condition cannot say {what}", offset=start_of(node))


def literal(node: nodes.Node) -> Literal:
    """A fixed text, number, `true` or `false`.

    Raises:
        ConditionError: it is none of them.
    """
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
        number = node.node.value
        if isinstance(number, int | float) and not isinstance(number, bool):
            return Literal(-number)
    if isinstance(node, nodes.Const):
        if node.value is None:
            raise ConditionError("nothing compares with `none`", hint="write `is empty`", offset=node.lineno)
        return Literal(node.value)
    raise refused(node)


def listing(node: nodes.List | nodes.Tuple) -> Listing:
    """A list of fixed values.

    Raises:
        ConditionError: it is empty, or something else stands in it.
    """
    if not node.items:
        raise ConditionError("the list is empty", offset=node.lineno)
    for item in node.items:
        if not isinstance(item, nodes.Const | nodes.Neg):
            raise ConditionError("a list holds only text and numbers", offset=start_of(item))
    return Listing(tuple(map(literal, node.items)))


def words(node: nodes.Filter) -> tuple[str, ...]:
    """The words that the filter `matches` looks for.

    Raises:
        ConditionError: a word is empty, or has a character that only patterns have.
    """
    found = tuple(" ".join(word.split()) for word in text_argument(node, "matches").split("|"))
    if not all(found):
        raise ConditionError("there is an empty word between the `|`", offset=node.args[0].lineno)
    for word in found:
        odd = next((character for character in word if not (character.isalnum() or character in _BESIDE_LETTERS)), None)
        if odd:
            raise ConditionError(
                f"`matches` takes whole words, not patterns: `{odd}`",
                hint="such as `matches('vp|head of sales')`",
                offset=node.args[0].lineno,
            )
    return found


def page(pattern: str, offset: int) -> str:
    """The pattern of pages that `visited` asks about.

    Raises:
        ConditionError: it is none.
    """
    try:
        return parse_page(pattern)
    except PageMistake as mistake:
        raise ConditionError(mistake.message, hint=mistake.hint, offset=offset) from None


def text_argument(node: nodes.Call | nodes.Filter, name: str) -> str:
    """The one fixed text that a filter or a function takes.

    Raises:
        ConditionError: there is none, or more.
    """
    at = start_of(node) if isinstance(node, nodes.Call) else node.lineno
    if node.dyn_args or node.dyn_kwargs:
        raise ConditionError(f"`{name}` takes one text", offset=at)
    if len(node.args) == 1 and isinstance(node.args[0], nodes.Const) and isinstance(node.args[0].value, str):
        text = node.args[0].value.strip()
        if text and (isinstance(node, nodes.Call) or not node.kwargs):
            return text
    raise ConditionError(f"`{name}` takes one text", hint=f"write `{name}('…')`", offset=at)


def days(node: nodes.Call, function: str) -> int | None:
    """How many days back a function looks; None: ever.

    Raises:
        ConditionError: the function takes no days, or they are no number of days.
    """
    if not node.kwargs:
        return None
    first = node.kwargs[0]
    if function not in _WITH_DAYS:
        raise ConditionError(f"`{function}` takes one text and nothing else", offset=first.lineno)
    if len(node.kwargs) > 1 or first.key != "days":
        raise ConditionError(f"`{function}` takes a text and `days`", hint="such as `days=30`", offset=first.lineno)
    number = getattr(first.value, "value", None)
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= _MOST_DAYS:
        raise ConditionError(f"`days` is a whole number from 1 to {_MOST_DAYS}", offset=first.lineno)
    return number


def no_arguments(node: nodes.Filter | nodes.Test, name: str) -> None:
    """Make sure that nothing stands in brackets after the name.

    Raises:
        ConditionError: something does.
    """
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise ConditionError(f"`{name}` takes nothing in brackets", offset=node.lineno)
