"""Who is in a file of leads, each address once, without holding the whole file."""

from collections.abc import Callable, Iterable, Iterator

from nurture.sheets.people import Person
from nurture.sheets.readings import Reject


def repeated(addresses: Iterable[str]) -> frozenset[int]:
    """Fingerprints (`hash`) of the addresses that come more than once; a few bytes a lead are held meanwhile."""
    seen: set[int] = set()
    again: set[int] = set()
    for address in addresses:
        mark = hash(address)
        (again if mark in seen else seen).add(mark)
    return frozenset(again)


def merged(
    rows: Iterable[Person | Reject], again: frozenset[int], rejected: Callable[[Reject], None]
) -> Iterator[Person]:
    """People in the order of the file; those with more than one row, of whom the later knows better, at its end.

    Args:
        rows: people and rejects, as `nurture.sheets` reads them.
        again: what `repeated` said of the same file.
        rejected: told of every row that is nobody.
    """
    waiting: dict[str, Person] = {}
    for row in rows:
        if isinstance(row, Reject):
            rejected(row)
        elif hash(row.email) not in again:
            yield row
        else:
            known = waiting.get(row.email)
            waiting[row.email] = row if known is None else known.updated_by(row)
    yield from waiting.values()
