"""Which grades a lead can have at all."""

from collections.abc import Iterator, Sequence
from itertools import product

from nurture.agreement import Agreement, Criterion
from nurture.authoring.meaning.facts import Given, subject, together
from nurture.authoring.meaning.possible import can_hold
from nurture.authoring.meaning.telling import error, so_many, warning
from nurture.authoring.meaning.truths import HOLDS, Part, outcomes, parts, unchained
from nurture.errors import Problem
from nurture.facts import GRADES, Grade
from nurture.grammar.mistakes import one_of
from nurture.workspace.codes import GRADE_OUT_OF_REACH
from nurture.workspace.document import Document

_MOST_WAYS = 4_000
_MOST_SUMS = 20_000


def possible_grades(agreement: Agreement) -> frozenset[Grade]:
    """Grades that some lead could have: none that is missing here can ever be given."""
    grades = agreement.grades
    alone = {line.grade for line in agreement.fit if line.grade and can_hold(line.when.tree)}
    sums = possible_points(agreement)
    if sums is None:
        return frozenset(GRADES)
    given: set[Grade] = {grades.unknown, *alone}
    for points in sums:
        given.add("A" if points >= grades.A else "B" if points >= grades.B else "C" if points >= grades.C else "D")
    return frozenset(given)


def possible_points(agreement: Agreement) -> frozenset[int] | None:
    """Every sum of points that the criteria could give together, and perhaps more; None where these are too many.

    Criteria that ask about the same fact are judged together: nobody is in two countries at once.
    """
    sums = {0}
    for group in _touching([line for line in agreement.fit if line.points]):
        sums = {one + other for one in sums for other in _sums(group)}
        if len(sums) > _MOST_SUMS:
            return None
    return frozenset(sums)


def unreachable_grades(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """Lines of `qualify` for grades that no lead can have."""
    given = possible_grades(agreement)
    for index, line in enumerate(agreement.qualify):
        missing = [grade for grade in line.grades if grade not in given]
        if len(missing) == len(line.grades):
            said = f"this line hands nobody over: no lead can have grade {one_of(missing)}{_why(agreement, missing)}"
            yield error(document, ("qualify", index, "grades"), GRADE_OUT_OF_REACH, said, _cure(agreement, missing))
            continue
        for grade in missing:
            said = f"no lead can have grade `{grade}`{_why(agreement, [grade])}"
            path = ("qualify", index, "grades", line.grades.index(grade))
            yield warning(document, path, GRADE_OUT_OF_REACH, said, _cure(agreement, [grade]))


def _why(agreement: Agreement, missing: Sequence[Grade]) -> str:
    least = {"A": agreement.grades.A, "B": agreement.grades.B, "C": agreement.grades.C}
    sums = possible_points(agreement) or frozenset({0})
    needed = min((least[grade] for grade in missing if grade in least), default=None)
    if needed is None or max(sums) >= needed:
        return ": no sum of the criteria's points gives it"
    return f": the criteria of `fit` give {so_many(max(sums), 'point')} at most, and it needs {needed}"


def _cure(agreement: Agreement, missing: Sequence[Grade]) -> str:
    return "lower it in `grades`, or give more points in `fit`" if missing else ""


def _touching(lines: list[Criterion]) -> list[list[Criterion]]:
    """The criteria in groups that share no fact with each other."""
    groups: list[tuple[set[str], list[Criterion]]] = []
    for line in lines:
        about = {subject(part) for part in parts(unchained(line.when.tree))}
        near = [group for group in groups if group[0] & about]
        groups = [group for group in groups if not group[0] & about]
        merged = [*(other for group in near for other in group[1]), line]
        groups.append((about.union(*(group[0] for group in near)), merged))
    return [group for _, group in groups]


def _sums(lines: list[Criterion]) -> set[int]:
    places: dict[Part, int] = {}

    def place(part: Part) -> int:
        return places.setdefault(part, len(places))

    holding = [outcomes(unchained(line.when.tree), place) for line in lines]
    asked: dict[str, list[Part]] = {}
    for part in places:
        asked.setdefault(subject(part), []).append(part)
    ways = [together(about, some, Given()) for about, some in asked.items()]
    order = [places[part] for some in asked.values() for part in some]
    bits = [0] * len(places)
    found: set[int] = set()
    for tried, way in enumerate(product(*ways)):
        if tried > _MOST_WAYS:
            return _any_of([line.points or 0 for line in lines])
        for at, bit in zip(order, (bit for group in way for bit in group), strict=True):
            bits[at] = bit
        found |= _sums_of([(line.points or 0, come_out(bits)) for line, come_out in zip(lines, holding, strict=True)])
    return found


def _sums_of(lines: list[tuple[int, int]]) -> set[int]:
    """The sums of points of lines that come out in these ways."""
    sums = {0}
    for points, bits in lines:
        higher = {one + points for one in sums} if bits & HOLDS else set()
        sums = higher | (sums if bits != HOLDS else set())
    return sums


def _any_of(points: list[int]) -> set[int]:
    sums = {0}
    for more in points:
        sums |= {one + more for one in sums}
    return sums
