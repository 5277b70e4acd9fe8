"""How somebody from a file becomes a lead, and what happens to a lead that nobody knew."""

from datetime import datetime

from nurture.facts import LeadState, Profile
from nurture.rules.happenings import Arrived, Happening, Refused
from nurture.sheets.people import Person

BY = "import"
WITH_NURTURE: frozenset[str] = frozenset({"inquiry", "nurture", "customer"})
"""Stages in which a new lead arrives. In any other, sales has it, or it is over."""


def values(person: Person) -> dict[str, object]:
    """What is stored of a person: address, fields of the profile, attributes, stage."""
    return {**person.profile, "email": person.email, "attributes": person.attributes, "stage": person.stage}


def newcomer(person: Person, now: datetime) -> LeadState:
    """The lead that a person is before anything has happened to it: in its first cycle, suppressed if it must be."""
    return LeadState(
        profile=Profile(key=person.email, email=person.email, attributes=person.attributes, **person.profile),  # type: ignore[arg-type]  # fields by name
        stage=person.stage or "inquiry",
        cycle=1,
        cycles=((1, now),),
        created_at=now,
        suppressed="unsubscribed" if person.do_not_email else None,
        tracked=person.tracking is not False,
        basis=None if person.ground is None else person.ground.basis,
        basis_at=None if person.ground is None else person.ground.at or now,
    )


def arrival(person: Person, now: datetime, by: str = BY) -> Happening | None:
    """What a lead that nobody knew comes in with: refused or as it is; None where sales has it, or it is over."""
    if person.stage == "disqualified":
        return None
    if person.reject_reason is not None:
        return refusal(person, now, by)
    return Arrived() if (person.stage or "inquiry") in WITH_NURTURE else None


def refusal(person: Person, now: datetime, by: str = BY) -> Refused:
    """The refusal that somebody tells of, as a rule a row of a file; where its date is not known, it is of today."""
    return Refused(person.reject_reason or "", at=person.rejected_at or now, by=by)
