"""Every name that a template uses, checked before any mail is made of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from jinja2 import meta, nodes

from nurture.facts import PROFILE_FIELDS
from nurture.mail.draft import JinjaSource
from nurture.mail.environment import SUBJECTS
from nurture.mail.macros import KNOWN
from nurture.mail.pieces import Place

LIFE_FIELDS: tuple[str, ...] = ("stage", "cycle", "grade", "score")
LEAD_FIELDS: tuple[str, ...] = ("email", *PROFILE_FIELDS, *LIFE_FIELDS, "attributes")
FIELDS: dict[str, tuple[str, ...]] = {"company": ("name", "address"), "campaign": ("id", "name"), "step": ("id",)}
_NOT_IN_A_MAIL = (
    nodes.FilterBlock, nodes.CallBlock, nodes.Macro, nodes.Include, nodes.Extends, nodes.Block, nodes.Import,
    nodes.FromImport, nodes.ScopedEvalContextModifier,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """What a template uses: dotted names (`lead.first_name`), and the answers that its links give."""

    names: frozenset[str]
    answers: frozenset[tuple[str, str]]


def check_names(tree: nodes.Template, source: JinjaSource, attributes: Collection[str] | None) -> Used:
    """Check every name.

    Args:
        tree: The parsed template.
        source: Where its lines come from.
        attributes: The leads' own fields, where they are known; any other name is refused then. Without them, only
            what looks like a known field mistyped is.

    Raises:
        TemplateError: A name is unknown, or used for something else.
    """
    for node in tree.find_all(_NOT_IN_A_MAIL):
        raise source.place(node.lineno).error("this {% … %} is not for mails")
    for loop in tree.find_all(nodes.For):
        if loop.recursive:
            raise source.place(loop.lineno).error("a loop in a mail is not recursive")
    _check_tools(tree, source)
    _check_variables(tree, source)
    fields = set()
    for root, look_up in _look_ups(tree):
        place = source.place(look_up.lineno)
        fields.add(field := _dotted(root.name, look_up, place))
        _check_field(field, place, attributes)
    bare = {name.name for name in tree.find_all(nodes.Name)} & {"unsubscribe_url", "subject", "answer_url"}
    return Used(frozenset(fields | bare), frozenset(_answers(tree, source)))


def _check_tools(tree: nodes.Template, source: JinjaSource) -> None:
    """Check filters and tests here: in an `{% if %}`, Jinja itself looks for them when the mail is made."""
    kinds: tuple[tuple[type[nodes.Filter | nodes.Test], Collection[str], str], ...] = (
        (nodes.Filter, SUBJECTS.filters, "filter `"),
        (nodes.Test, SUBJECTS.tests, "test `is "),
    )
    for kind, known, what in kinds:
        for node in tree.find_all(kind):
            if node.name not in known:
                near = get_close_matches(node.name, known, 1)
                meant = f"; did you mean `{near[0]}`?" if near else ""
                raise source.place(node.lineno).error(f"there is no {what}{node.name}` for mails{meant}")


def _check_variables(tree: nodes.Template, source: JinjaSource) -> None:
    unknown = {name for name in meta.find_undeclared_variables(tree) if not name.startswith("_")} - set(KNOWN) | {
        "self"
    }
    roots = {id(root) for root, _ in _look_ups(tree)}
    for name in tree.find_all(nodes.Name):
        place = source.place(name.lineno)
        if name.ctx != "load" and (name.name in KNOWN or name.name.startswith("_")):
            raise place.error(f"`{name.name}` cannot be given another meaning")
        if name.ctx == "load" and name.name in unknown:
            near = get_close_matches(name.name, (*KNOWN, *LEAD_FIELDS), 1)
            meant = _meant(near[0]) if near else ""
            raise place.error(f"`{name.name}` is not known here; known are {', '.join(KNOWN)}{meant}")
        if name.name in {"lead", *FIELDS} and id(name) not in roots:
            raise place.error(
                f"`{name.name}` is not one value; name a field of it, such as `{_first_field(name.name)}`"
            )


_LookUp = nodes.Getattr | nodes.Getitem


def _look_ups(tree: nodes.Template) -> Iterator[tuple[nodes.Name, _LookUp]]:
    found: list[_LookUp] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    for node in found:
        if isinstance(node.node, nodes.Name) and node.node.name in {"lead", *FIELDS}:
            yield node.node, node


def _dotted(root: str, node: _LookUp, place: Place) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{root}.{node.attr}"
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return f"{root}.{node.arg.value}"
    raise place.error(f"name the field of `{root}`, such as `{_first_field(root)}`")


def _check_field(name: str, place: Place, attributes: Collection[str] | None) -> None:
    root, _, field = name.partition(".")
    known = FIELDS.get(root)
    if known is not None:
        if field not in known:
            raise place.error(f"`{root}` has no `{field}`; it has {', '.join(known)}")
        return
    if field in LEAD_FIELDS or field in (attributes or ()):
        return
    if attributes is not None:
        near = get_close_matches(field, (*LEAD_FIELDS, *attributes), 1)
        raise place.error(f"no lead has a field `{field}`{_meant(near[0]) if near else ''}")
    for known_field in LEAD_FIELDS:
        if _is_slip(_letters(field), _letters(known_field)):
            raise place.error(f"`lead` has no `{field}`{_meant(known_field)}")


def _letters(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _is_slip(typed: str, meant: str) -> bool:
    """Tell the same letters, one too many, one too few, or two changed about.

    One letter put for another is none: `state` is not `stage`.
    """
    if len(typed) == len(meant):
        differ = [n for n in range(len(typed)) if typed[n] != meant[n]]
        swapped = len(differ) == 2 and differ[1] == differ[0] + 1
        return not differ or (swapped and typed[differ[0]] == meant[differ[1]] and typed[differ[1]] == meant[differ[0]])
    longer, shorter = sorted((typed, meant), key=len, reverse=True)
    return len(longer) - len(shorter) == 1 and any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))


def _answers(tree: nodes.Template, source: JinjaSource) -> Iterator[tuple[str, str]]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "answer_url":
            values = [argument.value for argument in call.args if isinstance(argument, nodes.Const)]
            if len(call.args) != 2 or call.kwargs:
                raise source.place(call.lineno).error("answer_url takes two texts: answer_url('question', 'answer')")
            if len(values) == 2:
                yield str(values[0]), str(values[1])


def _meant(name: str) -> str:
    return f"; did you mean `{'lead.' if name in LEAD_FIELDS else ''}{name}`?"


def _first_field(root: str) -> str:
    return f"{root}.{FIELDS[root][0]}" if root in FIELDS else "lead.first_name"
