"""Whom an event names: by addresses, by user ids, by the browser. Pure."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from nurture.segment.event import IncomingEvent
from nurture.segment.tame import address_or_none

Name = tuple[Literal["email", "user"], str]
"""One way to name a person."""

_NOBODY = re.compile(
    r"[0\-]*|-1|null|undefined|none|nil|nan|na|n/a|anonymous|anon|guest|unknown|unidentified|true|false"
    r"|\[object object\]",
    re.IGNORECASE,
)
"""What programs send where they do not know who it is. Taken for an id, it would make one person of everybody."""


@dataclass(frozen=True, slots=True)
class Names:
    """Whom an event names.

    Attributes:
        people: ids of a person, the surest first; all of them are the same person's.
        visitors: ids of the browser.
        previous: an alias's earlier id that may be a browser's or a user's.
        moves: whether the event says who sits at the browser now: a form, an `identify`, an `alias`.
        alias: whether that the ids are one person's is what the event is for.
        sure: whether its sender may say that two known people are one, or that a person has a further address.
    """

    people: tuple[Name, ...]
    visitors: tuple[str, ...]
    previous: str | None = None
    moves: bool = False
    alias: bool = False
    sure: bool = True

    def doubted(self) -> "Names":
        """The same from one of whom nobody knows who it is, such as the holder of a public write key."""
        return Names(self.people, self.visitors, self.previous, self.moves, self.alias, sure=False)

    def alone(self) -> "Names":
        """The surest name only, from one who may not say that two ids are one person."""
        return replace(self, people=self.people[:1], previous=None)

    def are_strange(self, *, known: bool) -> bool:
        """Whether they name a person whom nobody knows: what that one says of himself is not of the browser's owner."""
        return bool(self.people) and not known

    def __bool__(self) -> bool:
        """Whether it names anybody at all."""
        return bool(self.people or self.visitors)


def names_of(event: IncomingEvent) -> Names:
    """Whom this event names. Ids that are placeholders name nobody."""
    people: list[Name] = [("email", event.email)] if event.email else []
    if event.user_id and (user := _person(event.user_id)) and user not in people:
        people.append(user)
    visitors = (event.anonymous_id,) if event.anonymous_id and not is_nobody(event.anonymous_id) else ()
    if event.kind != "alias":
        return Names(tuple(people), visitors, moves=event.kind in ("identify", "track"))
    before = event.properties.get("previousId")
    if not isinstance(before, str) or is_nobody(before):
        return Names(tuple(people), visitors, moves=True, alias=True)
    known = _person(before)
    if known is not None and known[0] == "email":
        return Names((*people, known), tuple(v for v in visitors if v != before), moves=True, alias=True)
    return Names(tuple(people), tuple({*visitors, before}), before, moves=True, alias=True)


def is_nobody(value: str) -> bool:
    """Whether an id is a placeholder for *no id*, such as `null` or a UUID of noughts."""
    return _NOBODY.fullmatch(value) is not None


def _person(value: str) -> Name | None:
    """A user id; many products take the address for one, and then it is an address."""
    if is_nobody(value):
        return None
    address = address_or_none(value)
    return ("user", value) if address is None else ("email", address)
