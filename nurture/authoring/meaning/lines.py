"""Lines of the agreement that never decide anything, and signals that count each other's events."""

from collections.abc import Iterator

from nurture.agreement import Agreement, Assignment, Qualification
from nurture.authoring.meaning.facts import Given
from nurture.authoring.meaning.possible import possible
from nurture.authoring.meaning.telling import error, warning
from nurture.authoring.meaning.truths import HOLDS, NOT_HOLDS
from nurture.errors import Problem
from nurture.grammar.mistakes import quoted
from nurture.grammar.tree import Literal, Truth
from nurture.workspace.codes import LINE_NEVER_REACHED, NO_EFFECT, SAME_SIGNAL, TWICE_IN_A_LIST
from nurture.workspace.document import Document


def unreached_assignments(agreement: Agreement, document: Document, given: Given) -> Iterator[Problem]:
    """Lines of `assign` below others that leave them nobody.

    A line with two addresses or more always has somebody, for at most one rep, who let the lead lie, is passed over.
    """
    above: list[int] = []
    for index, line in enumerate(agreement.assign):
        wanted = [(_when(line), HOLDS), *((_when(agreement.assign[other]), NOT_HOLDS) for other in above)]
        if above and not possible(wanted, given) and possible(wanted[:1], given):
            lines = [document.source.place(document.offset(("assign", other)))[0] for other in above]
            said = (
                f"this line is never reached: {_lines(lines)} above {'takes' if len(lines) == 1 else 'take'} its leads"
            )
            yield error(document, ("assign", index), LINE_NEVER_REACHED, said, "move it up")
        elif not isinstance(line.to, str) and len(set(line.to)) > 1:
            above.append(index)


def covered_qualifications(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """Lines of `qualify` whose leads another line hands over in any case."""
    lines = agreement.qualify
    for index, line in enumerate(lines):
        others = [
            other
            for other in range(len(lines))
            # Of two lines that say the same, the lower one is too many.
            if other != index and (other < index or not _covers(line, lines[other]))
        ]
        covering = next((other for other in others if _covers(lines[other], line)), None)
        if covering is not None:
            at, _ = document.source.place(document.offset(("qualify", covering)))
            said = f"this line changes nothing: the one in line {at} hands over its leads already, for no more points"
            yield warning(document, ("qualify", index), NO_EFFECT, said)


def shared_signals(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """Signals that match the same events: each event counts for both, and as two different signals."""
    first: dict[str, str] = {}
    for name, signal in agreement.signals.items():
        other = first.setdefault(signal.when.fingerprint, name)
        if other != name:
            said = (
                f"{quoted(name)} counts the same events as {quoted(other)}: each gives points for both, as two signals"
            )
            yield warning(document, ("signals", name, "when"), SAME_SIGNAL, said, "leave one of them out")


def doubles_in_agreement(agreement: Agreement, document: Document) -> Iterator[Problem]:
    """What stands twice in a list of the agreement."""
    for index, line in enumerate(agreement.qualify):
        yield from doubles(document, ("qualify", index, "grades"), line.grades)
    for index, assignment in enumerate(agreement.assign):
        if not isinstance(assignment.to, str):
            yield from doubles(document, ("assign", index, "to"), assignment.to)
    yield from doubles(document, ("notify",), agreement.notify)


def doubles(document: Document, path: tuple[str | int, ...], items: tuple[str, ...]) -> Iterator[Problem]:
    """Items that a list has already."""
    for index, item in enumerate(items):
        if item in items[:index]:
            yield warning(document, (*path, index), TWICE_IN_A_LIST, f"{quoted(item)} stands in this list twice")


def _covers(one: Qualification, other: Qualification) -> bool:
    return set(other.grades) <= set(one.grades) and one.score <= other.score and one.signals <= other.signals


def _when(line: Assignment) -> Truth:
    return line.when.tree if line.when else Literal(value=True)


def _lines(lines: list[int]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
