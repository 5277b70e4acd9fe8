"""Packets as the store makes them: plain JSON."""

from datetime import UTC, datetime
from typing import Any

from nurture.messages import Notice

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
        },
        "lead": {
            "email": "maria.rossi@acme.example",
            "name": "Maria Rossi",
            "title": "VP Operations",
            "company": "Acme Robotics",
            "country": "US",
            "timezone": "America/Chicago",
            "industry": "manufacturing",
            "employees": 450,
            "source": "website",
            "attributes": {"plan": "trial"},
        },
        "grade": "A",
        "fit": [
            {"name": "Decision maker", "points": 30, "holds": True},
            {"name": "Big enough", "points": 30, "holds": True},
            {"name": "Free mail", "points": -20, "holds": False},
            {"name": "Served country", "points": 20, "holds": None},
        ],
        "score": 61.5,
        "rows": [
            {
                "signal": "pricing_page", "day": "2026-03-03", "count": 3, "counted": 2, "points": 20, "age_days": 0,
                "worth": 40,
            },
            {
                "signal": "whitepaper", "day": "2026-02-26", "count": 1, "counted": 1, "points": 15, "age_days": 5,
                "worth": 21.5,
            },
        ],
        "because": "came back to the pricing page 3 times today, a week after downloading the whitepaper",
        "timeline": [
            {"at": "2026-03-03T20:04:00+00:00", "what": "Visited /pricing"},
            {"at": "2026-02-26T15:00:00+00:00", "what": "Whitepaper Downloaded"},
        ],
        "mails": [
            {"step": "proof", "sent_at": "2026-02-25T15:00:00+00:00", "clicked": True},
            {"step": "questions", "sent_at": "2026-02-18T15:00:00+00:00", "clicked": None},
        ],
        "answers": [{"question": "timing", "answer": "this quarter", "at": "2026-02-27T15:00:00+00:00"}],
        "earlier": [
            {
                "cycle": 1, "reason": "not_ready", "note": "Call me in March", "by": "rep.one@acme.example",
                "at": "2026-01-10T15:00:00+00:00",
            }
        ],
        "owner": "rep.one@acme.example",
        "url": URL,
        **changes,
    }  # fmt: skip


def bare_packet() -> dict[str, Any]:
    """A hand-raise of somebody of whom only the address is known."""
    full = packet()
    handoff = {**full["handoff"], "hand_raise": True, "cycle": 1, "accept_due_at": None, "attempt_due_at": None}
    lead = dict.fromkeys(full["lead"]) | {"email": "someone@example.com", "attributes": {}}
    empty: dict[str, Any] = {key: [] for key in ("fit", "rows", "timeline", "mails", "answers", "earlier")}
    because = "asked for a demo"
    return {**full, **empty, "handoff": handoff, "lead": lead, "grade": "C", "score": 0, "because": because,
            "owner": None}  # fmt: skip


def packet_with(text: str) -> dict[str, Any]:
    """A packet in which `text` stands wherever somebody outside can put text."""
    full = packet()
    lead = {key: text for key in full["lead"] if key not in {"email", "employees", "attributes"}}
    return packet(
        lead={**full["lead"], **lead, "attributes": {"note": text}},
        because=f"visited {text}",
        fit=[{"name": text, "points": 1, "holds": True}],
        rows=[{**full["rows"][0], "signal": text or "x"}] * 40,
        timeline=[{"at": "2026-03-03T20:04:00+00:00", "what": text}] * 60,
        mails=[{"step": text, "sent_at": None, "clicked": False}] * 60,
        answers=[{"question": text, "answer": text, "at": None}] * 40,
        earlier=[{"cycle": 1, "reason": text, "note": text, "by": text, "at": None}] * 20,
        owner=text,
    )


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
