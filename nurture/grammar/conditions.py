"""The language of conditions: Jinja2 expressions, of which only what is listed here may be said.

- names: `lead.*`, `company.*`, `campaign.*`, `step.*`, and `event.*` in a signal's `if`
- fixed values: text, numbers, `true`, `false`, and lists of text and numbers
- comparisons: `== != < <= > >=`, chained too, `in`, `not in`; `is empty`, `is not empty`
- `and`, `or`, `not`, brackets
- filters: `matches('vp|chief')`, `free_mail`, `length`
- questions: `visited('/pricing*', days=30)`, `did('Webinar Attended', days=30)`, `received('step')`, `clicked('step')`,
  `answered('question')`

What it means is in `nurture.rules.conditions`.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import Annotated, Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from pydantic_core import CoreSchema

from nurture.grammar import reading
from nurture.grammar.mistakes import quoted
from nurture.grammar.patterns import NOT_BLANK
from nurture.grammar.places import ANYWHERE, ASSIGN, CAMPAIGN, FIT, STEP, Place
from nurture.grammar.spoken import Spoken
from nurture.grammar.tokens import ENVIRONMENT, LONGEST, ConditionError, tokens
from nurture.grammar.tree import Asked, Field, Truth, leaves

__all__ = [
    "AssignCondition",
    "CampaignCondition",
    "Condition",
    "ConditionError",
    "FitCondition",
    "StepCondition",
    "parse_condition",
]


@dataclass(frozen=True)
class Condition:
    """A condition that was understood. Two of the same source are the same."""

    source: str
    tree: Truth = field(compare=False, repr=False)

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

    @cached_property
    def is_of_lead_alone(self) -> bool:
        """Whether it looks at nothing but names under `lead.`: then its answer lasts as long as they stay the same."""
        return not self.needs and all(name.scope == "lead" for name in self.names)

    def __hash__(self) -> int:
        # The text keeps its hash; the rules look compiled conditions up by it, once for every lead.
        return hash(self.source)

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


def parse_condition(source: object, place: Place = ANYWHERE) -> Condition:
    """Read a condition that stands in `place`.

    Raises:
        ConditionError: with the offset in the source where the mistake lies. No text raises anything else.
    """
    if isinstance(source, Condition):
        return source
    if not isinstance(source, str):
        raise ConditionError(f"{quoted(source)} is not a condition", hint="such as `lead.employees >= 200`, in quotes")
    return _read(source, place)


@lru_cache(maxsize=4096)
def _read(source: str, place: Place) -> Condition:
    return Condition(source, reading.truth(_parsed(tokens(source)), place))


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


def _standing_in(place: Place, *examples: str) -> Spoken:
    # What an expression may say is beyond any pattern; `nurture check` reads it.
    schema = {"type": "string", "pattern": NOT_BLANK, "maxLength": LONGEST, "examples": list(examples)}
    return Spoken(partial(parse_condition, place=place), schema=schema)


_CONDITION = _standing_in(ANYWHERE, "lead.employees >= 200")

FitCondition = Annotated[
    Condition,
    _standing_in(FIT, "lead.employees >= 200", "lead.title | matches('vp|chief|head')", "lead.email | free_mail"),
]
AssignCondition = Annotated[
    Condition, _standing_in(ASSIGN, "lead.country in ['GB', 'IE']", "visited('/enterprise*', days=90)")
]
CampaignCondition = Annotated[
    Condition, _standing_in(CAMPAIGN, "lead.grade in ['A', 'B', 'C']", "not did('Webinar Attended', days=60)")
]
StepCondition = Annotated[
    Condition, _standing_in(STEP, "lead.industry == 'manufacturing'", "not clicked('proof')", "lead.employees is empty")
]
