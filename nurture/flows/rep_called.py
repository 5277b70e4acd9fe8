"""Whom somebody means who names a rep."""

from nurture.agreement import Agreement
from nurture.errors import UsageError
from nurture.grammar.mistakes import did_you_mean
from nurture.rules.assignment import everybody, whom


def rep_called(agreement: Agreement, said: str, *, anybody: bool = True) -> str:
    """The address of a rep, by that or by the name in the agreement.

    Args:
        agreement: it has the names.
        said: what was written.
        anybody: whether an address may be that of somebody whom the agreement does not name.

    Raises:
        UsageError: it is nobody; says who there is.
    """
    address = whom(agreement, said)
    if address is not None and (anybody or address in everybody(agreement)):
        return address
    names = [rep.name for rep in agreement.reps.values() if rep.name is not None]
    hint = did_you_mean(said, [*names, *everybody(agreement)])
    reps = ", ".join(everybody(agreement))
    raise UsageError(f"no rep is {said!r}{f' ({hint})' if hint else ''}; the agreement has {reps}")
