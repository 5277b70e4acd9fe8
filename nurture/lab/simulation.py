"""Many leads' lives in virtual time, by the production rules: no database, no mail, no clock.

At one instant, things happen in this order, over and over until nothing is due: what people did (events, then acts, in
the order given), hits that have waited a minute are judged, due leads are decided, mails whose slot has come leave.
Every instant at which something is due is visited, as with a stepped clock that is never late.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from nurture.lab.acts import Act
from nurture.lab.behaviour import Behaviour
from nurture.lab.records import Lived
from nurture.rules.book import Rulebook
from nurture.segment.event import IncomingEvent
from nurture.sheets.people import Person


def no_links(_: str) -> int:
    """For simulations in which nobody follows every link of a mail."""
    return 0


def simulate(
    book: Rulebook,
    people: Iterable[Person],
    *,
    start: datetime,
    end: datetime,
    events: Iterable[IncomingEvent] = (),
    acts: Iterable[Act] = (),
    behaviour: Behaviour | None = None,
    link_count: Callable[[str], int] = no_links,
    campaign: str | None = None,
) -> Iterator[Lived]:
    """Let leads live from `start` until before `end`; gives each one's life, one lead at a time, in the file's order.

    Leads are taken in at `start` as an import does. Events that occurred by then are taken in right after that, as one
    request; each later one at the instant at which it occurred, as a request of its own, in order of time and then as
    given. An event about an address that `people` lacks makes a lead, as in production; those come last.

    Args:
        book: the rules.
        people: who is in the file; each address once (`merged` sees to it).
        start: when the file is imported.
        end: nothing at or after this instant happens.
        events: decoded Segment messages.
        acts: what people do, whatever happens.
        behaviour: what people do because of mails and handoffs; None: nothing.
        link_count: how many links people see in a template's mails, for judging hits.
        campaign: put every lead that it may hold, and that no campaign took, into this one, as by hand.
    """
    raise NotImplementedError
