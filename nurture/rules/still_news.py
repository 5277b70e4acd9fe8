"""Whether news that waited is news still: a person is not told what would mislead by now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

OPEN = frozenset({"offered", "accepted", "contacted", "qualified"})
"""The states in which sales has the lead."""

_TO_MACHINES = "webhook"


@dataclass(frozen=True, slots=True)
class HandoffNow:
    """A handoff at the moment that somebody is to be told of it."""

    state: str
    owner: str | None
    attempts: int


def moot(
    kind: str, channel: str, recipient: str | None, data: Mapping[str, object], handoff: HandoffNow | None
) -> str | None:
    """Why a notice is not to be sent any more, in words; None if it is to be.

    A machine is told everything, in whatever order it comes: what it gets carries the state of the handoff. A person
    is not reminded of what has been done meanwhile, nor told of a lead that somebody else has by now.
    """
    if handoff is None or channel == _TO_MACHINES:
        return None
    if kind == "handoff.returned":
        return None
    if handoff.state not in OPEN:
        return f"the handoff is closed: {handoff.state}"
    if kind in ("handoff.reminded", "handoff.escalated", "handoff.outcome_asked"):
        return _kept(data, handoff) or _owned_otherwise(kind, recipient, data, handoff)
    if kind == "handoff.reassigned":
        return None if handoff.owner == data.get("to") else "somebody else has the lead by now"
    if kind == "lead.active":
        return _owned_otherwise(kind, recipient, data, handoff)
    return None


def _kept(data: Mapping[str, object], handoff: HandoffNow) -> str | None:
    """What was owed, if it has been done since."""
    match data.get("promise"):
        case "accept" if handoff.state != "offered":
            return f"it was answered meanwhile: {handoff.state}"
        case "first_attempt" if handoff.attempts or handoff.state not in ("offered", "accepted"):
            return "an attempt was made meanwhile"
        case "attempts" if handoff.state in ("contacted", "qualified"):
            return f"the lead was reached meanwhile: {handoff.state}"
    return None


def _owned_otherwise(kind: str, recipient: str | None, data: Mapping[str, object], handoff: HandoffNow) -> str | None:
    """The news is of what one owner owes or has; another one does not have to hear it."""
    was = data.get("owner") or (None if kind == "handoff.escalated" else recipient)
    if was is not None and handoff.owner is not None and was != handoff.owner:
        return "somebody else has the lead by now"
    return None
