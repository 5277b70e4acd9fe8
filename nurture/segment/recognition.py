"""Who is who, by addresses and user ids: which ids are one person's, and which known leads turn out to be one. Pure.

An event that names two ids says that they are the same person's. So a user id joins the lead with the address beside
it, and a new address joins the lead with the user id beside it. Where both belong to leads that are known, these are
one person, unless each has an account (a user id) of its own: then only an `alias` may say so, or a person.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nurture.segment.names import Name, Names

Lead = TypeVar("Lead")


@dataclass(slots=True, eq=False)
class Party(Generic[Lead]):
    """One person, as far as is heard.

    Attributes:
        leads: those that it is; more than one turned out to be one, none is one to be made.
        names: new names of it, in the order of time.
        account: whether a user id is its own.
        lead: the one lead that it is in the end, once that is settled.
    """

    leads: list[Lead] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    account: bool = False
    lead: Lead | None = None

    @property
    def addresses(self) -> list[str]:
        """New addresses of it; the first is that of a lead to be made."""
        return [value for kind, value in self.names if kind == "email"]

    @property
    def users(self) -> list[str]:
        """New user ids of it."""
        return [value for kind, value in self.names if kind == "user"]

    @property
    def exists(self) -> bool:
        """Whether it is a lead, or is to be one."""
        return bool(self.leads or self.addresses)


@dataclass(slots=True)
class People(Generic[Lead]):
    """Who is who while events are heard in order.

    Attributes:
        known: the lead of each name that had one before.
        accounts: leads that have a user id of their own.
        joinable: whether two known leads may turn out to be one at all.
        parties: people of whom something new was heard.
        conflicts: pairs that are said to be one person, and are not believed to be.
    """

    known: Mapping[Name, Lead]
    accounts: Collection[Lead] = ()
    joinable: bool = True
    parties: list[Party[Lead]] = field(default_factory=list)
    conflicts: list[tuple[Party[Lead], Party[Lead]]] = field(default_factory=list)
    _new: dict[Name, Party[Lead]] = field(default_factory=dict)
    _of: dict[Lead, Party[Lead]] = field(default_factory=dict)

    def hear(self, names: Names) -> None:
        """Take in whom the next event names."""
        people = names.people
        if names.previous is not None and ("user", names.previous) in self.known:
            people = (*people, ("user", names.previous))
        if not people or (len(people) == 1 and (people[0] in self.known or people[0] in self._new)):
            return
        first: Party[Lead] | None = None
        loose: list[Name] = []
        for name in people:
            party = self._party(name)
            if party is None:
                loose.append(name)
            elif first is None:
                first = party
            elif party is not first:
                first = self._same(first, party, alias=names.alias)
        if first is None:
            if people[0][0] == "user" and len(people) == 1:
                return
            first = Party()
            self.parties.append(first)
        for name in loose:
            self._name(first, name)

    def person(self, names: Names) -> Party[Lead] | None:
        """Whom the event is about by its names alone, if that is somebody: by address, else by user id."""
        for name in names.people:
            party = self._party(name)
            if party is not None and party.exists:
                return party
        return None

    def lead(self, names: Names) -> Lead | None:
        """The lead that this is, once every party's is settled."""
        for name in names.people:
            party = self._new.get(name)
            if party is None and name in self.known:
                lead = self.known[name]
                party = self._of.get(lead)
                if party is None:
                    return lead
            if party is not None and party.lead is not None:
                return party.lead
        return None

    def joined(self) -> Iterable[Party[Lead]]:
        """People who turned out to be several known leads."""
        return [party for party in self.parties if len(party.leads) > 1]

    def _party(self, name: Name) -> Party[Lead] | None:
        if name in self._new:
            return self._new[name]
        if name not in self.known:
            return None
        lead = self.known[name]
        party = self._of.get(lead)
        if party is None:
            party = self._of[lead] = Party([lead], account=lead in self.accounts or name[0] == "user", lead=lead)
            self.parties.append(party)
        party.account = party.account or name[0] == "user"
        return party

    def _same(self, one: Party[Lead], other: Party[Lead], *, alias: bool) -> Party[Lead]:
        """The two are one, if that is believed; gives whom the event is about."""
        both_known = bool(one.leads and other.leads)
        if (both_known and not self.joinable) or (one.account and other.account and not alias):
            self.conflicts.append((one, other))
            return one
        earlier = self.parties.index(other) < self.parties.index(one)
        self.parties.remove(other)
        one.leads += other.leads
        one.account = one.account or other.account
        for name in other.names:
            self._new[name] = one
        one.names = [*other.names, *one.names] if earlier else [*one.names, *other.names]
        for lead in other.leads:
            self._of[lead] = one
        if one.lead is None:
            one.lead = other.lead
        self.conflicts = [(one if a is other else a, one if b is other else b) for a, b in self.conflicts]
        return one

    def _name(self, party: Party[Lead], name: Name) -> None:
        party.names.append(name)
        party.account = party.account or name[0] == "user"
        self._new[name] = party
