"""The packet of a handoff: all that sales is told, JSON-ready."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.facts import MICRO, PROFILE_FIELDS

_TIMELINE = text(
    """
    SELECT kind, name, path, properties, campaign, step, occurred_at FROM event
    WHERE lead_id = :lead_id AND verdict = 'human' AND kind <> 'identify' AND occurred_at <= :until
    ORDER BY occurred_at DESC, id DESC LIMIT 50
    """
)
_MAILS = text(
    """
    SELECT d.campaign, d.step, d.sent_at, min(e.occurred_at) AS clicked
    FROM delivery d LEFT JOIN event e ON e.delivery_id = d.id AND e.kind = 'click' AND e.verdict = 'human'
    WHERE d.lead_id = :lead_id AND d.state = 'sent' GROUP BY d.id ORDER BY d.sent_at DESC
    """
)
_EARLIER = text(
    """
    SELECT n, started_at, reason, note, refused_by FROM cycle
    WHERE lead_id = :lead_id AND reason IS NOT NULL ORDER BY n
    """
)


def packet(db: Connection, handoff_id: int) -> dict[str, Any]:
    """All that sales is told of a handoff, JSON-ready: who, grade and score with their rows, why now, what happened."""
    row = db.execute(
        text(
            f"""
            SELECT h.*, l.email, l.attributes, {", ".join(f"l.{field} AS lead_{field}" for field in PROFILE_FIELDS)}
            FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE h.id = :id
            """  # noqa: S608 - names of our own columns
        ),
        {"id": handoff_id},
    ).one()
    lead_id = row.lead_id
    until = row.closed_at or datetime.max.replace(tzinfo=row.offered_at.tzinfo)
    events = db.execute(_TIMELINE, {"lead_id": lead_id, "until": until}).all()
    return {
        "handoff": {
            "id": row.id, "cycle": row.cycle, "state": row.state, "offered_at": row.offered_at.isoformat(),
            "accept_due_at": _iso(row.accept_due_at), "attempt_due_at": _iso(row.attempt_due_at),
            "hand_raise": row.hand_raise,
        },
        "lead": {
            "email": row.email, "name": " ".join(filter(None, (row.lead_first_name, row.lead_last_name))) or None,
            "attributes": row.attributes,
            **{field: getattr(row, f"lead_{field}") for field in PROFILE_FIELDS if not field.endswith("_name")},
        },
        "grade": row.grade,
        "fit": row.evidence.get("fit", []),
        "score": row.score_micro / MICRO,
        "rows": row.evidence.get("rows", []),
        "because": row.because,
        "timeline": [{"at": event.occurred_at.isoformat(), "what": in_words(event)} for event in events],
        "mails": [
            {"step": f"{m.campaign}/{m.step}", "sent_at": _iso(m.sent_at), "clicked": _iso(m.clicked)}
            for m in db.execute(_MAILS, {"lead_id": lead_id})
        ],
        "answers": [
            {"question": event.name, "answer": event.properties.get("answer"), "at": event.occurred_at.isoformat()}
            for event in events
            if event.kind == "answer"
        ],
        "earlier": [
            {"cycle": c.n, "reason": c.reason, "note": c.note, "by": c.refused_by, "at": _iso(c.started_at)}
            for c in db.execute(_EARLIER, {"lead_id": lead_id})
        ],
        "owner": row.owner,
    }  # fmt: skip


def in_words(event: Row[Any]) -> str:
    """One event as a person says it."""
    match event.kind:
        case "page":
            return f"visited {event.path or 'a page'}"
        case "click":
            return f"clicked in {event.campaign}/{event.step}"
        case "open":
            return f"opened {event.campaign}/{event.step}"
        case "answer":
            return f"answered {event.name}: {event.properties.get('answer')}"
        case "reply":
            return "replied"
        case "look":
            return f"looked at a page: {event.name}"
        case "identify":
            return "told who it is"
        case _:
            return str(event.name)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
