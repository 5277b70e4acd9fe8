"""Examples for the description. Each body is sent to the real application by a test, each answer held to its shape."""

from typing import Any

Json = dict[str, Any]

_PROFILE: Json = {
    "email": "maria.rossi@buyer.example", "first_name": "Maria", "last_name": "Rossi", "title": "VP Operations",
    "company": "Buyer Ltd", "country": "US", "timezone": "America/Chicago", "locale": None,
    "industry": "manufacturing", "employees": 450, "source": "website", "owner": None, "attributes": {"seats": 40},
}  # fmt: skip
_LEAD: Json = {
    **_PROFILE, "stage": "nurture", "cycle": 2, "reason": "not_ready", "grade": "A", "score": 31.5, "suppressed": None,
    "created_at": "2025-12-03T20:05:00+00:00", "updated_at": "2026-01-12T20:05:00+00:00",
}  # fmt: skip

LEAD_IN: dict[str, Json] = {
    "an inquiry": {
        "email": "maria.rossi@buyer.example", "first_name": "Maria", "last_name": "Rossi", "title": "VP Operations",
        "company": "Buyer Ltd", "country": "US", "employees": 450, "source": "website", "seats": 40,
    },
    "refused elsewhere": {
        "email": "jon@buyer.example", "reject_reason": "not_ready", "rejected_at": "2026-02-10",
        "owner": "rep.one@acme.example",
    },
    "a customer": {"email": "kim@buyer.example", "stage": "customer", "attributes": {"plan": "team", "seats": 12}},
}  # fmt: skip
BATCH_IN: dict[str, Json] = {
    "two leads, one of them wrong": {"leads": [LEAD_IN["an inquiry"], {"email": "nobody at nowhere"}]},
}
LEAD_PAGE: Json = {"leads": [_LEAD], "next": "bGVhZC4xNw"}
LEAD_TAKEN: Json = {**_LEAD, "cycle": 1, "reason": None, "score": 0.0, "status": "created", "offered": False}
BATCH_TAKEN: Json = {
    "created": 1, "updated": 0, "rejected": 1, "offered": 0,
    "results": [
        {"status": "created", "email": "maria.rossi@buyer.example", "errors": []},
        {"status": "rejected", "email": None,
         "errors": [{"pointer": "/leads/1/email", "detail": "an e-mail address has no spaces in it"}]},
    ],
}  # fmt: skip
LEAD_REJECTED: Json = {
    "email": "maria.rossi@buyer.example", "stage": "nurture", "cycle": 3, "reason": "no_budget",
    "mail_from": "2026-06-01T20:05:00+00:00",
}  # fmt: skip
_EVENT: Json = {"at": "2026-03-03T19:58:00+00:00", "what": "visited /pricing", "kind": "page", "path": "/pricing"}
_OF_LEAD: Json = {
    "id": 17, "lead": "maria.rossi@buyer.example", "state": "offered", "cycle": 2, "grade": "A", "score": 61.5,
    "owner": "rep.one@acme.example", "offered_at": "2026-03-03T19:05:00+00:00",
    "url": "https://nurture.example.com/h/TOKEN",
}  # fmt: skip
LEAD_WHOLE: Json = {
    **_PROFILE, "stage": "mql", "cycle": 2, "reason": "not_ready", "grade": "A", "score": 61.5, "enrollment": None,
    "suppressed": None, "deliveries": [], "handoffs": [_OF_LEAD], "events": [_EVENT],
    "cycles": [{"n": 1, "started_at": "2025-12-03T20:05:00+00:00", "reason": "not_ready", "note": "Call me in March",
                "refused_by": "rep.two@acme.example"}],
}  # fmt: skip

