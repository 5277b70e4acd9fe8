"""What a lead did, as sales is told: in words, the same things gathered, and what of it the score was made of. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nurture.agreement import Agreement
from nurture.facts import EventFact, ScoreRow
from nurture.rules import scoring
from nurture.rules.book import Rulebook
from nurture.rules.calendar import local_date
from nurture.rules.spoken_deeds import answer_in_words, did_track, says
from nurture.rules.why_now import Deed

SHOWN: frozenset[str] = frozenset({"page", "track", "click", "answer", "reply"})
"""Kinds of events that a timeline tells: what people did. Not pictures that were loaded, nor who said who it is."""

_LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Gathered:
    """The same thing, done so many times on one day; `at` is the last time."""

    at: datetime
    kind: str
    what: str
    times: int


def in_words(event: EventFact, agreement: Agreement | None = None, subjects: Mapping[str, str] | None = None) -> str:
    """One event as a person says it.

    Args:
        event: It.
        agreement: Whose `questions` say what surveys ask; without it they go by their codes.
        subjects: What mails are called, by `campaign/step`; without one a mail goes by that.
    """
    mail = f"{event.campaign}/{event.step}"
    subject = (subjects or {}).get(mail)
    called = f"“{subject}”" if subject else mail
    match event.kind:
        case "page":
            return f"visited {event.path or 'a page'}"
        case "click":
            return f"clicked in {called}"
        case "open":
            return f"opened {called}"
        case "answer":
            return _answered(event, agreement)
        case "reply":
            said = _quote(event)
            return f"replied: “{said}”" if said else "replied"
        case "look":
            return f"looked at a page: {event.name}"
        case "identify":
            return "told who it is"
        case "track" if agreement is not None and event.name:
            return did_track(event.name)
        case _:
            return str(event.name)


def timeline(
    events: Iterable[EventFact], agreement: Agreement, subjects: Mapping[str, str], zone: str, most: int
) -> tuple[list[Gathered], int]:
    """What the lead did, newest first, and how many lines more there would be.

    The same thing on one local day is one line.
    """
    found: dict[tuple[date, str], Gathered] = {}
    for event in events:
        if event.kind not in SHOWN:
            continue
        what = in_words(event, agreement, subjects)
        key = local_date(event.occurred_at, zone), what
        before = found.get(key)
        times = 1 if before is None else before.times + 1
        last = event.occurred_at if before is None else max(before.at, event.occurred_at)
        found[key] = Gathered(last, event.kind, what, times)
    lines = sorted(found.values(), key=lambda one: one.at, reverse=True)
    return lines[:most], max(0, len(lines) - most)


def deeds(
    book: Rulebook, rows: Sequence[ScoreRow], events: Iterable[EventFact], zone: str, until: datetime
) -> list[Deed]:
    """What the score was made of, as deeds with the lead's own days.

    A score counts by UTC days, which are not what a calendar on the lead's wall shows. So a signal's days are taken
    from the events that it counted, and from the score's rows only where these are not among `events`.
    """
    counted = {(row.signal, row.day) for row in rows}
    done: dict[str, list[date]] = defaultdict(list)
    for event in events:
        if event.occurred_at <= until:
            for name in scoring.matched(book.agreement, event, book.company):
                if (name, event.occurred_at.date()) in counted:
                    done[name].append(local_date(event.occurred_at, zone))
    return [_deed(book.agreement, name, [row for row in rows if row.signal == name], done) for name in _names(rows)]


def score_row(row: Mapping[str, Any]) -> ScoreRow:
    """A row of the score as it was kept with the handoff; its worth is in points."""
    return ScoreRow(
        signal=str(row["signal"]),
        day=date.fromisoformat(str(row["day"])),
        count=int(row["count"]),
        counted=int(row["counted"]),
        points=row["points"],
        age_days=int(row["age_days"]),
        worth=row["worth"],
    )


def _deed(agreement: Agreement, name: str, rows: Sequence[ScoreRow], done: Mapping[str, Sequence[date]]) -> Deed:
    days = sorted(done.get(name, ())) or sorted(row.day for row in rows)
    count = max(len(done.get(name, ())), sum(row.count for row in rows))
    return Deed(says(agreement, name), count, days[0], days[-1], sum(row.worth for row in rows))


def _names(rows: Sequence[ScoreRow]) -> list[str]:
    return list(dict.fromkeys(row.signal for row in rows))


def _answered(event: EventFact, agreement: Agreement | None) -> str:
    answer = event.properties.get("answer")
    if agreement is None or event.name is None:
        return f"answered {event.name}: {answer}"
    asked, said = answer_in_words(agreement, event.name, None if answer is None else str(answer))
    return f"answered “{asked}”: {said}"


def _quote(event: EventFact) -> str:
    said = " ".join(str(event.properties.get("text") or "").split())
    return said if len(said) <= _LONGEST_QUOTE else f"{said[: _LONGEST_QUOTE - 1].rstrip()}…"
