"""Who reads what the channels write, and how times are told to them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nurture.agreement import Agreement
from nurture.notifiers import wording

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads it: where sales works, and what its reps are called, by address."""

    zone: ZoneInfo
    names: Mapping[str, str] = field(default_factory=dict)

    def moment(self, at: datetime) -> str:
        """`Tue 3 Mar 2026, 14:05 CST`."""
        return wording.moment(at, self.zone)

    def rep(self, address: object) -> str:
        """What a rep is called; the address where nobody says; `nobody` where there is none."""
        return wording.one_line(self.names.get(str(address)) or address or "nobody", 80)


def reader_of(agreement: Agreement) -> Reader:
    """Where sales works, and what its reps are called."""
    names = {address: rep.name for address, rep in agreement.reps.items() if rep.name}
    return Reader(ZoneInfo(agreement.sla.hours.timezone), names)


def how_long(passed: timedelta) -> str:
    """`40 minutes`, `3 hours`, `2 days`: whole units, never more than have passed."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        count = passed // unit
        if count >= 1:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"


def instant(value: object) -> datetime | None:
    """An aware time out of its ISO 8601 text; None for anything else."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
