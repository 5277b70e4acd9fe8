"""How well a lead fits whom sales wants (`fit` and `grades` of the agreement)."""

from dataclasses import dataclass, field

from nurture.agreement import Agreement, Grades
from nurture.facts import GRADES, Grade, Known
from nurture.grammar.conditions import Condition
from nurture.rules import conditions
from nurture.rules.once import once
from nurture.values import quick

_ADDRESS_AND_OURS = frozenset({"email", "stage", "cycle", "grade", "score"})
"""The address, and what we derive."""
_BESIDE = frozenset({"source", "owner", "timezone", "locale"})
"""How a lead came to us and what its browser says of it: not who it is, so known only where the fit asks for it."""


@quick
@dataclass(frozen=True, slots=True)
class FitRow:
    """One criterion: its points or its own grade, and whether it holds for the lead."""

    name: str
    points: int | None
    grade: Grade | None
    holds: bool
    _when: Condition = field(repr=False)
    _known: Known = field(repr=False, compare=False)

    @property
    def is_unknown(self) -> bool:
        """Whether it does not hold because something it asks for is not known of the lead."""
        return not self.holds and conditions.holds(self._when, self._known) is None

    @property
    def because(self) -> str:
        """Why it holds or does not. Worked out when asked: it takes ten times as long as the answer itself."""
        return conditions.explain(self._when, self._known)


@quick
@dataclass(frozen=True, slots=True)
class Grading:
    """A grade, and every criterion that was asked. `points` is the sum of those that hold.

    `decided_alone` tells that a criterion's own grade holds; it then is the grade, whatever the points.
    """

    grade: Grade
    points: int
    rows: tuple[FitRow, ...]
    decided_alone: bool = False


def grade(agreement: Agreement, known: Known) -> Grading:
    """Grade a lead.

    A criterion's own grade decides alone, the worst where several hold. Else, a lead of which nothing but an address is
    known has the grade `unknown`. Else its points decide. A condition that cannot be answered for want of a fact does
    not hold.
    """
    rows = tuple(
        FitRow(
            criterion.name,
            criterion.points,
            criterion.grade,
            conditions.holds(criterion.when, known) is True,
            criterion.when,
            known,
        )
        for criterion in agreement.fit
    )
    points = sum(row.points or 0 for row in rows if row.holds)
    alone = [row.grade for row in rows if row.holds and row.grade is not None]
    if alone:
        return Grading(max(alone, key=GRADES.index), points, rows, decided_alone=True)
    given = _by_points(agreement.grades, points) if is_known(agreement, known) else agreement.grades.unknown
    return Grading(given, points, rows)


def _by_points(grades: Grades, points: int) -> Grade:
    if points >= grades.A:
        return "A"
    if points >= grades.B:
        return "B"
    return "C" if points >= grades.C else "D"


@once
def _asked(agreement: Agreement) -> frozenset[str]:
    """The fields that the fit looks at."""
    return frozenset(field for criterion in agreement.fit for field in criterion.when.fields)


def is_known(agreement: Agreement, known: Known) -> bool:
    """Whether anything but an address is known: a field or an attribute that is not empty."""
    asked = _asked(agreement)
    return any(
        value is not None and str(value).strip() and (name not in _BESIDE or f"lead.{name}" in asked)
        for name, value in known.lead.items()
        if name not in _ADDRESS_AND_OURS
    )
