"""Mails on their way: leased, moved to `sending` through the gate, recorded, and what became of those a crash left.

`queued → leased(token, until) → sending → sent | failed | unknown`, or `cancelled(rule)`. Leases run on the database's
clock (machine time); slots are compared with `now` (business time).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from nurture.facts import PROFILE_FIELDS
from nurture.store.line import Line, Value
from nurture.trips import Statement, ask
from nurture.values import quick

LEASE_SECONDS = 40
"""How long a worker may hold a mail it has not begun to send, and how long it may wait for one answer."""

_OF_LEAD = ("key", "email", "attributes", "stage", "cycle", "grade", "tracked")
_NAMES = (
    "delivery_id", "lead_id", "campaign", "step", "template", "delivery_cycle", "tries", *_OF_LEAD, *PROFILE_FIELDS
)  # fmt: skip


class LeasedRow:
    """A delivery with its lead's columns; `_mapping` has all of them by name, as `mail.letters` wants them."""

    __slots__ = ("_mapping", "campaign", "delivery_cycle", "delivery_id", "lead_id", "step", "template", "tries")

    def __init__(self, values: tuple[Any, ...]) -> None:
        """`values` as `_NAMES` has them."""
        (
            self.delivery_id, self.lead_id, self.campaign, self.step, self.template, self.delivery_cycle, self.tries, *_
        ) = values  # fmt: skip
        self._mapping: dict[str, Any] = dict(zip(_NAMES, values, strict=True))


_HELD = "d.state IN ('leased', 'sending')"
UNDER_WAY = f"""
    delivery_batch b CROSS JOIN LATERAL (
        SELECT d.id, d.mailer, d.slot_at, d.state, d.lease_token, d.leased_until
        FROM delivery d WHERE d.batch_id = b.id AND {_HELD} OFFSET 0) AS held
"""  # noqa: S608 - constants of this file
"""Mails leased or being sent, for a FROM: `held`, each with its batch `b`. Found by the few batches that are open, in
this order however it is planned: no index of deliveries hears when a mail is sent, so it would find all of them."""
_FINISHED = f"""
    DELETE FROM delivery_batch WHERE id = ANY(ARRAY(
        SELECT b.id FROM delivery_batch b
        WHERE WHOSE AND (SELECT count(*) FROM delivery d WHERE d.batch_id = b.id AND {_HELD}) = 0
        ORDER BY b.id FOR UPDATE SKIP LOCKED))
"""  # noqa: S608 - a constant of this file
"""A batch of which nothing is held will never be held again: what is leased anew is in another."""
_FINISHED_OURS = _FINISHED.replace("WHOSE", "b.token = :token")
_LEASE = f"""
    WITH finished AS ({_FINISHED_OURS}), batch AS (
        INSERT INTO delivery_batch (token) VALUES (:token) RETURNING id
    ), taken AS (
        UPDATE delivery SET state = 'leased', lease_token = :token, batch_id = (SELECT id FROM batch),
               leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
        WHERE id = ANY(ARRAY(
            SELECT id FROM delivery WHERE phase = 'queued' AND mailer = :mailer AND slot_at <= :now
            ORDER BY ORDERED LIMIT :most FOR UPDATE SKIP LOCKED))
        RETURNING id, lead_id, campaign, step, template, cycle, tries, slot_at
    )
    SELECT t.id AS delivery_id, t.lead_id, t.campaign, t.step, t.template, t.cycle AS delivery_cycle, t.tries,
           {", ".join(f"l.{name}" for name in (*_OF_LEAD, *PROFILE_FIELDS))}
    FROM taken t JOIN lead l ON l.id = t.lead_id ORDER BY t.slot_at, t.id
    """  # noqa: S608 - a constant of this file
_LEASE_IN_ORDER = Statement(_LEASE.replace("ORDERED", "slot_at, id"), LeasedRow)
_LEASE_ANY = Statement(_LEASE.replace("ORDERED", "random()"), LeasedRow)

