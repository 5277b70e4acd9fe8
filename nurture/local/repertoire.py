"""What there is to do on the company's site, as the agreement has it: what warms, what cools, what raises the hand."""

from collections.abc import Iterator
from dataclasses import dataclass

from nurture.agreement import Agreement, Signal
from nurture.grammar.matchers import path_matches
from nurture.local.acts import Visit

_PROPERTIES = {"minutes": 45, "amount": 1000, "value": 1000, "quantity": 3}
"""Enough for a signal that asks for more than the name (`if: "event.minutes >= 20"`)."""
_HOME = Visit("page", "/")


@dataclass(frozen=True, slots=True)
class Repertoire:
    """Visits by what they are worth to the agreement; those worth most come first."""

    pages: tuple[Visit, ...]
    tracks: tuple[Visit, ...]
    cooling: tuple[Visit, ...]
    raising: tuple[Visit, ...]


def repertoire(agreement: Agreement) -> Repertoire:
    """Read it off the agreement's signals. There is always a page to visit."""
    known = sorted(_known(agreement), key=lambda pair: (-pair[0].points, pair[1].name))
    raising = tuple(visit for signal, visit in known if signal.hand_raise)
    warming = [visit for signal, visit in known if signal.points > 0 and not signal.hand_raise]
    return Repertoire(
        pages=tuple(visit for visit in warming if visit.kind == "page") or (_HOME,),
        tracks=tuple(visit for visit in warming if visit.kind == "track"),
        cooling=tuple(visit for signal, visit in known if signal.points < 0),
        raising=raising,
    )


def _known(agreement: Agreement) -> Iterator[tuple[Signal, Visit]]:
    for signal in agreement.signals.values():
        pattern = signal.when.pattern
        if signal.when.kind == "page" and pattern:
            path = pattern.replace("*", "")
            if path_matches(pattern, path):
                yield signal, Visit("page", path)
        elif signal.when.kind == "track" and pattern:
            yield signal, Visit("track", pattern, _PROPERTIES if signal.when.condition else {})
