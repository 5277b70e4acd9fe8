"""The letter of the weekly digest: for sales what is owed first, for marketing why leads were refused first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nurture.notifiers.letter import written
from nurture.notifiers.wording import day, label, moment, one_line

_SPANS = ("week", "before", "long")
_HEADS = ("The week", "Week before", "90 days")
_REFUSED = {"rejected": "Rejected by sales", "returned": "Returned by the SLA", "lost": "Lost"}
_OWED = {"accept": "an answer", "first_attempt": "a first attempt", "attempts": "all attempts", "outcome": "an outcome"}
_ORDER = {
    "sales": ("volumes", "soon", "sla", "won", "targets", "reasons", "notes"),
    "marketing": ("volumes", "reasons", "notes", "won", "targets", "sla", "soon"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list: its first line, what stands below, and where it leads."""

    head: str
    body: str = ""
    quote: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the letter: a table, a list, or the sentence that there is nothing."""

    title: str
    lead: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    items: tuple[Item, ...] = ()
    more: str = ""


def plain(data: Mapping[str, Any], zone: ZoneInfo) -> str:
    """The letter as text."""
    return written("digest.txt", words(data, zone))


def words(data: Mapping[str, Any], zone: ZoneInfo) -> dict[str, object]:
    """What the letter's templates (`letters/digest.*`) take: its title, which is the subject, and its parts in order.

    Args:
        data: the figures with who stands behind them (`store.digest.with_people`).
        zone: where sales works, for the times.
    """
    since, last = date.fromisoformat(data["since"]), date.fromisoformat(data["until"]) - timedelta(days=1)
    days = f"{_short(since, last)} to {day(last)}"
    made = {name: make(data, zone) for name, make in _SECTIONS.items()}
    return {
        "title": f"The week for {data['audience']}, {_short(since, last)} to {last.day} {last:%b}: {_headline(data)}",
        "company": one_line(data["company"], 100),
        "days": days,
        "zone": data["zone"],
        "audience": label(data["audience"]),
        "headline": _headline(data),
        "sections": [made[name] for name in _ORDER[data["audience"]] if made[name] is not None],
        "since_at": _local(data["since_at"], zone),
        "until_at": _local(data["until_at"], zone),
    }


def _headline(data: Mapping[str, Any]) -> str:
    """What matters most, in one line: `8 handed over, 2 about to be late`."""
    week = {row["name"]: row["week"] for row in data["volumes"]}
    said = [f"{week['mql']} handed over"]
    if data["audience"] == "sales":
        late, coming = data["soon"]["late"], data["soon"]["coming"]
        said += [f"{late} late"] if late else []
        said += [f"{coming} due soon"] if coming else []
    else:
        said.append(f"{data['refused']['rejected']['week']} rejected")
    if data["won"]["count"]:
        said.append(f"{data['won']['count']} won")
    return ", ".join(said)


def _volumes(data: Mapping[str, Any], _: ZoneInfo) -> Section:
    rows = [
        (f"{'' if row['name'] == 'mql' else 'of these '}{row['label']}", *(str(row[span]) for span in _SPANS))
        for row in data["volumes"]
    ]
    ended = [
        (f"{words} in these days", *(str(data["refused"][how][span]) for span in _SPANS))
        for how, words in _REFUSED.items()
    ]
    lead = "What was handed over in these days and what has become of it; below, what ended in them, whenever it began."
    return Section("Handed over", lead, ("", *_HEADS), (*rows, *ended))


def _soon(data: Mapping[str, Any], zone: ZoneInfo) -> Section:
    soon = data["soon"]
    until = moment(datetime.fromisoformat(soon["until"]), zone)
    if not soon["shown"]:
        return Section("About to be late", f"Nothing is late, and nothing falls due before {until}.")
    lead = f"{soon['late']} late by now, {soon['coming']} more unless something is done before {until}."
    items = tuple(_owed(data, one, zone) for one in soon["shown"])
    return Section("About to be late", lead, items=items, more=_more(soon["left_out"], "more lead"))


def _owed(data: Mapping[str, Any], one: Mapping[str, Any], zone: ZoneInfo) -> Item:
    due = moment(datetime.fromisoformat(one["due_at"]), zone)
    what = f"{_OWED.get(one['promise'], one['promise'])} {'was due' if one['late'] else 'is due'} {due}"
    return Item(_who(one), f"{what}, {_rep(data, one['rep'])}", url=one.get("url") or "")


def _sla(data: Mapping[str, Any], _: ZoneInfo) -> Section:
    held = data["sla"]
    rows = [(_rep(data, row["rep"]), *_promises(row)) for row in held["reps"]]
    total = ("All", *_promises(held["week"]))
    week = held["week"]
    lead = (
        f"Promises kept: {_share(week['sla_met'])} in the week, {_share(held['long']['sla_met'])} in 90 days. "
        f"Answered after {_time(week['accept_minutes'])}, tried after {_time(week['attempt_minutes'])} of working time "
        "(medians)."
    )
    heads = ("Rep", "Offered", "Kept", "Broken", "Open", "Kept of all")
    return Section("Promises of sales", lead, heads, (*rows, total) if rows else ())


def _promises(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (*(str(row[name]) for name in ("volume", "met", "breached", "pending")), _share(row["sla_met"]))


def _reasons(data: Mapping[str, Any], _: ZoneInfo) -> Section:
    if not data["reasons"]:
        return Section("Why leads were refused", "No lead was refused in 90 days.")
    rows = tuple(
        (one_line(row["label"], 100), *(str(row[span]) for span in _SPANS), _share(row["share"]))
        for row in data["reasons"]
    )
    return Section("Why leads were refused", "", ("Reason", *_HEADS, "Of the week's"), rows)


def _notes(data: Mapping[str, Any], _: ZoneInfo) -> Section:
    items = tuple(
        Item(f"{_who(one)}: {one_line(one['label'] or label(one['reason'] or ''), 100)}",
             _rep(data, one["rep"]), one_line(one["note"], 1000))
        for one in data["notes"]["shown"] if one["note"]
    )  # fmt: skip
    lead = "" if items else "No notes were left in the week."
    return Section("In the reps' own words", lead, items=items, more=_more(data["notes"]["left_out"], "more note"))


def _won(data: Mapping[str, Any], _: ZoneInfo) -> Section | None:
    won = data["won"]
    if not won["count"]:
        return None
    items = tuple(Item(_who(one), _rep(data, one["rep"])) for one in won["shown"])
    return Section("Won in the week", items=items, more=_more(won["count"] - len(won["shown"]), "more"))


def _targets(data: Mapping[str, Any], _: ZoneInfo) -> Section:
    rows = tuple(
        (
            row["label"],
            "none" if row["target"] is None else _share(row["target"]),
            _share(row["week"]),
            _share(row["long"]),
        )
        for row in data["targets"]
    )
    return Section("What you agreed to reach", "", ("", "Target", "The week", "90 days"), rows)


_SECTIONS: Mapping[str, Any] = {
    "volumes": _volumes, "soon": _soon, "sla": _sla, "reasons": _reasons, "notes": _notes, "won": _won,
    "targets": _targets,
}  # fmt: skip


def _rep(data: Mapping[str, Any], address: str | None) -> str:
    """What the agreement calls a rep; the address where it does not say."""
    return one_line(data["names"].get(address) or address or "nobody", 100)


def _who(one: Mapping[str, Any]) -> str:
    company = f", {one_line(one['company'], 80)}" if one.get("company") else ""
    return f"{one_line(one['lead'], 80)}{company}"


def _more(count: int, noun: str) -> str:
    if count <= 0:
        return ""
    return f"and {count} {noun}" if count == 1 or noun == "more" else f"and {count} {noun}s"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.0f}%"


def _time(minutes: float | None) -> str:
    if minutes is None:
        return "–"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _short(since: date, last: date) -> str:
    if since.year != last.year:
        return day(since)
    return f"{since.day}" if since.month == last.month else f"{since.day} {since:%b}"


def _local(at: str, zone: ZoneInfo) -> str:
    """A time as `nurture report` takes it: a date where that is the same."""
    return datetime.fromisoformat(at).astimezone(zone).isoformat(timespec="minutes")
