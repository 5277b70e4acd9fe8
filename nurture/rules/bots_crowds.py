"""One address that looks through the mails of many leads within a moment: a gateway at work, not people at desks.

Offices and phones share addresses, thousands of people one of them, so an address alone says nothing, nor do many leads
alone. Taken together are: the same address and the same agent, links (not pictures), within `MOMENT`, of `AT_DELIVERY`
leads each of whom was sent the mail within `FRESH`, or of `AT_ANY_TIME` leads whenever.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture.rules.bots_windows import crowded

MOMENT = timedelta(seconds=10)
FRESH = timedelta(minutes=2)
AT_DELIVERY = 5
AT_ANY_TIME = 20


@dataclass(frozen=True, slots=True)
class Visit:
    """A link of a lead's mail was followed from a known address. `fresh`: within `FRESH` of the mail's delivery."""

    id: int
    at: datetime
    lead_id: int
    address_hash: str
    agent: str | None
    fresh: bool


def in_crowds(visits: Iterable[Visit]) -> set[int]:
    """Ids of the visits that one address made to many leads' mails. The order of the visits does not matter."""
    visitors: dict[tuple[str, str | None], list[Visit]] = defaultdict(list)
    for visit in sorted(visits, key=lambda visit: (visit.at, visit.id)):
        visitors[visit.address_hash, visit.agent].append(visit)
    found: set[int] = set()
    for mine in visitors.values():
        fresh = [visit for visit in mine if visit.fresh]
        for some, enough in ((fresh, AT_DELIVERY), (mine, AT_ANY_TIME)):
            found.update(visit.id for visit in crowded(some, MOMENT, _lead, enough))
    return found


def _lead(visit: Visit) -> int:
    return visit.lead_id
