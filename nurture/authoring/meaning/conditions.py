"""Single conditions that can never hold, or hold for everybody, and values that their fields hardly have."""

from collections.abc import Iterator
from itertools import combinations
from math import floor

from nurture.authoring.meaning.compared import compared, literal_at
from nurture.authoring.meaning.countries import COUNTRIES, OFTEN_MEANT
from nurture.authoring.meaning.facts import Given
from nurture.authoring.meaning.possible import can_be_open, can_fail, can_hold
from nurture.authoring.meaning.telling import error, warning
from nurture.errors import Problem
from nurture.grammar.conditions import Condition
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.grammar.tree import And, Field, Or, Truth, leaves
from nurture.grammar.zones import zone_names
from nurture.workspace.codes import ALWAYS_HOLDS, HARDLY_A_VALUE, NEVER_HOLDS
from nurture.workspace.document import Document, Path


def senseless(document: Document, path: Path, condition: Condition, given: Given) -> Iterator[Problem]:
    """What is wrong with a condition by itself, where it stands at this path."""
    tree = condition.tree
    if not can_hold(tree, given=given):
        at, said, hint = _why_never(tree, given)
        yield error(document, path, NEVER_HOLDS, said, hint, within=at)
        return
    yield from _odd_values(document, path, condition)
    if not can_fail(tree, given):
        everybody = not can_be_open(tree, given)
        said = (
            "this holds for every lead" if everybody else f"this holds for every lead of whom {_facts(tree)} is known"
        )
        hint = "did you mean `and`?" if isinstance(tree, Or) else "leave it out" if everybody else None
        yield warning(document, path, ALWAYS_HOLDS, said, hint)


def _why_never(tree: Truth, given: Given) -> tuple[int | None, str, str | None]:
    """Where in a condition the part lies that cannot be, and the part, or the two parts, that exclude each other."""
    items = tree.items if isinstance(tree, And) else (tree,)
    for item in items:
        if not can_hold(item, given=given):
            return _offset(item), f"{quoted(item)} can never hold", _only(item, given)
    for one, other in combinations(items, 2):
        if not can_hold(one, other, given=given):
            said = f"{quoted(one)} and {quoted(other)} can never hold together"
            return _offset(other), said, "did you mean `or`?"
    return None, "this can never hold: its parts exclude each other", None


def _only(item: Truth, given: Given) -> str | None:
    """What the field can be at all, where that is settled by where the condition stands."""
    names = [leaf for leaf in leaves(item) if isinstance(leaf, Field)]
    if len(names) != 1:
        return None
    name = str(names[0])
    values = [value for value in given.values.get(name, ()) if value is not None]
    most = given.bounds.get(name, (None, None))[1]
    if most is not None:
        return f"here {quoted(name)} is {floor(most):,} at most"
    return f"here {quoted(name)} is only ever {one_of(map(str, values))}" if values else None


def _offset(part: Truth) -> int | None:
    return min((leaf.at for leaf in leaves(part)), default=None)


def _facts(tree: Truth) -> str:
    names = dict.fromkeys(quoted(leaf) for leaf in leaves(tree) if isinstance(leaf, Field))
    return " and ".join(names)


def _odd_values(document: Document, path: Path, condition: Condition) -> Iterator[Problem]:
    for name, literal in compared(condition.tree):
        text = literal.value
        if not isinstance(text, str):
            continue
        if str(name) == "lead.country" and len(text) == 2 and text.upper() not in COUNTRIES:
            meant = OFTEN_MEANT.get(text.upper())
            hint = f"did you mean `{meant}`?" if meant else "the codes are those of ISO 3166, such as `GB`"
            said = f"{quoted(text)} is the code of no country"
            yield warning(document, path, HARDLY_A_VALUE, said, hint, within=literal_at(condition, name, text))
        if str(name) == "lead.timezone" and text.casefold() not in _folded_zones():
            near = did_you_mean(text, zone_names()) or "such as `America/Chicago`"
            at = literal_at(condition, name, text)
            yield warning(document, path, HARDLY_A_VALUE, f"{quoted(text)} is no time zone", near, within=at)


def _folded_zones() -> frozenset[str]:
    return frozenset(zone.casefold() for zone in zone_names())
