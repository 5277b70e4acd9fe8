"""The language of conditions: Jinja2 expressions, of which only what is listed here may be said.

Names `lead.*`, `company.*`, `campaign.*`, `step.*` (and `event.*` in a signal's `if`), text, numbers, `true`, `false`, lists of
these; `== != < <= > >=`, chained too, `in`, `not in`; `and`, `or`, `not`, brackets; `is empty`, `is not empty`; the filters
`matches('vp|chief')`, `free_mail` and `length`; the functions `visited('/pricing*', days=30)`, `did('Webinar', days=30)`,
`received('step')`, `clicked('step')` and `answered('question')`. What it means is in `nurture.rules.conditions`.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from pydantic_core import CoreSchema

from nurture.grammar import reading
from nurture.grammar.mistakes import quoted
from nurture.grammar.spoken import Spoken
from nurture.grammar.tokens import ENVIRONMENT, ConditionError, tokens
from nurture.grammar.tree import Asked, Field, Truth, leaves

__all__ = ["Condition", "ConditionError", "parse_condition"]


@dataclass(frozen=True)
class Condition:
    """A condition that was understood. Two of the same source are the same."""

    source: str
    tree: Truth = field(compare=False, repr=False)

    @classmethod
    def parse(cls, source: object, *, event: bool = False) -> "Condition":
        """`parse_condition`."""
        return parse_condition(source, event=event)

    @cached_property
    def canonical(self) -> str:
        """The source as it would be written by rule: the same for every spacing, quoting and needless bracket."""
        return str(self.tree)

    @cached_property
    def names(self) -> tuple[Field, ...]:
        """Every name in it, from left to right, with its offset in the source."""
        return tuple(leaf for leaf in leaves(self.tree) if isinstance(leaf, Field))

    @cached_property
    def questions(self) -> tuple[Asked, ...]:
        """Every question about the past in it, from left to right."""
        return tuple(leaf for leaf in leaves(self.tree) if isinstance(leaf, Asked))

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names it looks at, such as `lead.title`."""
        return frozenset(map(str, self.names))

    @cached_property
    def needs(self) -> frozenset[str]:
        """What must be known of the past to judge it: `visited`, `did`, `received`, `clicked`, `answered`."""
        return frozenset(question.function for question in self.questions)

    def __str__(self) -> str:
        """As it was written."""
        return self.source

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Read from text."""
        return _CONDITION.__get_pydantic_core_schema__(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: Any) -> dict[str, Any]:
        """Text."""
        return _CONDITION.__get_pydantic_json_schema__(core, handler)


def parse_condition(source: object, *, event: bool = False) -> Condition:
    """Read a condition; `event`: names of `event.*` may stand in it, as in a signal's `if`.

    Raises:
        ConditionError: with the offset in the source where the mistake lies. No text raises anything else.
    """
    if isinstance(source, Condition):
        return source
    if not isinstance(source, str):
        raise ConditionError(f"{quoted(source)} is not a condition", hint="such as `lead.employees >= 200`, in quotes")
    found = tokens(source)
    return Condition(source, reading.truth(_parsed(found), event=event))


def _parsed(found: list[Token]) -> nodes.Expr:
    parser = Parser(ENVIRONMENT, "", state="variable")
    parser.stream = TokenStream(iter(found), None, None)
    try:
        expression = parser.parse_expression()
    except TemplateSyntaxError as error:
        raise _lost(found, error.lineno) from None
    if not parser.stream.eos:
        raise _lost(found, parser.stream.current.lineno)
    return expression


def _lost(found: list[Token], offset: int) -> ConditionError:
    """Jinja stopped at this token; say it in plain words, with a cure for the usual slips."""
    token = next((token for token in found if token.lineno == offset), found[-1])
    if token.type == "assign":
        return ConditionError("`=` does not compare", hint="write `==`", offset=offset)
    if token.type == "pipe":
        return ConditionError("`|` is followed by the name of a filter", hint="`or` is written out", offset=offset)
    if token.value in ("AND", "OR", "NOT", "IN", "IS"):
        return ConditionError(
            f"`{token.value}` means nothing here", hint=f"write `{token.value.lower()}`", offset=offset
        )
    if token is found[-1]:
        return ConditionError("the condition ends too early, or its last word is out of place", offset=offset)
    return ConditionError(f"{quoted(token.value)} is out of place here", offset=offset)


_CONDITION = Spoken(
    parse_condition, schema={"type": "string", "maxLength": 2000, "examples": ["lead.employees >= 200"]}
)
