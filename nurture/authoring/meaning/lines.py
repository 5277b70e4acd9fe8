"""Lines of the agreement that never decide anything, and signals that count each other's events."""

from collections.abc import Iterator

from nurture.agreement import Agreement, Qualification
from nurture.authoring.meaning.telling import warning
from nurture.errors import Problem
from nurture.grammar.mistakes import quoted
from nurture.workspace.codes import NO_EFFECT, SAME_SIGNAL, TWICE_IN_A_LIST
from nurture.workspace.document import Document


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
