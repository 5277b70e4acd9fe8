"""Names in a condition: which there are, where they may stand, and which was probably meant."""

from jinja2 import nodes

from nurture.grammar.arguments import refused, start_of
from nurture.grammar.fields import LEAD, OPEN_SCOPES, SCOPES
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.grammar.places import FUNCTIONS, IN_CAMPAIGNS, Place
from nurture.grammar.tokens import ConditionError
from nurture.grammar.tree import Field, Function

_MOST_PARTS = 5


def name_of(node: nodes.Node, place: Place) -> Field:
    """The name that a node spells, in a condition that stands in `place`.

    Raises:
        ConditionError: it is no name, or nothing of that name is known there.
    """
    path: list[str] = []
    while isinstance(node, nodes.Getattr):
        path.insert(0, node.attr)
        node = node.node
    if not isinstance(node, nodes.Name):
        raise refused(node)
    scope, at = node.name, node.lineno
    if scope not in place.scopes:
        raise _unknown_scope(scope, at, place)
    if not path:
        raise ConditionError(f"`{scope}` alone says nothing", hint=f"such as `{_example(scope)}`", offset=at)
    _check_path(scope, path, at)
    name = Field(scope, tuple(path), at)
    if str(name) in place.unknown:
        raise ConditionError(f"{quoted(name)} is not known yet in {place.name}", offset=at)
    return name


def function_of(node: nodes.Call, place: Place) -> Function:
    """The function that is called, in a condition that stands in `place`.

    Raises:
        ConditionError: there is none such, or it cannot be answered there.
    """
    if not isinstance(node.node, nodes.Name):
        raise ConditionError(f"only these can be called: {one_of(FUNCTIONS)}", offset=start_of(node))
    name, at = node.node.name, node.node.lineno
    for function in FUNCTIONS:
        if name == function:
            _check_place(function, at, place)
            return function
    hint = did_you_mean(name, FUNCTIONS)
    raise ConditionError(f"there is no function {quoted(name)}; there are {one_of(FUNCTIONS)}", hint=hint, offset=at)


def _check_path(scope: str, path: list[str], at: int) -> None:
    fixed = SCOPES[scope]
    if any(part.startswith("_") for part in path) or len(path) > _MOST_PARTS:
        raise ConditionError(f"{quoted('.'.join([scope, *path]))} is not a name", offset=at)
    if path[0] not in fixed and scope not in OPEN_SCOPES:
        raise ConditionError(
            f"`{scope}` has no {quoted(path[0])}; it has {one_of(fixed)}", hint=did_you_mean(path[0], fixed), offset=at
        )
    if path[0] in fixed and len(path) > 1:
        raise ConditionError(f"`{scope}.{path[0]}` has no parts", hint=f"write `{scope}.{path[0]}`", offset=at)


def _check_place(function: Function, at: int, place: Place) -> None:
    if function in place.functions:
        return
    if function in IN_CAMPAIGNS and place.functions:
        message = f"`{function}` asks about a campaign's step, which {place.name} does not know"
    else:
        message = f"{place.name} does not look at the past, so `{function}` cannot stand here"
    raise ConditionError(message, offset=at)


def _unknown_scope(word: str, at: int, place: Place) -> ConditionError:
    if word == "event":
        return ConditionError("`event` is known only in a signal's `if`", offset=at)
    if word == "lead" and "event" in place.scopes:
        hint = "who the lead is belongs into a line of `fit`; here, what the event was: `event.…`"
        return ConditionError(
            f"`lead` is not known in {place.name}: what counts follows from the event alone", hint=hint, offset=at
        )
    if word in SCOPES:
        return ConditionError(f"`{word}` is not known in {place.name}", offset=at)
    if word in LEAD:
        return ConditionError(f"`{word}` stands alone", hint=f"did you mean `lead.{word}`?", offset=at)
    if word in FUNCTIONS:
        return ConditionError(f"`{word}` is a function", hint=f"write `{word}('…')`", offset=at)
    near = did_you_mean(word, [*place.scopes, *(f"lead.{name}" for name in LEAD)])
    said = f"{quoted(word)} is not known; names begin with {one_of(place.scopes)}"
    return ConditionError(said, hint=near or f"a text stands in quotes: `'{word[:40]}'`", offset=at)


def _example(scope: str) -> str:
    return f"{scope}.{next(iter(SCOPES[scope]), 'minutes')}"
