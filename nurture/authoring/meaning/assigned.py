"""Lines of `assign` that never give anybody a lead, leads that none takes, and reps who get none."""

from collections.abc import Iterator, Sequence

from nurture.agreement import Agreement, Assignment
from nurture.authoring.meaning.facts import Given
from nurture.authoring.meaning.possible import possible
from nurture.authoring.meaning.telling import error, warning
from nurture.authoring.meaning.truths import HOLDS, NOT_HOLDS
from nurture.errors import Problem
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import did_you_mean, quoted
from nurture.grammar.tree import Literal, Truth
from nurture.grammar.windows import say_weekdays
from nurture.rules.assignment import capacity, rota
from nurture.workspace.codes import (
    CONTRADICTION,
    DUPLICATE_KEY,
    LINE_HARDLY,
    LINE_NEVER_REACHED,
    NOBODYS_LEADS,
    REP_OF_NO_LINE,
    SHARED_NAME,
)
from nurture.workspace.document import Document


def unreached_lines(agreement: Agreement, document: Document, given: Given) -> Iterator[Problem]:
    """Lines below others that take their leads: always, or unless everybody there is away."""
    for index, line in enumerate(agreement.assign):
        above = [other for other in range(index) if not isinstance(agreement.assign[other].to, str)]
        if not above or not possible([(_when(line), HOLDS)], given):
            continue
        if _is_needless(agreement, index, above, given):
            said = f"this line is never reached: {_lines(document, above)} its leads, and none of its reps is new"
            yield error(document, ("assign", index), LINE_NEVER_REACHED, said, "move it up, or leave it out")
            continue
        several = [other for other in above if len(set(agreement.assign[other].to)) > 1]
        taking = [other for other in several if not _gets_full(agreement, agreement.assign[other])]
        if taking and _takes_all(agreement, index, taking, given):
            said = f"only while everybody there is away: {_lines(document, taking)} the leads of this line"
            hint = "move it up; if it is for the rest, give the lines above an `at_most`"
            yield warning(document, ("assign", index), LINE_HARDLY, said, hint)


def leads_of_nobody(agreement: Agreement, document: Document, given: Given) -> Iterator[Problem]:
    """Leads that only words are for, or nothing: where the words mean nobody, they go to the manager."""
    named = [(_when(line), NOT_HOLDS) for line in agreement.assign if not isinstance(line.to, str)]
    if agreement.assign and possible(named, given):
        said = f"no line with addresses is for every lead: the rest goes to the manager, {agreement.sla.manager}"
        hint = "end with a line without `when`, such as `{to: [rep.one@acme.example]}`"
        yield warning(document, ("assign",), NOBODYS_LEADS, said, hint, at_key=True)


def reps_of_no_line(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """Reps who stand in `reps` and in no line: a slip, or somebody who gets no lead by turns."""
    named = rota(agreement)
    by_owner = any(line.to == "owner" for line in agreement.assign)
    for key, rep in _keys(document):
        if rep not in agreement.reps or rep in (*named, agreement.sla.manager):
            continue
        near = did_you_mean(rep, named)
        if near or not by_owner:
            said = f"no line of `assign` names {quoted(rep)}"
            yield warning(document, ("reps", key), REP_OF_NO_LINE, said, near, at_key=True)


def odd_reps(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """Reps who stand there twice, share a name, or work only on days on which nobody's leads are worked on."""
    seen: dict[str, str] = {}
    names: dict[str, str] = {}
    working = agreement.sla.hours.days
    for key, rep in _keys(document):
        if rep in seen:
            said = f"{quoted(key)} is {quoted(seen[rep])} once more: addresses are the same in any case"
            yield error(document, ("reps", key), DUPLICATE_KEY, said, at_key=True)
            continue
        seen[rep] = key
        said_of = agreement.reps.get(rep)
        if said_of is None:
            continue
        if said_of.name is not None:
            name = " ".join(said_of.name.split()).casefold()
            if name in names:
                said = f"{quoted(names[name])} is called so too: a lead whose owner is given by this name is nobody's"
                yield warning(document, ("reps", key, "name"), SHARED_NAME, said)
            names.setdefault(name, rep)
        if said_of.days is not None and not said_of.days & working:
            said = f"leads are worked on {say_weekdays(working)} (`sla.hours`): this rep would never get one"
            yield error(document, ("reps", key, "days"), CONTRADICTION, said)


def _is_needless(agreement: Agreement, index: int, above: Sequence[int], given: Given) -> bool:
    """Whether each rep of a line, while free, has been given the lead by a line above."""
    line = agreement.assign[index]
    if isinstance(line.to, str):
        return False
    return all(
        _takes_all(
            agreement,
            index,
            [
                other
                for other in above
                if rep in agreement.assign[other].to
                and _has_as_much_room(agreement, rep, agreement.assign[other], line)
            ],
            given,
        )
        for rep in line.to
    )


def _takes_all(agreement: Agreement, index: int, others: Sequence[int], given: Given) -> bool:
    """Whether every lead that a line is for fits one of these others."""
    wanted = [(_when(agreement.assign[index]), HOLDS)]
    wanted += [(_when(agreement.assign[other]), NOT_HOLDS) for other in others]
    return bool(others) and not possible(wanted, given)


def _has_as_much_room(agreement: Agreement, rep: str, one: Assignment, other: Assignment) -> bool:
    most, others = capacity(agreement, rep, one), capacity(agreement, rep, other)
    return most is None or (others is not None and others <= most)


def _gets_full(agreement: Agreement, line: Assignment) -> bool:
    """Whether everybody in a line may have too much to be given more: then the lines below are meant for the rest."""
    return all(capacity(agreement, rep, line) is not None for rep in line.to)


def _keys(document: Document) -> Iterator[tuple[str, str]]:
    """The keys of `reps` as they are written, and the addresses that they are."""
    for path in document.keys("reps"):
        yield str(path[1]), parse_address(path[1])


def _when(line: Assignment) -> Truth:
    return line.when.tree if line.when else Literal(value=True)


def _lines(document: Document, lines: Sequence[int]) -> str:
    places = [document.source.place(document.offset(("assign", line)))[0] for line in lines]
    if len(places) == 1:
        return f"line {places[0]} above takes"
    return f"lines {', '.join(map(str, places[:-1]))} and {places[-1]} above take"
