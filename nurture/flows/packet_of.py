"""Put together what sales is told of a handoff: the packet, one for mails, messages, webhooks and the rep's page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.facts import MICRO, PROFILE_FIELDS, EventFact
from nurture.notifiers.wording import label
from nurture.rules import evidence
from nurture.rules.book import Rulebook
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.rules.qualification import REPLIED
from nurture.rules.refusing import reason_of
from nurture.rules.spoken_deeds import answer_in_words, says
from nurture.rules.why_now import Asked, why_now
from nurture.store import packets
from nurture.store.packets import Found

TIMELINE = 40
"""So many lines of what the lead did are told; a line may stand for many times."""

_WHOLE_LEAD = ("title", "company", "country", "timezone", "locale", "industry", "employees", "source")
_DEADLINES = ("accept_due_at", "attempt_due_at", "attempts_due_at", "outcome_due_at")


def packet_of(db: Connection, app: App, handoff_id: int, now: datetime) -> dict[str, Any] | None:
    """All that sales is told of a handoff, JSON-ready; None if there is no such handoff.

    What is kept is read as it is, at most so much of it (`left_out` says how much more there is); what can be said in
    words is said as of `now`. Nothing of it is a link: whoever sends it adds `url`.
    """
    found = packets.find(db, handoff_id, now)
    if found is None:
        return None
    row, book = found.handoff, app.book
    zone = zone_of(row.timezone, book.agreement)
    subjects = _subjects(app, found)
    lines, more = evidence.timeline(found.events, book.agreement, subjects, zone, TIMELINE)
    return {
        "handoff": _handoff(row),
        "lead": lead_of(row),
        "owner": row.owner,
        "why_now": _why_now(found, book, zone, now),
        "because": row.because,
        "grade": row.grade,
        "fit": row.evidence.get("fit", []),
        "score": row.score_micro / MICRO,
        "rows": [{**one, "says": says(book.agreement, one["signal"])} for one in row.evidence.get("rows", [])],
        "raised": row.evidence.get("raised"),
        "timeline": [
            {"at": one.at.isoformat(), "kind": one.kind, "what": one.what, "times": one.times} for one in lines
        ],
        "replies": [
            {"at": one.occurred_at.isoformat(), "text": str(one.properties.get("text") or "")}
            for one in found.events
            if one.kind == "reply"
        ],
        "answers": [_answer(one, book) for one in found.events if one.kind == "answer"],
        "mails": [_mail(one, subjects) for one in found.mails],
        "earlier": [_earlier(one, book) for one in found.earlier],
        "left_out": {name: count for name, count in (("timeline", more), ("mails", _more(found.mails))) if count},
    }


def lead_of(row: Row[Any]) -> dict[str, Any]:
    """Who the lead is, of a row with its columns."""
    names = [name for name in (row.first_name, row.last_name) if name]
    return {
        "email": row.email,
        "name": " ".join(names) or None,
        "first_name": row.first_name,
        "last_name": row.last_name,
        **{field: getattr(row, field) for field in _WHOLE_LEAD},
        "stage": row.stage,
        "attributes": row.attributes,
    }


def _handoff(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "cycle": row.cycle,
        "state": row.state,
        "origin": row.origin,
        "hand_raise": row.hand_raise,
        "offered_at": row.offered_at.isoformat(),
        "given_at": _iso(row.given_at),
        **{name: _iso(getattr(row, name)) for name in _DEADLINES},
        "attempts": row.attempts,
    }


def _why_now(found: Found, book: Rulebook, zone: str, now: datetime) -> str:
    row = found.handoff
    rows = [evidence.score_row(one) for one in row.evidence.get("rows", [])]
    done = evidence.deeds(book, rows, found.events, zone, row.offered_at)
    return why_now(row.first_name, done, _asked(row, book, zone), local_date(now, zone), row.because)


def _asked(row: Row[Any], book: Rulebook, zone: str) -> Asked | None:
    raised: Mapping[str, Any] | None = row.evidence.get("raised")
    if raised is None:
        return None
    on = local_date(row.offered_at, zone)
    if raised["by"] == REPLIED:
        return Asked("replied to your mail", on, raised.get("said"))
    return Asked(says(book.agreement, raised["by"]), on)


def _answer(event: EventFact, book: Rulebook) -> dict[str, Any]:
    answer = event.properties.get("answer")
    code = None if answer is None else str(answer)
    asked, said = answer_in_words(book.agreement, event.name or "", code)
    return {"at": event.occurred_at.isoformat(), "question": event.name, "answer": code, "asked": asked, "said": said}


def _mail(mail: Row[Any], subjects: Mapping[str, str]) -> dict[str, Any]:
    step = f"{mail.campaign}/{mail.step}"
    return {
        "step": step,
        "subject": subjects.get(step),
        "sent_at": _iso(mail.sent_at),
        "clicked": _iso(mail.clicked_at),
    }


def _earlier(cycle: Row[Any], book: Rulebook) -> dict[str, Any]:
    """A refusal ends the cycle before the one that it begins."""
    known = reason_of(book, cycle.reason)
    return {
        "cycle": cycle.n - 1,
        "at": cycle.started_at.isoformat(),
        "state": cycle.state or "rejected",
        "reason": cycle.reason,
        "label": known.label if known else label(cycle.reason),
        "note": cycle.note,
        "by": cycle.refused_by,
        "owner": cycle.owner,
    }


def _subjects(app: App, found: Found) -> dict[str, str]:
    """What the lead's mails are called, by `campaign/step`, where it can be said."""
    row = found.handoff
    person = {name: getattr(row, name) for name in PROFILE_FIELDS if name != "owner"} | {"owner": row.lead_owner}
    life = {"stage": row.stage, "cycle": row.lead_cycle, "grade": row.grade, "tracked": row.tracked}
    own = {"email": row.email, "key": row.key, "attributes": row.attributes, "lead_id": row.lead_id, **person, **life}
    said = {}
    for mail in found.mails:
        columns = {"delivery_id": mail.id, "template": mail.template, "campaign": mail.campaign, "step": mail.step}
        subject = app.letters.subject({**own, **columns})
        if subject is not None:
            said[f"{mail.campaign}/{mail.step}"] = subject
    return said


def _more(mails: Sequence[Row[Any]]) -> int:
    return max(0, mails[0].found - len(mails)) if mails else 0


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
