"""What has been judged, to be judged again: mails with hits, events by who sent them, offers that rest on them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

_PROGRESS = text("SELECT * FROM rejudging")
_BEGIN = text("INSERT INTO rejudging (one, since, began_at) VALUES (true, :since, :now) ON CONFLICT DO NOTHING")
_MOVE = text(
    """
    UPDATE rejudging SET mails_after = :mails_after, events_after = :events_after, judged = judged + :judged,
           to_human = to_human + :to_human, to_automated = to_automated + :to_automated
    """
)
_MAILS = text(
    """
    SELECT DISTINCT delivery_id FROM event
    WHERE delivery_id > :after AND kind IN ('click', 'open', 'look')
      AND (CAST(:since AS timestamptz) IS NULL OR occurred_at >= :since)
    ORDER BY delivery_id LIMIT :most
    """
)
_EVENTS = text(
    """
    SELECT id, month, lead_id, agent, verdict, reasons, by_hand, occurred_at FROM event
    WHERE id > :after AND id <= :last AND kind IN ('page', 'track') AND agent IS NOT NULL
      AND (CAST(:since AS timestamptz) IS NULL OR occurred_at >= :since)
    ORDER BY id LIMIT :most
    """
)
_ONE = text("SELECT id, month, lead_id, kind, verdict, by_hand FROM event WHERE id = :id")
_OVERRULE = text(
    """
    UPDATE event SET verdict = :verdict, reasons = ARRAY[CAST(:reason AS text)], settle_at = NULL, by_hand = true,
           revised_at = CASE WHEN verdict NOT IN ('pending', :verdict) THEN :now ELSE revised_at END
    WHERE id = :id AND month = :month RETURNING lead_id
    """
)
_DOUBTFUL = text(
    """
    SELECT h.id, h.lead_id, l.email, h.state, h.cycle, h.grade, h.score_micro, h.hand_raise, h.because, h.evidence,
           h.owner, h.offered_at
    FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE (CAST(:since AS timestamptz) IS NULL OR h.offered_at >= :since)
      AND (h.lead_id = ANY(:leads) OR EXISTS (
          SELECT FROM event e WHERE e.lead_id = h.lead_id AND e.occurred_at <= h.offered_at
             AND e.verdict = 'automated' AND e.revised_at > h.offered_at))
    ORDER BY h.offered_at, h.id
    """
)
_PAST = text(
    """
    SELECT id, lead_id, kind, occurred_at, received_at, name, path, properties, campaign, step, verdict, revised_at
    FROM event WHERE lead_id = ANY(:ids) AND verdict <> 'pending' AND kind NOT IN ('identify', 'look')
    ORDER BY lead_id, occurred_at, id
    """
)


def progress(db: Connection) -> Row[Any] | None:
    """How far judging everything again has come; None where nobody is at it."""
    return db.execute(_PROGRESS).one_or_none()


def begin(db: Connection, since: datetime | None, now: datetime) -> None:
    """Note that everything since then is going to be judged again."""
    db.execute(_BEGIN, {"since": since, "now": now})


def move(db: Connection, *, mails_after: int, events_after: int, judged: int, to_human: int, to_automated: int) -> None:
    """Note how far it has come, and add what was done on the way."""
    values = {"mails_after": mails_after, "events_after": events_after, "judged": judged}
    db.execute(_MOVE, {**values, "to_human": to_human, "to_automated": to_automated})


def finish(db: Connection) -> None:
    """Note that it is done."""
    db.execute(text("DELETE FROM rejudging"))


def mails(db: Connection, after: int, since: datetime | None, most: int) -> list[int]:
    """Deliveries with hits since then, by ascending id from after this one on."""
    return list(db.execute(_MAILS, {"after": after, "since": since, "most": most}).scalars())


def last_event(db: Connection) -> int:
    """An id that no event stored by now exceeds."""
    return int(db.execute(text("SELECT last_value FROM event_id")).scalar_one())


def events(db: Connection, after: int, last: int, since: datetime | None, most: int) -> Sequence[Row[Any]]:
    """Pages and tracks that a browser sent since then, by ascending id from after one and up to another."""
    return db.execute(_EVENTS, {"after": after, "last": last, "since": since, "most": most}).all()


def event(db: Connection, event_id: int) -> Row[Any] | None:
    """What has been judged of one event; None where there is none."""
    return db.execute(_ONE, {"id": event_id}).one_or_none()


def overrule(db: Connection, found: Row[Any], verdict: str, reason: str, now: datetime) -> int | None:
    """Write a person's verdict over whatever stands there; gives whose event it is now (None: nobody's yet)."""
    values = {"id": found.id, "month": found.month, "verdict": verdict, "reason": reason, "now": now}
    lead_id = db.execute(_OVERRULE, values).scalar_one()
    return None if lead_id is None else int(lead_id)


def doubtful(db: Connection, since: datetime | None, leads: Collection[int]) -> Sequence[Row[Any]]:
    """Handoffs offered since then to whose lead an event belongs that was taken for a program's after the offer.

    Those of `leads` too: what is going to be revised belongs to them.
    """
    return db.execute(_DOUBTFUL, {"since": since, "leads": list(leads)}).all()


def past(db: Connection, lead_ids: Collection[int]) -> Sequence[Row[Any]]:
    """All that was judged of what these leads did, in order."""
    return db.execute(_PAST, {"ids": list(lead_ids)}).all()