_GATE = """
    CASE
    WHEN d.slot_until <= CAST(:now AS timestamptz) THEN 'window over'
    WHEN l.stage IN ('mql', 'sal', 'sql') THEN 'with sales'
    WHEN l.stage = 'disqualified' THEN 'disqualified'
    WHEN e.status = 'ended' THEN 'left the campaign'
    WHEN EXISTS (SELECT FROM suppression s WHERE s.address_hash = sha256(convert_to(l.email, 'UTF8'))
                 AND s.topic IN ('', coalesce(CAST(:topics AS jsonb) ->> d.campaign, ''))) THEN 'suppressed'
    WHEN l.unconfirmed_at IS NOT NULL THEN 'unconfirmed'
    WHEN CAST(:consent AS jsonb) IS NOT NULL
         AND (CAST(:consent AS jsonb) -> 'countries' = 'null' OR btrim(coalesce(l.country, '')) = ''
              OR jsonb_exists(CAST(:consent AS jsonb) -> 'countries', upper(btrim(l.country))))
         AND NOT coalesce(
             l.consent_at IS NOT NULL AND jsonb_exists(CAST(:consent AS jsonb) -> 'bases', l.consent_basis)
             AND coalesce(l.consent_at + make_interval(
                 days => CAST(CAST(:consent AS jsonb) -> 'bases' ->> l.consent_basis AS int)
             ) > CAST(:now AS timestamptz), true), false)
         THEN 'no consent'
    WHEN l.mail_from > CAST(:now AS timestamptz) THEN 'waits'
    WHEN (SELECT count(*) > CAST(:per_30_days AS int)
              OR count(*) FILTER (WHERE o.local_on >= d.local_on - 6) > CAST(:per_7_days AS int)
          FROM delivery o WHERE o.lead_id = d.lead_id
          AND o.state IN ('queued', 'leased', 'sending', 'sent', 'unknown')
          AND o.local_on BETWEEN d.local_on - 29 AND d.local_on) THEN 'limit'
    END
"""
"""By which rule a mail `d` to lead `l` of enrollment `e` does not go at `:now`; NULL: it may."""

# Three things keep the cost of the following down to that of its rows. `(SELECT :x)` hides a value from the planner: it
# finds that a plan made for these values is no better than one for any, and plans no more. `state || ''` keeps it from
# the index of what is leased, which has little in it but rows of a moment ago. And all that is rare is left to others.
_OURS = """
    d.state || '' = 'leased' AND d.lease_token = (SELECT CAST(:token AS uuid)) AND d.leased_until > clock_timestamp()
    AND d.slot_at <= CAST(:now AS timestamptz)
"""
"""Which mails are ours to let go or to cancel. Where business time went back, those whose slot is to come wait."""
_STEP = Statement(
    f"""
    WITH answered AS (
        UPDATE delivery d
        SET state = 'sent', reason = NULL, for_good = false, sent_at = CAST(:now AS timestamptz),
            lease_token = NULL, leased_until = NULL
        WHERE d.id = ANY(CAST((SELECT CAST(:sent AS bigint[])) AS bigint[]))
          AND d.lease_token = (SELECT CAST(:token AS uuid)) AND d.state || '' IN ('sending', 'unknown')
    )
    UPDATE delivery d
    SET state = 'sending', reason = NULL, tries = d.tries + 1, sending_at = CAST(:now AS timestamptz),
        message_id = u.message_id, leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
    FROM unnest((SELECT CAST(:next AS bigint[])), CAST(:recipients AS text[]), CAST(:message_ids AS text[]))
             AS u(id, recipient, message_id),
         lead l, enrollment e
    WHERE d.id = u.id AND l.id = d.lead_id AND l.email || '' = u.recipient AND e.id = d.enrollment_id
      AND {_OURS} AND {_GATE} IS NULL
    RETURNING d.id
    """  # noqa: S608 - a constant of this file
)

_CANCEL = Statement(
    f"""
    WITH gate AS (
        SELECT d.id, {_GATE} AS rule
        FROM unnest((SELECT CAST(:next AS bigint[])), CAST(:recipients AS text[])) AS u(id, recipient),
             delivery d, lead l, enrollment e
        WHERE d.id = u.id AND l.id = d.lead_id AND l.email || '' = u.recipient AND e.id = d.enrollment_id AND {_OURS}
    ), cancelled AS (
        UPDATE delivery d SET state = 'cancelled', reason = g.rule, lease_token = NULL, leased_until = NULL
        FROM gate g
        WHERE d.id = g.id AND g.rule IS NOT NULL AND {_OURS}
        RETURNING d.id, d.reason, d.enrollment_id
    ), woken AS (
        UPDATE enrollment SET due_at = CAST(:now AS timestamptz)
        WHERE status <> 'ended' AND id IN (
            SELECT enrollment_id FROM cancelled
            WHERE reason IN ('window over', 'unconfirmed', 'no consent', 'waits', 'limit'))
    )
    SELECT id FROM cancelled
    """  # noqa: S608 - a constant of this file
)

