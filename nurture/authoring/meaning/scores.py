"""The highest score that a lead could have, and lines of `qualify` that ask for more."""

from collections.abc import Iterator
from dataclasses import dataclass

from nurture.agreement import Agreement, Signal
from nurture.authoring.meaning.telling import error, so_many, warning
from nurture.errors import Problem
from nurture.facts import MICRO
from nurture.rules.qualification import say_points
from nurture.rules.scoring import decay_table
from nurture.workspace.codes import NO_EFFECT, SCORE_HARDLY, SCORE_OUT_OF_REACH
from nurture.workspace.document import Document

VERY_BUSY = 10
"""So many events of one kind on each single day are more than any lead does, where the agreement sets no `at_most`."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals that count the same events."""

    signals: tuple[Signal, ...]
    decays: tuple[tuple[int, ...], ...]

    def best_day(self, age: int, most: int | None) -> int | None:
        """What a day of that age is worth at most, in micro-points; None where more events are always worth more.

        Worth is a broken line in the number of events, which bends at the caps alone: its top is at one of them.
        """
        free = sum(s.points * d[age] for s, d in self._with_decay() if s.at_most is None)
        if free > 0 and most is None:
            return None
        bends = [0, *(s.at_most for s in self.signals if s.at_most is not None), *([most] if most else [])]
        return max(sum(s.points * min(n, s.at_most or n) * d[age] for s, d in self._with_decay()) for n in bends)

    def _with_decay(self) -> Iterator[tuple[Signal, tuple[int, ...]]]:
        return zip(self.signals, self.decays, strict=True)


def highest_score(agreement: Agreement, *, busy: int | None = None) -> int | None:
    """The exact most that a score can be, in micro-points; None where nothing bounds it.

    It is reached by a lead that does, on every day of the horizon, what is worth most on that day. Signals of one
    matcher count the same events; those of different matchers are taken to come each by itself.

    Args:
        agreement: with its caps, half-lives and horizon.
        busy: at most so many events of each kind a day, where a signal has no `at_most`; None: any number.
    """
    horizon = agreement.horizon.days
    total = 0
    for group in _by_matcher(agreement):
        for age in range(horizon + 1):
            best = group.best_day(age, busy)
            if best is None:
                return None
            total += best
    return total


def unreachable_scores(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """Lines of `qualify` that ask for a score, or for a number of signals, that nobody can reach."""
    highest, busy = highest_score(agreement), highest_score(agreement, busy=VERY_BUSY) or 0
    kinds = sum(signal.points > 0 for signal in agreement.signals.values())
    days = agreement.horizon
    for index, line in enumerate(agreement.qualify):
        points = so_many(line.score, "point", form="{:,}")
        if highest is not None and highest < line.score * MICRO:
            said = (
                f"no lead can ever have {points}: whoever does everything that gives any, as often as "
                f"`at_most` lets it count, on each of {days}, has {say_points(highest)}"
            )
            hint = "lower it, or raise points, `at_most` or half-lives"
            yield error(document, ("qualify", index, "score"), SCORE_OUT_OF_REACH, said, hint)
        elif highest is None and busy < line.score * MICRO:
            said = (
                f"hardly any lead will have {points}: ten events of every kind on each of {days} "
                f"give {say_points(busy)}"
            )
            yield warning(document, ("qualify", index, "score"), SCORE_HARDLY, said, "is there a digit too many?")
        if line.signals > kinds:
            said = f"no lead can have {so_many(line.signals, 'different signal')}: {_kinds(kinds)} worth any points"
            path = ("qualify", index, "signals")
            yield error(document, path, SCORE_OUT_OF_REACH, said, f"at most {kinds}" if kinds else None)


def idle_settings(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """`at_most` and `half_life` of signals that are worth nothing."""
    for name, signal in agreement.signals.items():
        for key in ("at_most", "half_life"):
            if not signal.points and getattr(signal, key) is not None:
                said = f"`{key}` changes nothing: the signal is worth no points"
                yield warning(document, ("signals", name, key), NO_EFFECT, said, at_key=True)


def _kinds(kinds: int) -> str:
    return "no signal is" if not kinds else "only one is" if kinds == 1 else f"only {kinds} are"


def _by_matcher(agreement: Agreement) -> list[Signals]:
    groups: dict[str, list[Signal]] = {}
    for signal in agreement.signals.values():
        if signal.points:
            groups.setdefault(signal.when.fingerprint, []).append(signal)
    return [
        Signals(
            tuple(group),
            tuple(decay_table((s.half_life or agreement.half_life).days, agreement.horizon.days) for s in group),
        )
        for group in groups.values()
    ]
