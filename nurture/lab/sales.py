"""What a rep says of a handoff, as something that happens to the lead; `flows.follow_up` is the same for real reps."""

from nurture.facts import HandoffFact
from nurture.lab.acts import RepSays
from nurture.rules.book import Rulebook
from nurture.rules.happenings import Happening, Progressed, Refused
from nurture.rules.refusing import reason_of


def heard(book: Rulebook, handoff: HandoffFact | None, act: RepSays) -> Happening | None:
    """What follows from a rep's words; None where the handoff is not open, or not in the state that they need."""
    if handoff is None:
        return None
    if act.says == "reject":
        return _refused(book, act, how="rejected")
    if act.says == "accept":
        return Progressed("accepted", act.by) if handoff.state == "offered" else None
    if handoff.state in ("offered", act.says):
        return None
    if act.says == "reached":
        return Progressed("contacted", act.by) if handoff.state == "accepted" else None
    return _refused(book, act, how="lost") if act.says == "lost" else Progressed(act.says, act.by)


def _refused(book: Rulebook, act: RepSays, how: str) -> Refused | None:
    if reason_of(book, act.reason) is None:
        return None
    return Refused(act.reason, act.at, act.by, act.note, "lost" if how == "lost" else "rejected")