_RECORD = Statement(
    """
    UPDATE delivery d
    SET state = u.state, reason = u.reason, for_good = u.for_good,
        sent_at = CASE WHEN u.state = 'sent' THEN CAST(:now AS timestamptz) ELSE d.sent_at END,
        sending_at = CASE WHEN u.state <> 'queued' THEN d.sending_at END,
        tries = d.tries + CASE WHEN u.state = 'queued' AND d.state <> 'leased' THEN -1
                               WHEN u.state <> 'queued' AND d.state = 'leased' THEN 1 ELSE 0 END,
        lease_token = CASE WHEN u.state = 'unknown' THEN d.lease_token END, leased_until = NULL
    FROM unnest((SELECT CAST(:ids AS bigint[])), CAST(:states AS text[]), CAST(:reasons AS text[]),
                CAST(:for_good AS bool[])) AS u(id, state, reason, for_good)
    WHERE d.id = u.id AND d.lease_token = (SELECT CAST(:token AS uuid))
      AND d.state || '' IN ('leased', 'sending', 'unknown')
    """
)

_RELEASE = text(
    f"""
    UPDATE delivery SET state = 'queued', lease_token = NULL, leased_until = NULL
    WHERE id = ANY(ARRAY(SELECT held.id FROM {UNDER_WAY} WHERE b.token = :token))
      AND lease_token = :token AND state = 'leased'
    """  # noqa: S608 - a constant of this file
)
_RELEASED = text(_FINISHED_OURS)

_EXPIRE = text(
    f"""
    WITH late AS (
        SELECT d.id FROM delivery d
        WHERE d.id = ANY(ARRAY(SELECT held.id FROM {UNDER_WAY} WHERE held.leased_until < clock_timestamp()))
          AND {_HELD} AND d.leased_until < clock_timestamp()
        ORDER BY d.id FOR UPDATE SKIP LOCKED)
    UPDATE delivery d
    SET state = CASE d.state WHEN 'leased' THEN 'queued' ELSE 'unknown' END,
        reason = CASE d.state WHEN 'sending' THEN 'the answer was lost' END,
        lease_token = CASE d.state WHEN 'sending' THEN d.lease_token END, leased_until = NULL
    FROM late WHERE d.id = late.id RETURNING d.state
    """  # noqa: S608 - a constant of this file
)
_EXPIRED = text(_FINISHED.replace("WHOSE", "true"))

ANY_TO_SEND = """
    SELECT coalesce((SELECT slot_at FROM delivery WHERE phase = 'queued' AND mailer = :mailer
                     ORDER BY slot_at LIMIT 1) <= :now, false)
"""
"""Whether a mail's slot has come: by the earliest, for the reason that `due.ANY_DUE` gives."""
_ANY_TO_SEND = text(ANY_TO_SEND)


