"""Whom a handoff goes to: the first line of `assign` that fits and names somebody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nurture.agreement import Agreement
from nurture.facts import Known
from nurture.rules import conditions


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who could be meant by the words of `assign`. `skip` let the lead lie last time and does not get it again."""

    previous: str | None = None
    owner: str | None = None
    colleague: str | None = None
    skip: str | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """The rep, by which line (None: nobody was free, so the manager), and whether it was that rep's turn."""

    rep: str
    line: int | None
    by_turns: bool = False


def rota(agreement: Agreement) -> tuple[str, ...]:
    """Every rep that some line gives leads to by turns."""
    reps = {rep for line in agreement.assign if not isinstance(line.to, str) for rep in line.to}
    return tuple(sorted(reps))


def fitting(agreement: Agreement, known: Known) -> tuple[int, ...]:
    """The lines whose condition holds for the lead, from 0."""
    return tuple(
        number
        for number, line in enumerate(agreement.assign)
        if line.when is None or conditions.holds(line.when, known) is True
    )


def assign(agreement: Agreement, known: Known, who: Candidates, turns: Mapping[str, int]) -> Assigned:
    """The rep who gets the lead. `turns` has a number for each rep of the rota; the lowest is next, ties by address."""
    return among(agreement, fitting(agreement, known), who, turns)


def among(agreement: Agreement, lines: Iterable[int], who: Candidates, turns: Mapping[str, int]) -> Assigned:
    """The same, where it is known already which lines fit."""
    for number in lines:
        line = agreement.assign[number]
        if isinstance(line.to, str):
            rep = {"previous": who.previous, "owner": who.owner, "colleague": who.colleague}[line.to]
            if rep is not None and rep != who.skip:
                return Assigned(rep, number)
            continue
        free = sorted((rep for rep in line.to if rep != who.skip), key=lambda rep: (turns.get(rep, 0), rep))
        if free:
            return Assigned(free[0], number, by_turns=True)
    return Assigned(agreement.sla.manager, None)
