"""Handoffs: opened, listed, and the packet that tells sales who, why and why now."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, text

from nurture.facts import MICRO, PROFILE_FIELDS

_OPEN = text(
    """
    INSERT INTO handoff (lead_id, cycle, state, grade, score_micro, hand_raise, because, evidence, was_customer, owner,
                         offered_at, accept_due_at, attempt_due_at)
    VALUES (:lead_id, :cycle, 'offered', :grade, :score_micro, :hand_raise, :because, CAST(:evidence AS jsonb),
            :was_customer, :owner, :offered_at, :accept_due_at, :attempt_due_at)
    RETURNING id
    """
)

_LISTED = """
    SELECT h.*, l.email, (SELECT count(*) FROM attempt a WHERE a.handoff_id = h.id) AS attempts
    FROM handoff h JOIN lead l ON l.id = h.lead_id
"""

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


def open_handoff(db: Connection, values: Mapping[str, Any]) -> int:
    """Insert an offered handoff; gives its id. The database refuses a second open one of the same lead."""
    evidence = orjson.dumps(values["evidence"], default=str).decode()
    return int(db.execute(_OPEN, {**values, "evidence": evidence}).scalar_one())


def listed(
    db: Connection, *, state: str | None = None, email: str | None = None, most: int = 1000
) -> Sequence[Row[Any]]:
    """Handoffs, newest first, of one state or one lead where asked."""
    query = text(
        _LISTED
        + """ WHERE (CAST(:state AS text) IS NULL OR h.state = :state)
              AND (CAST(:email AS text) IS NULL OR l.email = :email) ORDER BY h.id DESC LIMIT :most"""
    )
    return db.execute(query, {"state": state, "email": email, "most": most}).all()


def one(db: Connection, handoff_id: int) -> Row[Any] | None:
    """One handoff with its lead's address and number of attempts."""
    return db.execute(text(_LISTED + " WHERE h.id = :id"), {"id": handoff_id}).one_or_none()


@dataclass(frozen=True, slots=True)
class Attempt:
    """Sales tried to reach a lead: how, whether it was reached, who tried."""

    kind: str
    outcome: str
    by: str
    note: str | None


def has_attempt(db: Connection, handoff_id: int, attempt: Attempt, *, since: datetime) -> bool:
    """Whether just this attempt was logged since then."""
    query = text(
        """
        SELECT EXISTS (SELECT FROM attempt WHERE handoff_id = :handoff_id AND kind = :kind AND outcome = :outcome
                       AND by = :by AND note IS NOT DISTINCT FROM CAST(:note AS text) AND at > :since)
        """
    )
    return bool(db.execute(query, {"handoff_id": handoff_id, "since": since, **asdict(attempt)}).scalar())


def add_attempt(db: Connection, handoff_id: int, attempt: Attempt, *, at: datetime) -> None:
    """Note an attempt."""
    query = text(
        "INSERT INTO attempt (handoff_id, kind, outcome, at, by, note) "
        "VALUES (:handoff_id, :kind, :outcome, :at, :by, :note)"
    )
    db.execute(query, {"handoff_id": handoff_id, "at": at, **asdict(attempt)})


def attempts(db: Connection, handoff_id: int) -> Sequence[Row[Any]]:
    """The attempts of one handoff, oldest first."""
    return db.execute(text("SELECT * FROM attempt WHERE handoff_id = :id ORDER BY at, id"), {"id": handoff_id}).all()


def previous_owner(db: Connection, lead_id: int) -> tuple[str | None, str | None]:
    """Who had this lead last, and how that ended (a reject reason, or None)."""
    row = db.execute(
        text("SELECT owner, reason FROM handoff WHERE lead_id = :id AND owner IS NOT NULL ORDER BY id DESC LIMIT 1"),
        {"id": lead_id},
    ).one_or_none()
    return (None, None) if row is None else (row.owner, row.reason)


def colleague(db: Connection, lead_id: int, domain: str) -> str | None:
    """Who holds an open handoff of somebody else at the same company's mail domain."""
    return db.execute(
        text(
            """
            SELECT h.owner FROM handoff h JOIN lead l ON l.id = h.lead_id
            WHERE h.state IN ('offered', 'accepted', 'contacted', 'qualified') AND h.owner IS NOT NULL
              AND l.id <> :id AND split_part(l.email, '@', 2) = :domain ORDER BY h.id DESC LIMIT 1
            """
        ),
        {"id": lead_id, "domain": domain},
    ).scalar()


def turns(db: Connection, reps: Sequence[str], now: datetime) -> dict[str, int]:
    """Whose turn it is: a number for each rep, the lowest is next. Locks the rota, so it comes last."""
    db.execute(
        text(
            "INSERT INTO rota (rep, given_at, given_n) SELECT unnest(CAST(:reps AS text[])), :now, 0 "
            "ON CONFLICT DO NOTHING"
        ),
        {"reps": sorted(reps), "now": now},
    )
    rows = db.execute(
        text("SELECT rep, given_n FROM rota WHERE rep = ANY(:reps) ORDER BY rep FOR UPDATE"), {"reps": list(reps)}
    )
    return {row.rep: row.given_n for row in rows}


def give_turn(db: Connection, rep: str, now: datetime) -> None:
    """Note that this rep was given a lead by turns: last in line from now on."""
    db.execute(
        text("UPDATE rota SET given_n = (SELECT max(given_n) + 1 FROM rota), given_at = :now WHERE rep = :rep"),
        {"rep": rep, "now": now},
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