@quick
@dataclass(frozen=True, slots=True)
class Answer:
    """What to record of one mail: its new state, in the server's words why, and whether that is for good.

    `queued`: it was surely not taken, and that is not to count as a try.
    """

    delivery_id: int
    state: str
    reason: str | None = None
    for_good: bool = False

    @property
    def outcome(self) -> str:
        """One word: `sent`, `unknown`, `failed` for good, `put_off`, or `held`, which is no try."""
        if self.state == "failed":
            return "failed" if self.for_good else "put_off"
        return "held" if self.state == "queued" else self.state


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate tests besides the rows themselves: limits of the agreement, topics of the campaigns (JSON).

    `consent` are the agreement's terms of it (`rules.permission.gate_terms`, JSON); None where nothing is required.
    """

    per_7_days: int
    per_30_days: int
    topics: str
    consent: str | None = None


def lease(
    db: Connection, *, mailer: str, token: UUID, now: datetime, most: int, in_order: bool = True
) -> Sequence[LeasedRow]:
    """Take up to `most` mails whose slot has come; each row is the delivery with its lead's columns.

    The earliest first; any of them where not `in_order`, so that a few that never go do not stand in all others' way.
    """
    values = {"mailer": mailer, "token": token, "now": now, "most": most}
    return ask(db, _LEASE_IN_ORDER if in_order else _LEASE_ANY, values)


async def record_and_move(
    line: Line,
    *,
    token: UUID,
    answers: Sequence[Answer],
    following: Sequence[tuple[int, str, str]],
    gate: Gate,
    now: datetime,
) -> set[int]:
    """Record the answers that came and move the next mails (id, Message-ID, recipient) to `sending`, in one statement.

    Gives the ids that may go out, which is committed by then. The others are held by a rule (see `cancel_held`), are no
    longer ours, or their lead has another address by now than the one they were written to: these stay leased. Answers
    other than `sent` take a statement more, before.

    Raises:
        psycopg.Error: Nothing was done; or the connection is gone, and nobody knows.
    """
    bad = [answer for answer in answers if answer.state != "sent"]
    if bad:
        await _record(line, token, bad, now)
    sent = [answer.delivery_id for answer in answers if answer.state == "sent"]
    if not sent and not following:
        return set()
    message_ids = [message_id for _, message_id, _ in following]
    values = {**_asked(token, following, gate, now), "sent": sent, "message_ids": message_ids}
    return {int(row[0] or 0) for row in await line.ask(_STEP, values)}


async def cancel_held(
    line: Line, *, token: UUID, following: Sequence[tuple[int, str, str]], gate: Gate, now: datetime
) -> int:
    """Cancel those of the leased mails (id, Message-ID, recipient) that a rule holds back, and have them decided again.

    Gives how many these are. The others stay as they are.

    Raises:
        psycopg.Error: Nothing was done, or nobody knows; they are ours still, or will be asked about again.
    """
    return len(await line.ask(_CANCEL, _asked(token, following, gate, now)))


def _asked(token: UUID, following: Sequence[tuple[int, str, str]], gate: Gate, now: datetime) -> dict[str, Value]:
    return {
        "token": token,
        "next": [delivery_id for delivery_id, _, _ in following],
        "recipients": [recipient for _, _, recipient in following],
        "per_7_days": gate.per_7_days,
        "per_30_days": gate.per_30_days,
        "topics": gate.topics,
        "consent": gate.consent,
        "now": now,
    }


async def _record(line: Line, token: UUID, answers: Sequence[Answer], now: datetime) -> None:
    values: dict[str, Value] = {
        "token": token,
        "ids": [answer.delivery_id for answer in answers],
        "states": [answer.state for answer in answers],
        "reasons": [answer.reason for answer in answers],
        "for_good": [answer.for_good for answer in answers],
        "now": now,
    }
    await line.ask(_RECORD, values)


def release(db: Connection, token: UUID) -> int:
    """Put back what was leased and not begun."""
    released = db.execute(_RELEASE, {"token": token}).rowcount
    db.execute(_RELEASED, {"token": token})
    return released


def expire(db: Connection) -> dict[str, int]:
    """Settle what dead workers held: leased goes back to `queued`, sending becomes `unknown`."""
    counts: dict[str, int] = {}
    for row in db.execute(_EXPIRE):
        counts[row.state] = counts.get(row.state, 0) + 1
    forget_finished(db)
    return counts


def forget_finished(db: Connection) -> None:
    """Forget batches of which nothing is under way; those of a worker that was killed stay until somebody does."""
    db.execute(_EXPIRED)


def any_to_send(db: Connection, mailer: str, now: datetime) -> bool:
    """Whether a mail's slot has come."""
    return bool(db.execute(_ANY_TO_SEND, {"mailer": mailer, "now": now}).scalar())


_LISTED = """
    SELECT d.id, l.email AS lead, d.campaign, d.step, d.cycle, d.variant, d.template, d.state, d.message_id, d.local_on,
           d.slot_at, d.slot_until, d.queued_at, d.sending_at, d.sent_at, d.tries, d.reason
    FROM delivery d JOIN lead l ON l.id = d.lead_id
"""


def listed(
    db: Connection, *, state: str | None = None, email: str | None = None, most: int = 1000
) -> Sequence[Row[Any]]:
    """Deliveries, newest first, of one state or one lead where asked."""
    query = text(
        _LISTED
        + """ WHERE (CAST(:state AS text) IS NULL OR d.state = :state)
              AND (CAST(:email AS text) IS NULL OR l.email = :email) ORDER BY d.id DESC LIMIT :most"""
    )
    return db.execute(query, {"state": state, "email": email, "most": most}).all()


def one(db: Connection, delivery_id: int) -> Row[Any] | None:
    """One delivery."""
    return db.execute(text(_LISTED + " WHERE d.id = :id"), {"id": delivery_id}).one_or_none()


def settle_unknown(db: Connection, delivery_id: int, *, state: str, reason: str, now: datetime) -> int | None:
    """Settle an `unknown` mail as `sent`, or as `failed` so that its step can come again; gives its lead, or None."""
    query = text(
        """
        UPDATE delivery SET state = :state, reason = :reason, for_good = false, lease_token = NULL,
               sent_at = CASE WHEN :state = 'sent' THEN coalesce(sending_at, CAST(:now AS timestamptz)) END
        WHERE id = :id AND state = 'unknown' RETURNING lead_id
        """
    )
    settled: int | None = db.execute(query, {"id": delivery_id, "state": state, "reason": reason, "now": now}).scalar()
    return settled
