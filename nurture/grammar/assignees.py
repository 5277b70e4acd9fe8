"""Whom a handoff goes to: a word, or addresses that take turns."""

from typing import Annotated, Literal, get_args

from nurture.grammar.addresses import ADDRESS_SCHEMA, AddressMistake, parse_address
from nurture.grammar.mistakes import Mistake, did_you_mean, one_of, quoted
from nurture.grammar.spoken import Spoken

Word = Literal["previous", "owner", "colleague"]
_WORDS: tuple[Word, ...] = get_args(Word)


class AssigneesMistake(Mistake):
    """Nobody to assign to."""

    topic = "assignees"


def parse_assignees(value: object) -> Word | tuple[str, ...]:
    """Read `previous`, `owner`, `colleague`, one address or a list of addresses.

    Raises:
        AssigneesMistake: it is another word, or an empty list.
        AddressMistake: an address is none; its `path` says which.
    """
    for word in _WORDS:
        if value == word:
            return word
    if isinstance(value, str):
        if "@" not in value:
            said = f"{quoted(value)} is neither {one_of(_WORDS)} nor an address"
            raise AssigneesMistake(said, hint=did_you_mean(value, _WORDS))
        return (parse_address(value),)
    if not isinstance(value, list | tuple) or not value:
        raise AssigneesMistake(f"`to` is {one_of(_WORDS)}, or a list of addresses", hint="such as `[rep@acme.example]`")
    return tuple(_address(index, item) for index, item in enumerate(value))


def _address(index: int, item: object) -> str:
    try:
        return parse_address(item)
    except AddressMistake as mistake:
        raise mistake.below(index) from None


def _say(value: Word | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


Assignees = Annotated[
    Word | tuple[str, ...],
    Spoken(
        parse_assignees,
        say=_say,
        schema={
            "anyOf": [
                {"type": "string", "enum": list(_WORDS)},
                {"type": "array", "items": ADDRESS_SCHEMA, "minItems": 1},
                ADDRESS_SCHEMA,
            ],
            "examples": ["previous", ["rep.one@acme.example", "rep.two@acme.example"]],
        },
    ),
]
"""A word, or at least one address."""
