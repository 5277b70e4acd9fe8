"""Files of events: a message of the Segment HTTP tracking API a line (JSONL), as clients and archives write them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from nurture.segment.client_time import parse_time
from nurture.segment.event import IncomingEvent
from nurture.segment.fields import Useless
from nurture.segment.message import SOURCE, read_event
from nurture.segment.tame import read_json, tame, too_deep


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of which nothing can be made, and why."""

    line: int
    reason: str


def read_lines(lines: Iterable[bytes], source: str = SOURCE) -> Iterator[IncomingEvent | BadLine]:
    """Read each line that is not blank.

    An event was received when its `receivedAt` says so (an archive's), else when its client sent it, else when it
    happened; by that its own clock is corrected, as for events that come in over HTTP.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield read_line(line, number, source)
            except Useless as why:
                yield BadLine(number, str(why))


def read_line(line: bytes, number: int, source: str = SOURCE) -> IncomingEvent:
    """Read one line, which is the `number`th of its file.

    Raises:
        Useless: Nothing can be made of it.
    """
    try:
        message, wild = read_json(line)
    except ValueError:
        raise Useless("it is no JSON") from None
    if not isinstance(message, dict):
        raise Useless("it is no object")
    if too_deep(message):
        raise Useless("it is nested too deep")
    if wild:
        message = {str(key): tame(value) for key, value in message.items()}
    return read_event(message, {}, None, "", _received(message), number, source)


def _received(message: dict[str, object]) -> datetime:
    names = ("receivedAt", "sentAt", "originalTimestamp", "timestamp")
    for said in (parse_time(message.get(name)) for name in names):
        if said is not None:
            return said
    raise Useless("it does not say when it happened (`timestamp`)")
