"""Who reads what the channels write, by the agreement."""

from zoneinfo import ZoneInfo

from nurture.agreement import Agreement
from nurture.notifiers.news import Reader


def reader_of(agreement: Agreement) -> Reader:
    """Where sales works, and what its reps are called."""
    names = {address: rep.name for address, rep in agreement.reps.items() if rep.name}
    return Reader(ZoneInfo(agreement.sla.hours.timezone), names)
