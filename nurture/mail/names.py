"""Every name that a template uses, checked before any mail is made of it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from jinja2 import meta, nodes

from nurture.facts import PROFILE_FIELDS
from nurture.mail.draft import JinjaSource
from nurture.mail.environment import SUBJECTS
from nurture.mail.macros import KNOWN, OWN_PAGES
from nurture.mail.pieces import Place
from nurture.mail.refusals import STRICT, Refusals

LIFE_FIELDS: tuple[str, ...] = ("stage", "cycle", "grade")
LEAD_FIELDS: tuple[str, ...] = ("email", *PROFILE_FIELDS, *LIFE_FIELDS, "attributes")
FIELDS: dict[str, tuple[str, ...]] = {"company": ("name", "address"), "campaign": ("id", "name"), "step": ("id",)}
_ROOTS = frozenset({"lead", *FIELDS})
_NOT_IN_A_MAIL = (
    nodes.FilterBlock, nodes.CallBlock, nodes.Macro, nodes.Include, nodes.Extends, nodes.Block, nodes.Import,
    nodes.FromImport, nodes.ScopedEvalContextModifier,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """What a template uses: dotted names (`lead.first_name`), and the answers that its links give."""

    names: frozenset[str]
    answers: frozenset[tuple[str, str]]


def check_names(
    tree: nodes.Template, source: JinjaSource, attributes: Collection[str] | None, refusals: Refusals = STRICT
) -> Used:
    """Check every name.

    Args:
        tree: The parsed template.
        source: Where its lines come from.
        attributes: The leads' own fields, where they are known; any other name is refused then. Without them, only
            what looks like a known field mistyped is.
        refusals: What to do about a name that is not known.

    Raises:
        TemplateError: A name is unknown, or used for something else.
    """
    every = list(tree.find_all(nodes.Node))  # one walk: a tree is asked many things, and walking costs more than asking
    with refusals:
        _check_statements(every, source)
    for tool in every:
        if isinstance(tool, (nodes.Filter, nodes.Test)):
            with refusals:
                _check_tool(tool, source)
    look_ups = list(_look_ups(every))
    _check_variables(tree, every, look_ups, source, refusals)
    fields: set[str] = set()
    for root, look_up in look_ups:
        with refusals:
            place = source.place(look_up.lineno)
            fields.add(field := _dotted(root.name, look_up, place))
            _check_field(field, source, look_up.lineno, attributes)
    bare = {node.name for node in every if isinstance(node, nodes.Name)} & {*OWN_PAGES, "subject", "answer_url"}
    answers: set[tuple[str, str]] = set()
    for call in every:
        if isinstance(call, nodes.Call) and isinstance(call.node, nodes.Name) and call.node.name == "answer_url":
            with refusals:
                answers |= _answer(call, source)
    return Used(frozenset(fields | bare), frozenset(answers))


def _check_statements(every: Sequence[nodes.Node], source: JinjaSource) -> None:
    for node in every:
        if isinstance(node, _NOT_IN_A_MAIL):
            raise source.place(node.lineno).error("this {% … %} is not for mails", topic="part")
        if isinstance(node, nodes.For) and node.recursive:
            raise source.place(node.lineno).error("a loop in a mail is not recursive", topic="jinja")


def _check_tool(node: nodes.Filter | nodes.Test, source: JinjaSource) -> None:
    """Check filters and tests here: in an `{% if %}`, Jinja itself looks for them when the mail is made."""
    known: Collection[str] = SUBJECTS.filters if isinstance(node, nodes.Filter) else SUBJECTS.tests
    what = "filter `" if isinstance(node, nodes.Filter) else "test `is "
    if node.name not in known:
        near = get_close_matches(node.name, known, 1)
        hint = f"did you mean `{near[0]}`?" if near else None
        place = source.place(node.lineno, node.name)
        raise place.error(f"there is no {what}{node.name}` for mails", hint=hint, topic="tool")


def _check_variables(
    tree: nodes.Template,
    every: Sequence[nodes.Node],
    look_ups: Sequence[tuple[nodes.Name, "_LookUp"]],
    source: JinjaSource,
    refusals: Refusals,
) -> None:
    loaded = {node.name for node in every if isinstance(node, nodes.Name) and node.ctx == "load"}
    strange = {name for name in loaded.difference(KNOWN) if not name.startswith("_")}
    # which of them a loop or a `set` declares is a question that costs more than all the rest
    undeclared = strange & meta.find_undeclared_variables(tree) if strange else strange
    unknown = undeclared | {"self"}
    roots = {id(root) for root, _ in look_ups}
    dotted = {id(node.node) for node in every if isinstance(node, (nodes.Getattr, nodes.Getitem))}
    for node in every:
        if isinstance(node, nodes.Name):
            with refusals:
                _check_unknown(node, unknown, source, is_dotted=id(node) in dotted)
                _check_variable(node, source, is_root=id(node) in roots)


def _check_unknown(node: nodes.Name, unknown: Collection[str], source: JinjaSource, *, is_dotted: bool) -> None:
    name = node.name
    if node.ctx == "load" and name in unknown:
        near = get_close_matches(name, KNOWN if is_dotted else (*KNOWN, *LEAD_FIELDS), 1, 0.7)
        hint = _meant(near[0], in_lead=not is_dotted) if near else None
        what = f"`{name}` is not known here; known are {', '.join(KNOWN)}"
        raise source.place(node.lineno, name).error(what, hint=hint, topic="name")


def _check_variable(node: nodes.Name, source: JinjaSource, *, is_root: bool) -> None:
    name = node.name
    if node.ctx != "load" and (name in KNOWN or name.startswith("_")):
        raise source.place(node.lineno, name).error(f"`{name}` cannot be given another meaning", topic="name")
    if name in _ROOTS and not is_root:
        what = f"`{name}` is not one value; name a field of it, such as `{_first_field(name)}`"
        raise source.place(node.lineno, name).error(what, topic="name")


_LookUp = nodes.Getattr | nodes.Getitem


def _look_ups(every: Sequence[nodes.Node]) -> Iterator[tuple[nodes.Name, _LookUp]]:
    for node in every:
        root = node.node if isinstance(node, (nodes.Getattr, nodes.Getitem)) else None
        if isinstance(node, (nodes.Getattr, nodes.Getitem)) and isinstance(root, nodes.Name) and root.name in _ROOTS:
            yield root, node


def _dotted(root: str, node: _LookUp, place: Place) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{root}.{node.attr}"
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return f"{root}.{node.arg.value}"
    raise place.error(f"name the field of `{root}`, such as `{_first_field(root)}`", topic="name")


def _check_field(name: str, source: JinjaSource, line: int, attributes: Collection[str] | None) -> None:
    root, _, field = name.partition(".")
    known = FIELDS.get(root)
    if known is not None:
        if field not in known:
            near = get_close_matches(field, known, 1)
            hint = f"did you mean `{root}.{near[0]}`?" if near else None
            what = f"`{root}` has no `{field}`; it has {', '.join(known)}"
            raise source.place(line, name).error(what, hint=hint, topic="name")
        return
    if field == "score":
        hint = 'decide by it in the campaign: `when: "lead.score >= 20"`'
        what = "`lead.score` is another number each day, so no mail can say it"
        raise source.place(line, name).error(what, hint=hint, topic="name")
    if field in LEAD_FIELDS or field in (attributes or ()):
        return
    if attributes is not None:
        near = get_close_matches(field, (*LEAD_FIELDS, *attributes), 1)
        hint = _meant(near[0]) if near else None
        raise source.place(line, name).error(f"no lead has a field `{field}`", hint=hint, topic="name")
    for known_field in LEAD_FIELDS:
        if _is_slip(_letters(field), _letters(known_field)):
            what = f"`lead` has no `{field}`"
            raise source.place(line, name).error(what, hint=_meant(known_field), topic="name")


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


def _answer(call: nodes.Call, source: JinjaSource) -> set[tuple[str, str]]:
    """Give the question and answer of an `answer_url`, where both are written out."""
    values = [argument.value for argument in call.args if isinstance(argument, nodes.Const)]
    if len(call.args) != 2 or call.kwargs:
        what = "answer_url takes two texts: answer_url('question', 'answer')"
        raise source.place(call.lineno, "answer_url").error(what, topic="name")
    return {(str(values[0]), str(values[1]))} if len(values) == 2 else set()


def _meant(name: str, *, in_lead: bool = True) -> str:
    return f"did you mean `{'lead.' if in_lead and name in LEAD_FIELDS else ''}{name}`?"


def _first_field(root: str) -> str:
    return f"{root}.{FIELDS[root][0]}" if root in FIELDS else "lead.first_name"
