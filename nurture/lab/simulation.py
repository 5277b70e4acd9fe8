"""Many leads' lives in virtual time, by the production rules: no database, no mail, no clock.

At one instant, things happen in this order, over and over until nothing is due: what people did (events, then acts, in
the order given), hits that have waited a minute are judged, due leads are decided, mails whose slot has come leave.
Every instant at which something is due is visited, as with a stepped clock that is never late.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from nurture.lab.acts import Act
from nurture.lab.behaviour import Behaviour, Nobody
from nurture.lab.living import Life, World
from nurture.lab.notes import Notes
from nurture.lab.records import Lived
from nurture.lab.requests import Request, requests_of
from nurture.rules import taking
from nurture.rules.book import Rulebook
from nurture.rules.happenings import EnrolledByHand
from nurture.rules.history import told
from nurture.segment.event import IncomingEvent
from nurture.sheets.arrivals import arrival, newcomer
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
    world = World(book, start, end, behaviour or Nobody(), link_count)
    requests = requests_of(events, start, end)
    planned: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        planned[act.lead].append(act)
    for person in people:
        life = _arrived(world, person)
        _plan(life, requests.pop(person.email, ()), planned.pop(person.email, ()))
        _take_in(life, person, campaign)
        yield life.live()
    for address, asked in requests.items():
        life = _stranger(world, address, asked[0])
        _plan(life, asked[1:], planned.pop(address, ()))
        yield life.live()


def _arrived(world: World, person: Person) -> Life:
    """Somebody from the file, before anything has happened."""
    state = newcomer(person, world.start)
    return Life(world, state, Notes(Lived(person.email, person.source.line, state)), world.start)


def _plan(life: Life, requests: Iterable[Request], acts: Iterable[Act]) -> None:
    for request in requests:
        life.plan(request, request.at)
    for act in acts:
        life.plan(act, act.at)


def _take_in(life: Life, person: Person, campaign: str | None) -> None:
    """What an import lets happen to somebody whom nobody knew; then, where asked, into a campaign by hand."""
    happening = arrival(person, life.now)
    if happening is not None:
        life.happen(happening)
    if campaign is None or life.state.enrollment is not None:
        return
    wanted = life.world.book.campaigns[campaign]
    if taking.refusal(life.world.book, wanted, life.state, life.now) is None:
        life.happen(EnrolledByHand(campaign))


def _stranger(world: World, address: str, first: Request) -> Life:
    """Somebody whom an event names and nobody knew. Who came by a form that is to be confirmed never answers here."""
    state = newcomer(Person(address), first.at)
    profile = first.profile(state.profile, state.created_at)
    asked = not first.forms.isdisjoint(world.book.agreement.consent.double_opt_in)
    events = first.facts if world.remembers else ()
    state = replace(state, profile=profile or state.profile, events=events, unconfirmed=asked)
    life = Life(world, state, Notes(Lived(address, 0, state)), first.at)
    happening = told(
        first.facts, first.at, arrived=True, profile_changed=profile is not None, heard_now=first.heard_now
    )
    if happening is not None:
        life.happen(happening)
    return life
