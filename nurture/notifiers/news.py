"""What each kind of news says, in words of its own; the same in a mail, in Slack and wherever else. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from nurture.messages import Notice
from nurture.notifiers import wording
from nurture.notifiers.packet import Packet, Person, read_packet, read_person
from nurture.notifiers.reading import Reader, how_long, instant


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news, ready to be put into whatever shows it.

    Attributes:
        lead: Whom it is about.
        headline: Who and what, in one line.
        text: What happened and what is asked, in a sentence or two.
        label: What stands before the text, to say what it is; empty where it says that itself.
        button: What stands on the button that opens the lead's page.
        url: That page; empty where there is none.
        packet: The whole packet, where it is about a handoff.
        shows_evidence: Whoever gets it has not seen the evidence, and decides by it.
        due: Until when an answer is asked for.
        calls: The address of the rep who is to see it, so that a channel may call the rep.
    """

    lead: Person
    headline: str
    text: str
    button: str = "Open the lead"
    url: str = ""
    packet: Packet | None = None
    shows_evidence: bool = False
    due: datetime | None = None
    calls: str | None = None
    label: str = ""


def read_news(notice: Notice, reader: Reader) -> News:
    """The words of a notice; a `pydantic.ValidationError` names what of its data does not fit."""
    data = notice.data
    if "handoff" not in data:
        return _without_handoff(notice, reader)
    packet = read_packet(data)
    write = _KINDS.get(notice.kind, _other)
    return write(notice, packet, reader)


def _requalified(_: Notice, packet: Packet, reader: Reader) -> News:
    offered = packet.handoff.state == "offered"
    return News(
        packet.lead,
        wording.headline("lead.requalified", packet),
        wording.why_now(packet) if offered else f"{wording.why_now(packet)} {_taken(packet, reader)}",
        "See why and answer" if offered else "Open the lead",
        packet.url,
        packet,
        shows_evidence=True,
        due=packet.handoff.accept_due_at if offered else None,
        calls=packet.owner if offered else None,
        label="Why now",
    )


def _taken(packet: Packet, reader: Reader) -> str:
    return f"{reader.rep(packet.owner)} has accepted already."


_REMINDERS = {
    "accept": ("{who} waits for your answer", "Your answer was due {due}.", "Answer now"),
    "first_attempt": ("Call {who} today", "A first attempt to reach them was due {due}.", "Log an attempt"),
    "attempts": ("Keep trying to reach {who}", "{tried} so far; all were due by {due}.", "Log an attempt"),
    "outcome": ("What became of {who}?", "You were to say it by {due}.", "Say what became of it"),
}


def _reminded(notice: Notice, packet: Packet, reader: Reader) -> News:
    said = packet.news
    headline, asked, button = _REMINDERS.get(str(said.get("promise")), ("{who} waits for you", "", "Open the lead"))
    words = {"who": wording.name_of(packet.lead), "due": _due(said, reader), "tried": _tried(packet)}
    text = " ".join(part for part in (asked.format(**words), wording.why_now(packet)) if part)
    headline = headline.format(**words)
    return News(packet.lead, headline, text, button, packet.url, packet, calls=packet.owner)


_LATE = {
    "accept": "{owner} has not answered {who}",
    "first_attempt": "{owner} has not tried to reach {who}",
    "attempts": "{owner} has not tried often enough to reach {who}",
    "outcome": "{owner} has not said what became of {who}",
    "unreachable": "{owner} could not reach {who}",
}


def _escalated(notice: Notice, packet: Packet, reader: Reader) -> News:
    said = packet.news
    words = {"who": wording.name_of(packet.lead), "owner": reader.rep(said.get("owner") or packet.owner)}
    headline = _LATE.get(str(said.get("promise") or said.get("reason")), "{owner} is late with {who}").format(**words)
    due = instant(said.get("due_at"))
    late = f"It was due {reader.moment(due)}, {how_long(notice.at - due)} ago. " if due and due < notice.at else ""
    text = f"{late}{_tried(packet)} so far. {wording.why_now(packet)}"
    return News(packet.lead, headline, text, "See the lead", packet.url, packet, calls=packet.owner)