HANDOFF: Json = {
    **_OF_LEAD, "state": "accepted", "hand_raise": False, "because": "came back to the pricing page 3 times today",
    "given_at": "2026-03-03T19:05:00+00:00", "accept_due_at": "2026-03-03T23:05:00+00:00",
    "attempt_due_at": "2026-03-04T20:05:00+00:00", "attempts_due_at": "2026-03-17T20:05:00+00:00",
    "outcome_due_at": "2026-06-01T20:05:00+00:00", "accepted_at": "2026-03-03T20:05:00+00:00", "contacted_at": None,
    "qualified_at": None, "closed_at": None, "answered_by": "rep.one@acme.example", "attempts": 0, "reason": None,
    "note": None, "value": None, "origin": "nurture", "external_id": None,
}  # fmt: skip
HANDOFF_PAGE: Json = {"handoffs": [HANDOFF], "next": None}
_ATTEMPT: Json = {
    "id": 3, "kind": "call", "outcome": "not_reached", "at": "2026-03-03T20:05:00+00:00", "by": "rep.one@acme.example",
    "note": "Voice mail.",
}  # fmt: skip
ATTEMPTS: Json = {"attempts": [_ATTEMPT]}
_LOG: list[Json] = [
    {"at": "2026-03-03T19:05:00+00:00", "what": "offered", "by": "", "owner": "rep.one@acme.example", "reason": None,
     "note": None, "details": {}},
    {"at": "2026-03-03T20:05:00+00:00", "what": "accepted", "by": "rep.one@acme.example",
     "owner": "rep.one@acme.example", "reason": None, "note": None, "details": {}},
]  # fmt: skip
HANDOFF_WHOLE: Json = {
    **HANDOFF, "attempts": 1,
    "packet": {"because": "came back to the pricing page 3 times today", "grade": "A", "score": 61.5,
               "lead": {"email": "maria.rossi@buyer.example", "name": "Maria Rossi"}, "timeline": [_EVENT]},
    "log": _LOG, "attempts_made": [_ATTEMPT],
}  # fmt: skip
REASONS: Json = {
    "reasons": [
        {"reason": "not_ready", "label": "Not ready to buy", "then": "nurture", "wait_days": None},
        {"reason": "no_budget", "label": "No budget this year", "then": "nurture", "wait_days": 90},
        {"reason": "competitor", "label": "Competitor", "then": "suppress", "wait_days": None},
    ]
}
REPORT: Json = {
    "report": "rejects", "since": "2026-01-01T06:00:00+00:00", "until": None,
    "rows": [{"reason": "not_ready", "leads": 12, "share": 0.6}],
}  # fmt: skip

BODIES: dict[str, dict[str, Json]] = {
    "POST /api/leads": LEAD_IN,
    "POST /api/leads/batch": BATCH_IN,
    "POST /api/leads/{email}/reject": {
        "not now": {"reason": "no_budget", "note": "New budget in June.", "by": "rep.one@acme.example"}
    },
    "POST /api/handoffs/{id}/accept": {"by a rep": {"by": "rep.one@acme.example"}, "by the program": {}},
    "POST /api/handoffs/{id}/reject": {
        "with a note": {"reason": "not_ready", "note": "Call me in May.", "by": "rep.one@acme.example"}
    },
    "POST /api/handoffs/{id}/attempts": {
        "a call": {"kind": "call", "outcome": "not_reached", "note": "Voice mail.", "by": "rep.one@acme.example"},
        "a meeting this morning": {
            "kind": "meeting", "outcome": "reached", "at": "2026-03-03T13:30:00-06:00", "by": "rep.one@acme.example",
        },
    },
    "POST /api/handoffs/{id}/contacted": {"on the phone": {"note": "Wants a quote.", "by": "rep.one@acme.example"}},
    "POST /api/handoffs/{id}/outcome": {
        "a real opportunity": {"outcome": "qualified", "by": "rep.one@acme.example"},
        "lost": {"outcome": "lost", "reason": "no_budget", "note": "Cut in Q2.", "by": "rep.one@acme.example"},
        "won": {"outcome": "won", "by": "rep.one@acme.example"},
    },
    "POST /api/handoffs/{id}/reassign": {
        "to somebody": {"to": "rep.two@acme.example", "because": "on holiday", "by": "sales-manager@acme.example"},
        "to whoever is next": {"by": "sales-manager@acme.example"},
    },
    "POST /api/handoffs/{id}/revoke-links": {"after a forward": {"by": "sales-manager@acme.example"}},
}  # fmt: skip
"""What each call may send, by its method and address."""
