"""`signals` and `qualify`: what a buyer does, and when that is enough."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.config import JsonDict, JsonValue

from nurture.facts import Grade
from nurture.grammar.durations import CalendarDuration
from nurture.grammar.matchers import Matcher
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import PerDay, Points, Text, Truth, Whole
from nurture.grammar.shape import Shape


def _no(key: str, *nothing: JsonValue) -> JsonDict:
    return {"not": {"required": [key], "properties": {key: {"not": {"enum": list(nothing)}}}}}


_DOES_SOMETHING: JsonDict = {
    "if": {"allOf": [_no("points", 0), _no("hand_raise", False, 0), _no("tell", None)]},
    "then": {
        "required": ["points"],
        "properties": {"points": False},
        "errorMessage": "a signal needs `points`, or `hand_raise: true`",
    },
}


class Signal(Shape, json_schema_extra=_DOES_SOMETHING):
    """A kind of event that is worth points, raises the hand, or tells the owner. Its name is yours; sales reads it."""

    when: Matcher
    """What the lead must have done: a `page` seen, a `track` event, a survey's `answer`, or `clicked`."""
    points: Points = 0
    """What it is worth on the day it happens; may be negative.

    Example: 20
    """
    at_most: PerDay | None = None
    """More than so many on one day count nothing."""
    half_life: CalendarDuration | None = None
    """After so long it is worth half, after twice as long a quarter. Absent: the agreement's own `half_life`."""
    hand_raise: Truth = False
    """`true`: the lead asked for sales, and is handed over at once, whatever its score."""
    tell: Literal["owner"] | None = None
    """`owner`: the rep who owns the lead is told; nothing is handed over."""
    says: Text | None = None
    """What the lead did, as a rep says it after the lead's name. Absent: made of the signal's name, or the track's.

    Example: looked at our prices
    """

    @model_validator(mode="after")
    def _does_something(self) -> "Signal":
        if not (self.points or self.hand_raise or self.tell):
            raise Mistake("a signal needs `points`, or `hand_raise: true`", hint="as it stands it does nothing")
        return self


class Qualification(Shape):
    """One line of `qualify`: a lead of these grades with this score, from so many different signals, goes to sales."""

    grades: tuple[Grade, ...] = Field(min_length=1)
    """The grades that the line is for.

    Example: [B, C]
    """
    score: Annotated[Whole, Field(ge=0)]
    """The score that a lead needs: the sum of what its signals are worth today.

    Example: 50
    """
    signals: Annotated[Whole, Field(ge=0)] = 1
    """From at least so many different signals; 1 where absent.

    Example: 2
    """