def _reassigned(notice: Notice, packet: Packet, reader: Reader) -> News:
    said, who = packet.news, wording.name_of(packet.lead)
    before, after = said.get("from"), said.get("to")
    because = f" Reason: {wording.one_line(said['because'], 200)}." if said.get("because") else ""
    by = f" {reader.rep(said['by'])} decided so." if said.get("by") not in (None, "", "SLA") else ""
    if notice.recipient is not None and notice.recipient == after:
        text = f"{reader.rep(before)} had it before.{because} {wording.why_now(packet)}"
        due = packet.handoff.accept_due_at if packet.handoff.state == "offered" else None
        button = "See why and answer" if due else "Open the lead"
        return News(packet.lead, f"{who} is yours now", text, button, packet.url, packet, True, due, calls=packet.owner)
    headline = f"{who} goes from {reader.rep(before)} to {reader.rep(after)}"
    ours = " You need not do anything more." if notice.recipient is not None else ""
    calls = None if notice.recipient is not None else packet.owner
    return News(packet.lead, headline, f"{by}{because}{ours}".strip(), url=packet.url, packet=packet, calls=calls)


_BROKEN = {
    "accept": "It was not answered in time",
    "first_attempt": "Nobody tried to reach them in time",
    "attempts": "Too few attempts were made in time",
    "outcome": "Nobody said in time what became of it",
}


def _returned(notice: Notice, packet: Packet, reader: Reader) -> News:
    said = packet.news
    owner = f" (it was {reader.rep(said['owner'])}'s)" if said.get("owner") else ""
    why = _BROKEN.get(str(said.get("promise")), "Sales did not get hold of them")
    due = _due(said, reader)
    when = f", which was due {due}" if due and said.get("promise") else ""
    text = f"{why}{when}{owner}. It gets our mails again, and comes back when it is ready once more."
    headline = f"{wording.name_of(packet.lead)} went back to nurture"
    return News(packet.lead, headline, text, "Look at what happened", packet.url, packet)


def _outcome_asked(notice: Notice, packet: Packet, reader: Reader) -> News:
    who = wording.name_of(packet.lead)
    since = packet.handoff.given_at or packet.handoff.offered_at
    text = f"You have had this lead since {reader.moment(since)}. {_tried(packet)}. Is it qualified, won or lost?"
    button = "Say what became of it"
    due = packet.handoff.outcome_due_at
    return News(packet.lead, f"What became of {who}?", text, button, packet.url, packet, due=due, calls=packet.owner)


def _active(notice: Notice, packet: Packet, reader: Reader) -> News:
    return _lead_active(packet.lead, packet.news, packet.url, packet)


def _lead_active(lead: Person, said: Mapping[str, object], url: str, packet: Packet | None) -> News:
    what = wording.sentence(str(said.get("says") or "They came back"))
    owner = said.get("owner")
    headline = f"{wording.name_of(lead)} is active again"
    return News(lead, headline, what, url=url, packet=packet, calls=None if owner is None else str(owner))


def _other(notice: Notice, packet: Packet, _: Reader) -> News:
    return News(
        packet.lead, wording.headline(notice.kind, packet), wording.why_now(packet), url=packet.url, packet=packet
    )


_KINDS: Mapping[str, Callable[[Notice, Packet, Reader], News]] = {
    "lead.requalified": _requalified,
    "handoff.reminded": _reminded,
    "handoff.escalated": _escalated,
    "handoff.reassigned": _reassigned,
    "handoff.returned": _returned,
    "handoff.outcome_asked": _outcome_asked,
    "lead.active": _active,
}


def _without_handoff(notice: Notice, _: Reader) -> News:
    """News of a lead that sales does not have: its owner is told what it did."""
    said = notice.data.get("news")
    return _lead_active(read_person(notice.data.get("lead")), said if isinstance(said, Mapping) else {}, "", None)


def _tried(packet: Packet) -> str:
    count = packet.handoff.attempts
    return {0: "No attempt was made", 1: "One attempt was made"}.get(count, f"{count} attempts were made")


def _due(said: Mapping[str, object], reader: Reader) -> str:
    due = instant(said.get("due_at"))
    return reader.moment(due) if due else ""
