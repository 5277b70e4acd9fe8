"""Packets as the store makes them: plain JSON."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from nurture.messages import Notice
from nurture.notifiers.reading import Reader

CHICAGO = ZoneInfo("America/Chicago")
REP, OTHER, BOSS = "rep.one@acme.example", "rep.two@acme.example", "boss@acme.example"
READER = Reader(CHICAGO, {REP: "Ada Reyes"})
AT = datetime(2026, 3, 3, 20, 5, tzinfo=UTC)
URL = "https://nurture.example/h/eyJoIjo0Mn0.c2lnbmF0dXJl"

NASTY = [
    "<!channel> @here",
    "<http://evil.example|Click me>",
    "Bobby & <b>Tables</b>",
    "line\r\nBcc: all@example.com\n\nbreak",
    "\u202egnirts\u2066 \x00\x07",
    "{{ 7 * 7 }}{% raise %}",
    "````*_~",
    "\u200b\u2060\u00ad\u3164Al\u200dice\u202d\U000e0041",
    "<@U012AB3CD> <#C012AB3CD> <!subteam^S1> <mailto:a@b.example|pay here>",
    "*bold* ~strike~ `code` ```block``` _it_ :rotating_light: @everyone",
    "a" * 10_000,
    "🦊" * 4000,
    "&" * 9000,
]


def packet(**changes: Any) -> dict[str, Any]:
    """A full packet; `changes` replace top-level keys."""
    return {
        "handoff": {
            "id": 42,
            "cycle": 2,
            "state": "offered",
            "offered_at": "2026-03-03T20:05:00+00:00",
            "accept_due_at": "2026-03-04T17:05:00+00:00",
            "attempt_due_at": "2026-03-04T21:05:00+00:00",
            "hand_raise": False,
            "origin": "nurture",
            "given_at": "2026-03-03T20:05:00+00:00",
            "attempts_due_at": None,
            "outcome_due_at": None,
            "attempts": 0,
        },
        "lead": {
            "email": "maria.rossi@acme.example",
            "name": "Maria Rossi",
            "first_name": "Maria",
            "last_name": "Rossi",
            "title": "VP Operations",
            "company": "Acme Robotics",
            "country": "US",
            "timezone": "America/Chicago",
            "locale": None,
            "industry": "manufacturing",
            "employees": 450,
            "source": "website",
            "stage": "mql",
            "attributes": {"plan": "trial", "phone": "+1 312 555 0100"},
        },
        "grade": "A",
        "fit": [
            {"name": "Decision maker", "points": 30, "grade": None, "holds": True},
            {"name": "Big enough", "points": 30, "grade": None, "holds": True},
            {"name": "Free mail", "points": -20, "grade": None, "holds": False},
            {"name": "Served country", "points": 20, "grade": None, "holds": None},
        ],
        "score": 61.5,
        "rows": [
            {
                "signal": "pricing_page", "says": "looked at our prices",
                "day": "2026-03-03", "count": 3, "counted": 2, "points": 20, "age_days": 0,
                "worth": 40,
            },
            {
                "signal": "whitepaper", "says": "downloaded a whitepaper",
                "day": "2026-02-26", "count": 1, "counted": 1, "points": 15, "age_days": 5,
                "worth": 21.5,
            },
        ],
        "why_now": "Maria looked at our prices 3 times today and downloaded a whitepaper on Thursday.",
        "because": "grade A with 61.5 points (pricing page 40, whitepaper 21.5); grade A goes to sales from 50",
        "raised": None,
        "replies": [{"at": "2026-03-02T15:00:00+00:00", "text": "We may need two of them.\nCall me?"}],
        "timeline": [
            {"at": "2026-03-03T20:04:00+00:00", "kind": "page", "what": "visited /pricing", "times": 3},
            {"at": "2026-02-26T15:00:00+00:00", "kind": "track", "what": "downloaded a whitepaper", "times": 1},
        ],
        "mails": [
            {
                "step": "not-ready/proof", "subject": "Who else has one", "sent_at": "2026-02-25T15:00:00+00:00",
                "clicked": "2026-02-25T16:00:00+00:00",
            },
            {
                "step": "not-ready/questions", "subject": None, "sent_at": "2026-02-18T15:00:00+00:00",
                "clicked": None,
            },
        ],
        "answers": [
            {
                "at": "2026-02-27T15:00:00+00:00", "question": "timing", "answer": "this_quarter",
                "asked": "When will you decide?", "said": "This quarter",
            }
        ],
        "earlier": [
            {
                "cycle": 1, "at": "2026-01-10T15:00:00+00:00", "state": "rejected", "reason": "not_ready",
                "label": "Not ready to buy", "note": "Call me in March", "by": "rep.one@acme.example",
                "owner": "rep.one@acme.example",
            }
        ],
        "owner": REP,
        "left_out": {"timeline": 12},
        "url": URL,
        **changes,
    }  # fmt: skip


def bare_packet() -> dict[str, Any]:
    """A hand-raise of somebody of whom only the address is known."""
    full = packet()
    handoff = {**full["handoff"], "hand_raise": True, "cycle": 1, "accept_due_at": None, "attempt_due_at": None}
    lead = dict.fromkeys(full["lead"]) | {"email": "someone@example.com", "attributes": {}}
    empty: dict[str, Any] = {key: [] for key in ("fit", "rows", "timeline", "mails", "answers", "earlier")}
    said = {"why_now": "They requested a demo today.", "because": "it raised its hand: demo request", "replies": []}
    return {**full, **empty, **said, "handoff": handoff, "lead": lead, "grade": "C", "score": 0, "owner": None,
            "raised": {"by": "demo_request", "said": None}, "left_out": {}}  # fmt: skip


def packet_with(text: str) -> dict[str, Any]:
    """A packet in which `text` stands wherever somebody outside can put text."""
    full = packet()
    lead = {key: text for key in full["lead"] if key not in {"email", "employees", "attributes"}}
    return packet(
        lead={**full["lead"], **lead, "attributes": {"note": text}},
        why_now=f"Visited {text}",
        because=f"visited {text}",
        replies=[{"at": "2026-03-03T20:04:00+00:00", "text": text}] * 20,
        fit=[{"name": text, "points": 1, "holds": True}],
        rows=[{**full["rows"][0], "signal": text or "x"}] * 40,
        timeline=[{"at": "2026-03-03T20:04:00+00:00", "kind": "page", "what": text, "times": 2}] * 60,
        mails=[{"step": text, "subject": text, "sent_at": None, "clicked": False}] * 60,
        answers=[{"question": text, "answer": text, "asked": text, "said": text, "at": None}] * 40,
        earlier=[{"cycle": 1, "reason": text, "label": text, "note": text, "by": text, "owner": text, "at": None}] * 20,
        owner=text,
        news={"promise": text, "due_at": text, "owner": text, "from": text, "to": text, "by": text, "because": text,
              "says": text, "signal": text, "signals": {text: 1}, "reason": text},
    )  # fmt: skip


def notice(data: dict[str, Any] | None = None, **changes: Any) -> Notice:
    """A notice of a packet."""
    values: dict[str, Any] = {
        "id": "ntc_42_webhook",
        "kind": "lead.requalified",
        "at": AT,
        "recipient": "rep.one@acme.example",
        "data": packet() if data is None else data,
    }
    return Notice(**{**values, **changes})


DUE = "2026-03-03T16:05:00+00:00"
NEWS: dict[str, dict[str, Any]] = {
    "lead.requalified": {},
    "handoff.reminded": {"promise": "accept", "rung": 1, "due_at": DUE, "owner": REP},
    "handoff.escalated": {"promise": "first_attempt", "rung": 2, "due_at": DUE, "owner": REP},
    "handoff.reassigned": {"from": OTHER, "to": REP, "by": "SLA", "because": "it was not answered in time"},
    "handoff.returned": {"promise": "accept", "rung": 4, "due_at": DUE, "owner": REP, "reason": "no_follow_up"},
    "handoff.outcome_asked": {"promise": "outcome", "rung": 1, "due_at": DUE, "owner": REP},
    "lead.active": {
        "owner": REP, "signal": "docs_visit", "at": DUE, "signals": {"docs_visit": 2},
        "says": "Maria looked at the docs page twice today.",
    },
}  # fmt: skip
"""What each kind says beside the packet."""


def news(kind: str, *, recipient: str | None = REP, **changes: Any) -> Notice:
    """A notice of each kind."""
    said = {**NEWS[kind], **changes.pop("said", {})}
    data = changes.pop("data", None) or packet(**changes)
    return notice({**data, "news": said} if said else data, kind=kind, recipient=recipient)
