"""Which events may be stored side by side: those of different people and browsers. Pure."""

from collections.abc import Sequence
from zlib import crc32

from nurture.segment.event import IncomingEvent


def lane_of(event: IncomingEvent, lanes: int) -> int:
    """The lane of an event by itself: that of its browser, so that events of one browser rarely meet in two lanes."""
    return crc32((event.anonymous_id or event.user_id or event.email or "").encode()) % lanes


def by_lanes(events: Sequence[IncomingEvent], lanes: int) -> list[list[IncomingEvent]]:
    """The events of one request by so many lanes, in each of them in the order in which they came.

    Events that have an id in common, or that others of the request tie to each other, are in one lane: what is said of
    somebody must not overtake the event that tells who that is.
    """
    known: dict[str, str] = {}
    ties = [_tied(known, _ids(event)) for event in events]
    found: list[list[IncomingEvent]] = [[] for _ in range(lanes)]
    lane: dict[str, int] = {}
    for event, tie in zip(events, ties, strict=True):
        first = _first(known, tie)
        if first not in lane:
            lane[first] = lane_of(event, lanes)
        found[lane[first]].append(event)
    return found


def _ids(event: IncomingEvent) -> list[str]:
    """Whatever may say who it is; user ids are often addresses, however these are written."""
    ids = [one.lower() for one in (event.anonymous_id, event.user_id, event.email) if one]
    if event.kind == "alias" and isinstance(before := event.properties.get("previousId"), str):
        ids.append(before.lower())
    return ids


def _tied(known: dict[str, str], ids: Sequence[str]) -> str:
    """Say that these ids belong together; gives one that stands for them. `known` leads from each to another such."""
    tie = _first(known, ids[0]) if ids else ""
    for one in ids[1:]:
        other = _first(known, one)
        if other != tie:
            known[other] = tie
    return tie


def _first(known: dict[str, str], one: str) -> str:
    """The id that stands for all that this one belongs together with."""
    while (other := known.setdefault(one, one)) != one:
        known[one] = known[other]
        one = other
    return one
