"""The evidence of a packet as short lists of lines, what decides first: for every channel that shows them. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nurture.notifiers import wording
from nurture.notifiers.packet import Packet, Row
from nurture.notifiers.reading import Reader


@dataclass(frozen=True, slots=True)
class Listed:
    """A titled list; `more` tells how many lines it would have besides."""

    title: str
    lines: tuple[str, ...]
    more: int = 0


def facts(packet: Packet, reader: Reader) -> list[tuple[str, str]]:
    """What is known in a word each: who it is, how well it fits, whose it is."""
    lead = packet.lead
    pairs = (
        ("Grade", grade(packet)),
        ("Score", wording.number(packet.score)),
        ("Country", lead.country),
        ("Industry", lead.industry),
        ("Employees", lead.employees),
        ("Source", lead.source),
        ("Owner", reader.rep(packet.owner) if packet.owner else None),
        ("Round", None if packet.handoff.cycle <= 1 else packet.handoff.cycle),
    )
    return [(name, wording.one_line(value, 300)) for name, value in pairs if value not in (None, "")]


def grade(packet: Packet) -> str:
    """`A: Decision maker +30, Big enough +30; not known: Served country`."""
    held = ", ".join(wording.criterion(line) for line in wording.held(packet))
    unknown = ", ".join(wording.unknown(packet))
    text = f"{packet.grade}: {held}" if held else packet.grade
    return f"{text}; not known: {unknown}" if unknown else text


def evidence(packet: Packet, reader: Reader, most: int) -> list[Listed]:
    """The lists that have anything in them, at most so many lines of each."""
    return [
        Listed(title, tuple(map(say, found[:most])), wording.left_out(packet, name, most))
        for title, name, found, say in _lists(packet, reader)
        if found
    ]


def _lists(packet: Packet, reader: Reader) -> tuple[tuple[str, str, Sequence[Any], Callable[[Any], str]], ...]:
    """Title, name in the packet, what is in it, and how one of it is said."""
    return (
        ("In their own words", "replies", packet.replies, lambda one: f"“{wording.one_line(one.text, 500)}”"),
        ("What they did", "timeline", packet.timeline, lambda one: f"{reader.moment(one.at)}: {wording.did(one)}"),
        ("What the score is made of", "rows", _weightiest(packet), _term),
        ("What they answered", "answers", packet.answers, wording.answer),
        ("Mails they received", "mails", packet.mails, lambda one: wording.mail(one, reader.zone)),
        ("Before: why sales gave them back", "earlier", packet.earlier, wording.earlier),
    )


def _weightiest(packet: Packet) -> list[Row]:
    return sorted(packet.rows, key=lambda row: -abs(row.worth))


def _term(row: Row) -> str:
    return f"{wording.row(row)}: {wording.number(row.worth)}"
