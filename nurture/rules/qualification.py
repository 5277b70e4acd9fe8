"""Whether a lead goes to sales now (the agreement's `qualify`): grade × score × different signals, or a raised hand."""

from dataclasses import dataclass

from nurture.agreement import Agreement, Qualification
from nurture.facts import MICRO, Score
from nurture.rules.grading import Grading
from nurture.values import quick

REPLIED = "replied"
"""The raised hand that no signal of the agreement stands for: a human reply."""
_TENTH = MICRO // 10


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the lead qualifies, and why, in words a rep can say.

    `rule` is the line of `qualify` (from 0) that hands it over; None for a raised hand, or where none does. `missing`
    is what the lead lacks for the line it is nearest to; nothing where it qualifies.
    """

    qualifies: bool
    because: str
    rule: int | None = None
    missing: tuple[str, ...] = ()


def decide(agreement: Agreement, grade: Grading, score: Score, hand_raise: str | None, barred: bool) -> Decision:
    """The first line that fits hands the lead over.

    A raised hand (the signal's name, or `REPLIED`) skips the threshold, but not a criterion's own grade D. `barred`:
    the lead must not be offered, whatever it did.
    """
    if barred:
        return Decision(False, "it must not be offered to sales", missing=("to be allowed to sales at all",))
    refused = _refusal_of_own_grade(grade)
    if hand_raise is not None and refused is None:
        return Decision(True, _raised(hand_raise))
    for index, line in enumerate(agreement.qualify):
        if not _missing(line, grade, score):
            return Decision(True, _reached(line, grade, score), index)
    nearest = min(agreement.qualify, key=lambda line: _distance(line, grade, score))
    missing = _missing(nearest, grade, score)
    if hand_raise is not None:
        return Decision(False, f"{_raised(hand_raise)}, but {refused}", missing=missing)
    return Decision(False, f"not ready: it lacks {', and '.join(missing)}", missing=missing)


def is_within_reach(agreement: Agreement, score: Score) -> bool:
    """Whether some line's points and signals are there; if not, no grade makes the lead qualify."""
    return any(score.micro >= line.score * MICRO and score.signals >= line.signals for line in agreement.qualify)


def say_points(micro: int) -> str:
    """Micro-points as a person reads them: to a tenth, never rounded up to a threshold that is not reached."""
    tenths = micro // _TENTH
    whole, tenth = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{tenth}" if tenth else f"{sign}{whole}"


def _refusal_of_own_grade(grade: Grading) -> str | None:
    """Why not even a raised hand helps: a criterion's own grade D."""
    if not grade.decided_alone or grade.grade != "D":
        return None
    name = next((row.name for row in grade.rows if row.holds and row.grade == "D"), "its fit")
    return f"“{name}” alone makes it grade D"


def _missing(line: Qualification, grade: Grading, score: Score) -> tuple[str, ...]:
    missing = []
    if grade.grade not in line.grades:
        missing.append(f"grade {_either(line.grades)} (it is {grade.grade})")
    if score.micro < line.score * MICRO:
        # Rounded up, as the score itself is rounded down: what is said to be missing suffices.
        lacking = say_points(-(-(line.score * MICRO - score.micro) // _TENTH) * _TENTH)
        missing.append(f"{lacking} points (it has {say_points(score.micro)} of {line.score})")
    if score.signals < line.signals:
        more = line.signals - score.signals
        missing.append(f"{more} more kind{'s'[: more > 1]} of signal (it has {score.signals} of {line.signals})")
    return tuple(missing)


def _distance(line: Qualification, grade: Grading, score: Score) -> tuple[bool, int, int]:
    """How far the lead is from a line: grades it has before those it lacks, then points, then signals."""
    points = max(0, line.score * MICRO - score.micro)
    return grade.grade not in line.grades, points, max(0, line.signals - score.signals)


def _reached(line: Qualification, grade: Grading, score: Score) -> str:
    worth: dict[str, int] = {}
    for row in score.rows:
        worth[row.signal] = worth.get(row.signal, 0) + row.worth
    best = sorted(((-micro, name) for name, micro in worth.items() if micro > 0))
    signals = ", ".join(f"{_plain(name)} {say_points(-micro)}" for micro, name in best)
    asked = f"grade {_either(line.grades)} goes to sales from {line.score}"
    if line.signals > 1:
        asked += f" with {line.signals} kinds of signal"
    return f"grade {grade.grade} with {say_points(score.micro)} points ({signals or 'no signals'}); {asked}"


def _raised(hand_raise: str) -> str:
    return "it replied to a mail" if hand_raise == REPLIED else f"it raised its hand: {_plain(hand_raise)}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _either(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
