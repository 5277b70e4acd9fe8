"""What a rep says of a handoff, as something that happens to the lead; `flows.follow_up` is the same for real reps."""

from dataclasses import replace

from nurture.facts import HandoffFact, LeadState
from nurture.lab.acts import RepSays
from nurture.rules.book import Rulebook
from nurture.rules.evolving import evolve
from nurture.rules.happenings import Happening, Progressed, Refused
from nurture.rules.refusing import reason_of

_FURTHER: dict[str, frozenset[str]] = {
    "reached": frozenset({"contacted", "qualified"}),
    "qualified": frozenset({"qualified"}),
}
"""States in which this has come true already; as `flows.follow_up`."""


def tried(state: LeadState, act: RepSays) -> LeadState:
    """The state with the attempt that this is, if it is one."""
    handoff = state.handoff
    if act.says not in ("tried", "reached") or handoff is None:
        return state
    return evolve(state, handoff=replace(handoff, attempts=(*handoff.attempts, act.at)))


def heard(book: Rulebook, handoff: HandoffFact | None, act: RepSays) -> Happening | None:
    """What follows from a rep's words; None where the handoff is not open, or nothing is new in them."""
    if handoff is None:
        return None
    if handoff.state in _FURTHER.get(act.says, frozenset()):
        return None
    match act.says:
        case "reject" | "lost":
            return _refused(book, act, how=act.says)
        case "accept" | "tried":
            return Progressed("accepted", act.by) if handoff.state == "offered" else None
        case "reached":
            return Progressed("contacted", act.by)
        case _:
            return Progressed(act.says, act.by)


def _refused(book: Rulebook, act: RepSays, how: str) -> Refused | None:
    if reason_of(book, act.reason) is None:
        return None
    return Refused(act.reason, act.at, act.by, act.note, "lost" if how == "lost" else "rejected")
