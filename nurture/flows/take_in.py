"""Take in people, known or new, in one transaction: stored, suppressed where they must be, arrived or refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import TryAgain, is_deadlock_or_serialization, transaction
from nurture.facts import WITH_SALES
from nurture.flows.consent import note_in
from nurture.flows.decide import decide, offered
from nurture.rules.happenings import Happening, MustNotBeMailed, Placed, ProfileChanged
from nurture.sheets import arrivals
from nurture.sheets.people import Person
from nurture.store import identities, incoming, leads, suppressions
from nurture.store.consents import Entry
from nurture.store.incoming import Heard
from nurture.store.merging import addresses
from nurture.store.suppressions import suppress

TRIES = 3


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many of the people are new, and how many leads were handed to sales.

    `erased` were not taken: those addresses whose owners asked to be forgotten, and when that was done. `new` are the
    addresses of the new ones, `living` those that belong to a lead with another address, and that one.
    """

    created: int
    offered: int
    erased: Mapping[str, datetime] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    living: Mapping[str, str] = field(default_factory=dict)


def take_in(app: App, people: Mapping[str, Person], now: datetime, *, by: str = arrivals.BY) -> TakenIn:
    """Store people, by address, and let the rules decide what follows for each; all of them or, where it raises, none.

    A new lead with a reject reason was refused; without one it arrives, unless its stage says that it is with sales or
    over. A known lead is updated (an empty cell changes nothing) and refused where the refusal is news. Of stages only
    `customer` and `disqualified` are taken for a known lead: the others are moved by what happens here. Whoever must
    not be mailed is suppressed before anything else; whoever asked to be forgotten is not taken.

    The transaction is tried again where another one was in its way. `by` is who says so.
    """
    for attempt in range(TRIES):
        try:
            with transaction(app.engine) as db:
                return _take_in(db, app, people, now, by)
        except Exception as error:
            if attempt + 1 == TRIES or not is_deadlock_or_serialization(error):
                raise
    raise AssertionError("unreachable")


def _take_in(db: Connection, app: App, people: Mapping[str, Person], now: datetime, by: str) -> TakenIn:
    """Lock, insert, update, suppress; then let happen what follows (design: locks before any insert into leads)."""
    identities.keep(db, {identities.FURTHER}, ())  # none of these addresses becomes another lead's meanwhile
    gone = suppressions.erased(db, people)
    people = {email: person for email, person in people.items() if email not in gone}
    living = incoming.living_addresses(db, people)
    people = _by_lead(people, living)
    incoming.copy_in(db, (arrivals.values(person) for person in people.values()))
    known = incoming.lock_known(db)
    new = incoming.insert_new(db, now)
    if len(known) + len(new) < len(people):  # somebody else has just inserted the rest
        known = {email: lead_id for email, lead_id in incoming.lock_known(db).items() if email not in new}
    if len(known) + len(new) < len(people):  # somebody else has just merged one of them into another
        raise TryAgain
    given = [(lead_id, arrivals.values(people[email])) for email, lead_id in known.items()]
    changed = leads.update(db, given, now, source=by) if given else []
    changed = sorted(
        {*changed, *_note_grounds(db, app, people, {**known, **new}, now, by).intersection(known.values())}
    )
    _suppress(db, app, people, known, now, by)
    happenings: dict[int, Happening] = {lead_id: ProfileChanged() for lead_id in changed}
    placed, refused = _told_of_known(db, {lead_id: people[email] for email, lead_id in known.items()}, now, by)
    customers_refused = {lead_id: placed[lead_id] for lead_id in placed.keys() & refused.keys()}
    if customers_refused:
        decide(db, app, customers_refused, now)
    happenings |= placed | refused
    for email, lead_id in new.items():
        if (arrival := arrivals.arrival(people[email], now, by)) is not None:
            happenings[lead_id] = arrival
    return TakenIn(len(new), offered(decide(db, app, happenings, now)), gone, frozenset(new), living)


def _by_lead(people: Mapping[str, Person], living: Mapping[str, str]) -> Mapping[str, Person]:
    """The same people by the address of their lead, where that is another one. Two rows may be about one lead."""
    if not living:
        return people
    by_lead: dict[str, Person] = {}
    for email, person in people.items():
        known = replace(person, email=living.get(email, email))
        before = by_lead.get(known.email)
        by_lead[known.email] = known if before is None else before.updated_by(known)
    return by_lead


def _note_grounds(
    db: Connection, app: App, people: Mapping[str, Person], ids: Mapping[str, int], now: datetime, by: str
) -> set[int]:
    """Write down on what grounds people may be mailed, and who may be observed; gives those of whom that is news."""
    entries = []
    for email, lead_id in ids.items():
        person = people[email]
        if (ground := person.ground) is not None:
            wording = ground.wording or (app.agreement.consent.wording if ground.basis == "consent" else None)
            source = str(ground.source or person.profile.get("source") or by)
            said = Entry(lead_id, True, ground.at, by, basis=ground.basis, source=source, wording=wording)
            entries.append(said)
        if person.tracking is False:  # no file takes back what a lead said itself
            entries.append(Entry(lead_id, False, None, by, purpose="tracking", source=by))
    return note_in(db, entries, now)


def _suppress(
    db: Connection, app: App, people: Mapping[str, Person], known: Mapping[str, int], now: datetime, by: str
) -> None:
    """Before anything else: whoever is not to be mailed leaves the campaign, and none takes them."""
    quiet = [email for email, person in people.items() if person.do_not_email]
    further = addresses(db, [known[email] for email in quiet if email in known]) if quiet else []
    if suppress(db, {*quiet, *further}, reason="unsubscribed", how=by, at=now):
        decide(db, app, {known[email]: MustNotBeMailed("unsubscribed") for email in quiet if email in known}, now)


def _told_of_known(
    db: Connection, known: Mapping[int, Person], now: datetime, by: str
) -> tuple[dict[int, Happening], dict[int, Happening]]:
    """Where known leads stand now, and who was refused since; the same row twice is no news.

    A row may say both: a customer was refused. Who is disqualified, or with sales, stays so while a row gives a reason.
    """
    told = [lead_id for lead_id, person in known.items() if person.reject_reason is not None]
    heard = {one.lead_id: one for one in incoming.heard_of(db, told)}
    over = {lead_id for lead_id, one in heard.items() if one.stage == "disqualified"}
    stay = over | {lead_id for lead_id, one in heard.items() if one.stage in WITH_SALES}
    placed: dict[int, Happening] = {
        lead_id: Placed(person.stage)
        for lead_id, person in known.items()
        if person.stage in ("customer", "disqualified") and lead_id not in stay
    }
    refused: dict[int, Happening] = {
        lead_id: arrivals.refusal(known[lead_id], now, by)
        for lead_id, one in heard.items()
        if lead_id not in over and _is_news(one, known[lead_id])
    }
    return placed, refused


def _is_news(heard: Heard, person: Person) -> bool:
    """Whether a refusal is one that we have not heard of.

    With a date: it is later than the last one, and than the offer that is open. Without: it has never been given as the
    reason. Nor is it news of somebody with whom it is over.
    """
    if person.stage == "disqualified":
        return False
    if person.rejected_at is None:
        return person.reject_reason not in heard.reasons
    return heard.last_at is None or person.rejected_at > heard.last_at
