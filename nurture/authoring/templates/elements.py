"""Elements where MJML has none of them, and attributes that the compiler would drop without a word."""

from collections.abc import Iterator

from nurture.authoring.templates.codes import MISSPELT_ATTRIBUTE, NESTING, NO_LANGUAGE, UNKNOWN_ATTRIBUTE
from nurture.authoring.templates.mjml_elements import ATTRIBUTES, CHILDREN, DROPPED, EVERY, parents_of
from nurture.authoring.templates.reading import Reading
from nurture.authoring.templates.telling import problem, warning
from nurture.errors import Problem
from nurture.grammar.mistakes import nearest
from nurture.mail.markup import Attribute, Tag

_STYLED = frozenset({"mj-all", "mj-class"})


def element_problems(reading: Reading) -> Iterator[Problem]:
    """Give what is wrong with the elements of a document and their attributes."""
    for met in reading.tags():
        if not isinstance(met.item, Tag):
            continue
        if reading.framed.syntax == "mjml" and met.item.name in ATTRIBUTES.keys() | _STYLED:
            yield from _nesting(reading, met.item, met.parents)
            yield from _attributes(reading, met.item)
        if met.item.name in {"html", "mjml"} and not met.parents:
            yield from _language(reading, met.item)


def _nesting(reading: Reading, tag: Tag, parents: tuple[Tag, ...]) -> Iterator[Problem]:
    parent = parents[-1].name if parents else ""
    held = CHILDREN.get(parent)
    if held is None or tag.name in held or tag.name == "mjml":
        return
    allowed = [f"<{name}>" for name in parents_of(tag.name)]
    hint = f"put it into {' or '.join(allowed)}" if allowed else None
    yield problem(NESTING, reading.place(tag.start), f"<{tag.name}> cannot stand directly in <{parent}>", hint)


def _attributes(reading: Reading, tag: Tag) -> Iterator[Problem]:
    known = (EVERY | {"name"}) if tag.name in _STYLED else ATTRIBUTES[tag.name]
    for attribute in tag.attributes:
        if attribute.name in DROPPED.get(tag.name, ()):
            told = f"`{attribute.name}` of <{tag.name}> shows nothing: the MJML compiler in use does not know it"
            yield warning(UNKNOWN_ATTRIBUTE, reading.place(attribute.at), told)
        elif attribute.name not in known and not attribute.name.startswith(("data-", "xmlns", "mc:", "aria-")):
            yield _unknown(reading, tag, attribute, known)


def _unknown(reading: Reading, tag: Tag, attribute: Attribute, known: frozenset[str]) -> Problem:
    place = reading.place(attribute.at)
    near = nearest(attribute.name, known - {attribute.name})
    told = f"<{tag.name}> has no attribute `{attribute.name}`; MJML leaves it out"
    if near and _is_misspelt(attribute.name, near):
        return problem(MISSPELT_ATTRIBUTE, place, told, f"did you mean `{near}`?")
    elsewhere = [name for name, has in ATTRIBUTES.items() if attribute.name in has]
    hint = f"<{elsewhere[0]}> has it" if elsewhere else None
    return warning(UNKNOWN_ATTRIBUTE, place, told, hint)


def _is_misspelt(typed: str, meant: str) -> bool:
    """Tell a slip of the keyboard from an attribute that another element, or CSS, has."""
    if typed in EVERY:
        return False
    plain_typed, plain_meant = (name.replace("-", "").replace("_", "") for name in (typed, meant))
    if plain_typed == plain_meant or sorted(plain_typed) == sorted(plain_meant):
        return True
    return _distance(plain_typed, plain_meant) <= (1 if len(meant) < 8 else 2)


def _distance(one: str, other: str) -> int:
    """Count the letters to change, add or take away between two words (Levenshtein)."""
    row = list(range(len(other) + 1))
    for n, letter in enumerate(one, 1):
        before, row[0] = row[0], n
        for m, against in enumerate(other, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (letter != against))
    return row[-1]


def _language(reading: Reading, tag: Tag) -> Iterator[Problem]:
    if not tag.get("lang"):
        hint = f'write <{tag.name} lang="en">: programs that read mails aloud need it'
        yield warning(NO_LANGUAGE, reading.place(tag.start), f"<{tag.name}> does not say its language", hint)
