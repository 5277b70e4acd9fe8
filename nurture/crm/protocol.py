"""What a connector to a CRM takes and gives. Plain values: no CRM's own words but the names of its fields."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

Value = str | float | bool | None
"""What stands in a field; None: nothing."""


@dataclass(frozen=True, slots=True)
class Who:
    """A lead, as it may be found in a CRM. `key` never changes, the address may."""

    lead_id: int
    email: str
    key: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is in the CRM now.

    Attributes:
        id: The CRM's own.
        values: The watched fields as text, empty where nothing is set.
        owner: The address of whom it belongs to; None where the CRM does not say.
        changed_at: When it was changed last, by the CRM's clock.
        keyed: Our own external id stands in it.
        closed: Nobody can write it any more, such as a lead that was converted.
    """

    id: str
    values: Mapping[str, str]
    owner: str | None
    changed_at: datetime
    keyed: bool = True
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """What one record is to hold. `record` is the one that is there; None: make one, of `profile`."""

    who: Who
    record: Record | None
    values: Mapping[str, Value]
    profile: Mapping[str, Value] = field(default_factory=dict)
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a `Write`.

    Attributes:
        lead_id: Whose.
        outcome: `written`; `refused`: this one record is never taken as it is; `put_off`: not now.
        record_id: Which record it is, where it was written.
        changed_at: When that was, by the CRM's clock, where it says so.
        said: The CRM's own words, on one line, where it was not written.
        owner: Whether the owner was written, too.
    """

    lead_id: int
    outcome: Literal["written", "refused", "put_off"]
    record_id: str = ""
    changed_at: datetime | None = None
    said: str = ""
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """Records that were changed, oldest first; `until`: all changes before it have been given. `more`: ask again."""

    records: Sequence[Record]
    until: datetime
    more: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at for `nurture crm check`; `do` is empty where it is as it should be."""

    what: str
    found: str
    do: str = ""


class Connector(Protocol):
    """A CRM. Every call may raise `CrmAway`: the CRM does not let us in, or cannot be reached, or asks us to wait."""

    label: str
    """The CRM's name, for people."""
    batch: int
    """How many leads one `find` and one `write` take at most."""

    def find(self, whom: Sequence[Who]) -> Mapping[int, Sequence[Record]]:
        """The records of these leads as they are now, by lead; more than one where the CRM has doubles."""

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """Write; one answer for each, in any order. Writing the same again does no harm."""

    def changed(self, since: datetime) -> Changed:
        """Records that carry our stage and were changed since then, a page or a few of them."""

    def look(self) -> Iterator[Looked]:
        """See whether we are let in, may do what we have to, and the fields are there."""

    def close(self) -> None:
        """Let go of the connections that are kept."""
