"""What sales is told of a handoff, as it lies in the database: four statements, whatever the lead's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.facts import EventFact
from nurture.store.states import event_fact

LOOKED_AT = 5_000
"""So many events of the lead, the newest, are looked at for what a person did. Programs may have made far more."""
EVENTS, WORDS, MAILS, EARLIER = 400, 40, 20, 20
_MOST_OCTETS = 8_000
"""An event's properties are read where they are no longer than this: they say what it was, and are no document."""

_HANDOFF = text(
    """
    SELECT h.*, l.key, l.email, l.first_name, l.last_name, l.title, l.company, l.country, l.timezone, l.locale,
           l.industry, l.employees, l.source, l.attributes, l.stage, l.tracked, l.owner AS lead_owner,
           l.cycle AS lead_cycle, (SELECT count(*) FROM attempt a WHERE a.handoff_id = h.id) AS attempts
    FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE h.id = :id
    """
)
_EVENTS = text(
    f"""
    SELECT * FROM (
        SELECT e.id, e.kind, e.name, e.path, e.campaign, e.step, e.occurred_at,
               CASE WHEN pg_column_size(e.properties) <= {_MOST_OCTETS} THEN e.properties ELSE '{{}}'::jsonb END
                   AS properties,
               e.verdict, e.kind IN ('answer', 'reply') AS is_word,
               row_number() OVER (
                   PARTITION BY e.kind IN ('answer', 'reply') ORDER BY e.occurred_at DESC, e.id DESC) AS n
        FROM (SELECT * FROM event WHERE lead_id = :lead_id AND occurred_at <= :until
              ORDER BY occurred_at DESC LIMIT {LOOKED_AT}) e
        WHERE e.verdict = 'human' AND e.kind IN ('page', 'track', 'click', 'answer', 'reply')
    ) AS found
    WHERE n <= CASE WHEN is_word THEN {WORDS} ELSE {EVENTS} END ORDER BY occurred_at DESC, id DESC
    """  # noqa: S608 - constants of this file
)
_MAILS = text(
    f"""
    SELECT d.*, c.clicked_at
    FROM (SELECT id, campaign, step, cycle, template, sent_at, count(*) OVER () AS found FROM delivery
          WHERE lead_id = :lead_id AND state = 'sent' AND sent_at <= :until
          ORDER BY sent_at DESC, id DESC LIMIT {MAILS}) AS d
    LEFT JOIN LATERAL (
        SELECT min(e.occurred_at) AS clicked_at
        FROM (SELECT kind, verdict, occurred_at FROM event WHERE delivery_id = d.id LIMIT {LOOKED_AT}) AS e
        WHERE e.kind = 'click' AND e.verdict = 'human'
    ) AS c ON true
    ORDER BY d.sent_at DESC, d.id DESC
    """  # noqa: S608
)
_EARLIER = text(
    f"""
    SELECT c.n, c.started_at, c.reason, c.note, c.refused_by, h.state, h.owner
    FROM cycle c
    LEFT JOIN LATERAL (
        SELECT state, owner FROM handoff
        WHERE lead_id = c.lead_id AND cycle = c.n - 1 AND closed_at <= c.started_at
          AND state IN ('rejected', 'returned', 'lost')
        ORDER BY closed_at DESC, id DESC LIMIT 1
    ) AS h ON true
    WHERE c.lead_id = :lead_id AND c.reason IS NOT NULL AND c.n <= :cycle ORDER BY c.n DESC LIMIT {EARLIER}
    """  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known of a handoff and its lead.

    Attributes:
        handoff: its row, with the lead's columns and how many attempts there were.
        events: what people did, newest first: what they said (answers and replies) and what they did, so many of each.
        mails: what the lead received, newest first; `found` in each is how many there are in all.
        earlier: the refusals that began this cycle and those before, newest first, with the owner of that time.
    """

    handoff: Row[Any]
    events: Sequence[EventFact]
    mails: Sequence[Row[Any]]
    earlier: Sequence[Row[Any]]


def find(db: Connection, handoff_id: int, now: datetime) -> Found | None:
    """All that is known of a handoff, up to when it was closed, else up to now; None if there is no such handoff."""
    row = db.execute(_HANDOFF, {"id": handoff_id}).one_or_none()
    if row is None:
        return None
    values = {"lead_id": row.lead_id, "until": row.closed_at or now, "cycle": row.cycle}
    return Found(
        row,
        [event_fact(event) for event in db.execute(_EVENTS, values)],
        db.execute(_MAILS, values).all(),
        db.execute(_EARLIER, values).all(),
    )


def lead(db: Connection, lead_id: int) -> Row[Any] | None:
    """Who a lead is; None if there is none any more."""
    return db.execute(text("SELECT * FROM lead WHERE id = :id"), {"id": lead_id}).one_or_none()
