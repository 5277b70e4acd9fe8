"""`fit` and `grades`: whom sales wants."""

from pydantic import model_validator
from pydantic.config import JsonDict, JsonValue

from nurture.facts import Grade
from nurture.grammar.conditions import FitCondition
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Points, Text, Whole
from nurture.grammar.shape import Shape, exactly_one


class Criterion(Shape, json_schema_extra=exactly_one("points", "grade")):
    """One line of fit: points, or a grade that decides alone."""

    name: Text
    """What the line is about, in a few words. Sales reads it beside the grade.

    Example: Decision maker
    """
    when: FitCondition
    """For whom the line holds: a condition over what is known of the lead. An empty field holds nothing."""
    points: Points | None = None
    """What the line adds to the fit; may be negative.

    Example: 30
    Example: -20
    """
    grade: Grade | None = None
    """A grade that decides alone, whatever the points say.

    Example: D
    """

    @model_validator(mode="after")
    def _gives_one_thing(self) -> "Criterion":
        if (self.points is None) == (self.grade is None):
            both = "not both" if self.grade else "one of them"
            raise Mistake(f"a line of `fit` gives `points` or a `grade`, {both}")
        return self


class Grades(Shape):
    """Points from which a grade is given; below C it is D. `unknown` where nothing but an address is known."""

    A: Whole = 60
    """From so many points of fit the grade is A.

    Example: 60
    """
    B: Whole = 35
    """From so many points the grade is B; fewer than for A.

    Example: 35
    """
    C: Whole = 10
    """From so many points the grade is C; fewer than for B. Below it is D.

    Example: 10
    """
    unknown: Grade = "C"
    """The grade of a lead of whom nothing but an address is known."""

    @model_validator(mode="after")
    def _descend(self) -> "Grades":
        if not self.A > self.B > self.C:
            said = f"`A` ({self.A}) must need more points than `B` ({self.B}), and `B` more than `C` ({self.C})"
            raise Mistake(said)
        return self


def _no(key: str, *nothing: JsonValue) -> JsonDict:
    return {"not": {"required": [key], "properties": {key: {"not": {"enum": list(nothing)}}}}}
