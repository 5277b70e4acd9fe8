"""Who is who, by addresses and user ids: which ids are one person's, and which known leads turn out to be one. Pure.

An event that names two ids says that they are the same person's. So a user id joins the lead with the address beside
it, and a new address joins the lead with the user id beside it. Where both belong to leads that are known, these are
one person, unless each has an account (a user id) of its own: then only an `alias` may say so, or a person.

That is for senders who are sure. Of others only this is believed: a user id that is nobody's is of the lead with the
address beside it, if that has no account; and of two user ids in an `alias` one that is nobody's is of whoever has the
other. Nothing that they say makes one lead of two, or gives a lead a further address.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

from nurture.segment.names import Name, Names

Lead = TypeVar("Lead")

TWO_ACCOUNTS = "an event has the user id of one and the address of the other, and each has a user id of its own"
DOUBTED = "an event says so, with a write key that IDENTITY_KEYS does not name"
TOO_MANY = "an event says so, among more pairs than are merged at one time; the next such event merges them"


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
        most: how many times two known leads may turn out to be one; what is said beyond that is noted as a conflict.
        parties: people of whom something new was heard.
        conflicts: pairs that are said to be one person and are not believed to be, and why not.
    """

    known: Mapping[Name, Lead]
    accounts: Collection[Lead] = ()
    most: float = inf
    parties: list[Party[Lead]] = field(default_factory=list)
    conflicts: list[tuple[Party[Lead], Party[Lead], str]] = field(default_factory=list)
    _new: dict[Name, Party[Lead]] = field(default_factory=dict)
    _of: dict[Lead, Party[Lead]] = field(default_factory=dict)

    def hear(self, names: Names) -> None:
        """Take in whom the next event names."""
        people = names.people
        if names.previous is not None and ("user", names.previous) in self.known:
            people = (*people, ("user", names.previous))
        if not people or (len(people) == 1 and (people[0] in self.known or people[0] in self._new)):
            return
        if names.sure:
            self._hear_sure(people, alias=names.alias)
        else:
            self._hear_doubted(people)

    def _hear_sure(self, people: Sequence[Name], *, alias: bool) -> None:
        first: Party[Lead] | None = None
        loose: list[Name] = []
        for name in people:
            party = self._party(name)
            if party is None:
                loose.append(name)
            elif first is None:
                first = party
            elif party is not first:
                first = self._same(first, party, alias=alias)
        if first is None:
            if people[0][0] == "user" and len(people) == 1:
                return
            first = Party()
            self.parties.append(first)
        for name in loose:
            self._name(first, name)

    def _hear_doubted(self, people: Sequence[Name]) -> None:
        """Addresses first, for what an event says is of the address; then user ids that are somebody's."""
        first: Party[Lead] | None = None
        for name in sorted(people, key=lambda name: (name[0] == "user", self._party(name) is None)):
            party = self._party(name)
            if party is not None and first is None:
                first = party
            elif party is not None and first is not None and party is not first:
                self.conflicts.append((first, party, DOUBTED))
            elif party is None and first is None and name[0] == "email":
                first = Party()
                self.parties.append(first)
                self._name(first, name)
            elif party is None and first is not None and name[0] == "user" and self._may_have(first, people):
                self._name(first, name)

    def _may_have(self, party: Party[Lead], people: Sequence[Name]) -> bool:
        """Whether a user id of one who is not sure may be this one's: it has none yet, or the event has no address."""
        return not party.account or all(kind == "user" for kind, _ in people)

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
        if one.account and other.account and not alias:
            self.conflicts.append((one, other, TWO_ACCOUNTS))
            return one
        if one.leads and other.leads:
            if self.most < 1:
                self.conflicts.append((one, other, TOO_MANY))
                return one
            self.most -= 1
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
        self.conflicts = [
            (one if a is other else a, one if b is other else b, because) for a, b, because in self.conflicts
        ]
        return one

    def _name(self, party: Party[Lead], name: Name) -> None:
        party.names.append(name)
        party.account = party.account or name[0] == "user"
        self._new[name] = party
