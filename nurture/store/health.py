"""How it goes, in numbers: what waits and for how long, what is stuck, who is at work.

Read by `nurture status`, `/metrics` and the doctor. It costs the same however many leads, mails and events there are:
every part goes by an index to what is due, open or amiss, the oldest first, and a count ends at `MOST`. Nothing here
adds up the past; what was sent so far is counted by the processes themselves (`store.processes`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from nurture.store.deliveries import UNDER_WAY
from nurture.store.overview import handoffs_at_a_glance
from nurture.store.processes import ALIVE
from nurture.store.set_aside import IN_FORCE

MOST = 50_000
"""Counts end here: there are that many, or more."""
MOST_ASIDE = 1_000
"""The same for what is set aside, each of which has to be looked up."""

_MAILERS = text(
    f"""
    SELECT names.name, m.state, m.since, m.until, m.why, m.paused_at, m.paused_why,
           extract(epoch FROM CAST(:now AS timestamptz) - least(queued.oldest, held.oldest)) AS oldest,
           queued.n AS waiting, planned.n AS planned, held.n AS under_way, unknown.n AS unknown,
           unknown.since AS lost_at, sent.n AS sent_last_minute
    FROM (SELECT name FROM mailer UNION SELECT 'default') AS names(name)
    LEFT JOIN mailer m ON m.name = names.name
    CROSS JOIN LATERAL (
        SELECT min(slot_at) AS oldest, count(*) AS n
        FROM (SELECT slot_at FROM delivery WHERE phase = 'queued' AND mailer = names.name AND slot_at <= :now
              ORDER BY slot_at LIMIT {MOST}) AS d) AS queued
    CROSS JOIN LATERAL (
        SELECT count(*) AS n
        FROM (SELECT FROM delivery WHERE phase = 'queued' AND mailer = names.name AND slot_at > :now
              ORDER BY slot_at LIMIT {MOST}) AS d) AS planned
    CROSS JOIN LATERAL (
        SELECT min(slot_at) AS oldest, count(*) AS n
        FROM (SELECT held.slot_at FROM {UNDER_WAY} WHERE held.mailer = names.name LIMIT {MOST}) AS d) AS held
    CROSS JOIN LATERAL (
        SELECT min(sending_at) AS since, count(*) AS n
        FROM (SELECT sending_at FROM delivery WHERE phase = 'unknown' AND mailer = names.name LIMIT {MOST}) AS d
        ) AS unknown
    CROSS JOIN LATERAL (
        SELECT count(*) AS n
        FROM (SELECT FROM delivery WHERE state = 'sent' AND mailer = names.name
              AND sent_at > CAST(:now AS timestamptz) - interval '1 minute' LIMIT {MOST}) AS d) AS sent
    ORDER BY names.name
    """  # noqa: S608 - a constant of this file
)

_DUE = text(
    f"""
    SELECT count(*) AS n, extract(epoch FROM CAST(:now AS timestamptz) - min(at)) AS oldest
    FROM ((SELECT due_at AS at FROM enrollment WHERE status <> 'ended' AND due_at <= :now
           ORDER BY due_at LIMIT {MOST})
          UNION ALL
          (SELECT ask_at FROM lead WHERE ask_at <= :now ORDER BY ask_at LIMIT {MOST})) AS due
    """  # noqa: S608 - a constant of this file
)

_OUTBOXES = text(
    f"""
    SELECT channel, count(*) AS n, extract(epoch FROM CAST(:now AS timestamptz) - min(at)) AS oldest
    FROM ((SELECT channel, at FROM notice
           WHERE state IN ('queued', 'leased') AND kind <> 'lead.changed' ORDER BY next_at LIMIT {MOST})
          UNION ALL
          (SELECT channel, at FROM notice
           WHERE state IN ('queued', 'leased') AND kind = 'lead.changed' ORDER BY channel, next_at LIMIT {MOST})
          UNION ALL
          (SELECT 'forwarded mail', at FROM mail_forward WHERE state IN ('queued', 'leased')
           ORDER BY next_at LIMIT {MOST})
          UNION ALL
          (SELECT 'confirmation', asked_at FROM confirmation WHERE state = 'queued' AND next_at <= :now
           ORDER BY next_at LIMIT {MOST})) AS waits
    GROUP BY channel ORDER BY channel
    """  # noqa: S608 - a constant of this file
)

_GIVEN_UP = text(
    f"""
    SELECT (SELECT count(*) FROM (SELECT FROM notice WHERE state = 'failed' ORDER BY at LIMIT {MOST}) AS n) AS notices,
           (SELECT coalesce(sum(count), 0) FROM rejected_day WHERE day >= CAST(:now AS date) - 1) AS events,
           (SELECT count(*) FROM (SELECT FROM event_other LIMIT {MOST}) AS e) AS unfiled
    """  # noqa: S608 - a constant of this file
)

_ASIDE = text(
    f"""
    SELECT kind, count(*) AS n FROM (SELECT s.kind FROM set_aside s WHERE {IN_FORCE} LIMIT {MOST_ASIDE}) AS held
    GROUP BY kind ORDER BY kind
    """  # noqa: S608 - a constant of this file, and one of the other
)

_PROCESSES = text(
    """
    SELECT kind, count(*) AS n, max(peak_octets) AS peak FROM process
    WHERE kind <> 'gone' AND beat_at > clock_timestamp() - make_interval(secs => :alive) GROUP BY kind
    """
)

_HOUSE = text(
    """
    SELECT extract(epoch FROM clock_timestamp() - c.beat_at) AS tick,
           coalesce(c.until > clock_timestamp(), false) AS led, c.holder,
           pg_database_size(current_database()) AS octets,
           (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
           CAST(current_setting('max_connections') AS int) AS most_connections
    FROM (SELECT) AS one LEFT JOIN lease c ON c.name = 'clock'
    """
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and how long the oldest has waited, in seconds; 0 where none does."""

    count: int = 0
    oldest: float = 0.0


@dataclass(frozen=True, slots=True)
class MailerHealth:
    """How one way of sending is doing.

    Attributes:
        name: Of the mailer.
        state: `sending`, `resting` after a storm of errors, or `trying` a few mails. A pause by hand stands beside it.
        why: Why it rests, in the mail server's words, or why it was paused; empty where it is neither.
        until: When it is tried again, by the database's clock.
        paused_at: Since when somebody has it paused.
        waiting: Mails whose slot has come and that have not gone; those under way count for the age only.
        planned: Mails whose slot is to come.
        under_way: Mails that a worker has in hand.
        unknown: Mails of which nobody knows whether they were taken; `unknown_since` is when the first was handed over.
        sent_last_minute: Mails that left in the last minute of business time.
    """

    name: str
    state: str
    why: str
    until: datetime | None
    paused_at: datetime | None
    waiting: Waiting
    planned: int
    under_way: int
    unknown: int
    unknown_since: datetime | None
    sent_last_minute: int = 0

    @property
    def lets_go(self) -> bool:
        """Whether mail leaves as it comes due."""
        return self.paused_at is None and self.state == "sending"


@dataclass(frozen=True, slots=True)
class Handoffs:
    """Leads that sales has: open, not answered yet, and those of which a deadline has passed."""

    open: int
    offered: int
    late: int


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock: seconds since it looked last (None: it never has), whether one leads, and which."""

    age: float | None
    is_led: bool
    leader: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """How it goes at one moment.

    Attributes:
        due: Leads whose time to be decided has come.
        mailers: Each way of sending.
        outboxes: What waits to be told, by channel; also mail to be forwarded, and questions to confirm an address.
        set_aside: What could not be worked on and waits for another try, by kind (`lead`, `score` of one, `handoff`,
            `hits` of a mail).
        notices_failed: News that no channel took, however often it was tried.
        events_rejected: Events of today and yesterday (UTC) that nothing could be made of.
        events_unfiled: Events of months that have no partition.
        handoffs: Of sales.
        clock: Of the clock process.
        processes: How many of each kind (`web`, `worker`, `clock`) have told that they are alive.
        peak_octets: The most memory that one process of each kind has had.
        database_octets: The size of the database.
        connections: Connections to this database, of at most `most_connections` to its server.
    """

    due: Waiting
    mailers: tuple[MailerHealth, ...]
    outboxes: Mapping[str, Waiting]
    set_aside: Mapping[str, int]
    notices_failed: int
    events_rejected: int
    events_unfiled: int
    handoffs: Handoffs
    clock: Tick
    processes: Mapping[str, int]
    peak_octets: Mapping[str, int]
    database_octets: int
    connections: int
    most_connections: int

    @property
    def unknown(self) -> int:
        """Mails of all mailers of which nobody knows whether they were taken."""
        return sum(mailer.unknown for mailer in self.mailers)


def health(db: Connection, now: datetime) -> Health:
    """How it goes. `now` is business time: slots and due times are; leases and the clock's go by the database's."""
    given_up = db.execute(_GIVEN_UP, {"now": now}).one()
    glance = handoffs_at_a_glance(db, now)
    house = db.execute(_HOUSE).one()
    processes = db.execute(_PROCESSES, {"alive": ALIVE}).all()
    return Health(
        due=_waiting(db.execute(_DUE, {"now": now}).one()),
        mailers=tuple(_mailer(row) for row in db.execute(_MAILERS, {"now": now})),
        outboxes={row.channel: _waiting(row) for row in db.execute(_OUTBOXES, {"now": now})},
        set_aside={row.kind: row.n for row in db.execute(_ASIDE)},
        notices_failed=given_up.notices,
        events_rejected=int(given_up.events),
        events_unfiled=given_up.unfiled,
        handoffs=Handoffs(glance.open, glance.offered, glance.late),
        clock=Tick(None if house.tick is None else max(0.0, float(house.tick)), house.led, house.holder),
        processes={row.kind: row.n for row in processes},
        peak_octets={row.kind: row.peak for row in processes if row.peak is not None},
        database_octets=house.octets,
        connections=house.connections,
        most_connections=house.most_connections,
    )


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(row.n, max(0.0, float(row.oldest or 0)))


def _mailer(row: Row[Any]) -> MailerHealth:
    state = row.state or "sending"
    return MailerHealth(
        name=row.name,
        state=state,
        why=(row.paused_why or "") if row.paused_at else (row.why if state != "sending" else ""),
        until=row.until if state == "resting" else None,
        paused_at=row.paused_at,
        waiting=Waiting(row.waiting, max(0.0, float(row.oldest or 0))),
        planned=row.planned,
        under_way=row.under_way,
        unknown=row.unknown,
        unknown_since=row.lost_at,
        sent_last_minute=row.sent_last_minute,
    )
