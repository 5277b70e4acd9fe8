"""Hits on mails: those that wait for a verdict, all of a mail's, who else came from where they came from, verdicts.

Hits stand in the month in which they occurred, for it is our own clock that says so; what pages tell may stand in any.
Where many are looked for at once, LATERAL and OFFSET 0 keep each a look-up: joined, all months might be read instead.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, text

from nurture.store.events import month_of

_MINUTE = timedelta(minutes=1)

_PENDING = text(
    """
    SELECT delivery_id, lead_id, min(occurred_at) AS since
    FROM (SELECT delivery_id, lead_id, occurred_at FROM event
          WHERE verdict = 'pending' AND settle_at <= :now ORDER BY settle_at LIMIT :most) AS oldest
    GROUP BY delivery_id, lead_id ORDER BY lead_id, delivery_id
    """
)

ANY_TO_SETTLE = "SELECT EXISTS (SELECT FROM event WHERE verdict = 'pending' AND settle_at <= :now)"

_HITS = text(
    """
    SELECT e.id, e.month, e.lead_id, e.kind, e.occurred_at, e.name, e.path, e.properties, e.campaign, e.step,
           e.verdict, e.reasons, e.by_hand, e.delivery_id, e.link, e.agent, e.address_hash, e.hit, e.settle_at,
           d.sent_at, d.template
    FROM unnest(CAST(:deliveries AS bigint[]), CAST(:since AS timestamptz[])) AS u(delivery_id, since)
    JOIN delivery d ON d.id = u.delivery_id
    CROSS JOIN LATERAL (
        SELECT * FROM event WHERE delivery_id = u.delivery_id AND occurred_at >= u.since AND month >= :first
           AND kind IN ('click', 'open', 'look') OFFSET 0
    ) AS e
    ORDER BY e.delivery_id, e.occurred_at, e.id
    """
)

_VISITS = text(
    """
    SELECT DISTINCT e.id, e.occurred_at, e.lead_id, e.address_hash, e.agent, d.sent_at
    FROM unnest(CAST(:addresses AS bytea[]), CAST(:minutes AS timestamptz[])) AS u(address_hash, minute)
    CROSS JOIN LATERAL (
        SELECT * FROM event WHERE address_hash = u.address_hash AND month BETWEEN :first AND :last
           AND occurred_at >= u.minute - CAST(:moment AS interval)
           AND occurred_at < u.minute + interval '1 minute' + CAST(:moment AS interval)
           AND kind IN ('click', 'look') AND NOT coalesce(CAST(hit->>'inside' AS boolean), false) OFFSET 0
    ) AS e
    JOIN delivery d ON d.id = e.delivery_id
    """
)

_WRITE = text(
    """
    UPDATE event SET verdict = u.verdict, settle_at = NULL,
           reasons = ARRAY(SELECT jsonb_array_elements_text(CAST(u.reasons AS jsonb))),
           revised_at = CASE WHEN event.verdict NOT IN ('pending', u.verdict) THEN :now ELSE event.revised_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:months AS date[]), CAST(:verdicts AS text[]), CAST(:reasons AS text[]))
        AS u(id, month, verdict, reasons)
    WHERE event.id = u.id AND event.month = u.month AND event.month = ANY(CAST(:within AS date[])) AND NOT event.by_hand
    RETURNING event.lead_id
    """
)
"""The months are said twice: by a join alone PostgreSQL would look through the partitions of all others too."""


_AFTER = text(
    """
    SELECT DISTINCT e.id, e.month
    FROM unnest(CAST(:leads AS bigint[]), CAST(:agents AS text[]), CAST(:instants AS timestamptz[]))
        AS u(lead_id, agent, at)
    CROSS JOIN LATERAL (
        SELECT id, month FROM event WHERE lead_id = u.lead_id AND occurred_at >= u.at
           AND occurred_at <= u.at + CAST(:echo AS interval)
           AND kind IN ('page', 'track') AND agent = u.agent AND verdict = 'human' OFFSET 0
    ) AS e
    """
)

_CLICKED = """
    SELECT FROM event c WHERE c.lead_id = e.lead_id AND c.kind = 'click' AND c.agent = e.agent
       AND c.occurred_at <= e.occurred_at AND c.occurred_at >= e.occurred_at - CAST(:echo AS interval)
       AND c.month <= CAST(e.occurred_at AT TIME ZONE 'UTC' AS date)
       AND c.month >= CAST(date_trunc('month', (e.occurred_at - CAST(:echo AS interval)) AT TIME ZONE 'UTC') AS date)
"""
_ECHOES = text(
    f"""
    SELECT e.id, e.month, e.lead_id
    FROM unnest(CAST(:ids AS bigint[]), CAST(:months AS date[])) AS u(id, month)
    CROSS JOIN LATERAL (
        SELECT * FROM event WHERE event.id = u.id AND event.month = u.month
           AND event.month = ANY(CAST(:within AS date[]))
           AND kind IN ('page', 'track') AND NOT by_hand AND anonymous_id IS NOT NULL OFFSET 0
    ) AS e
    WHERE CASE WHEN EXISTS ({_CLICKED} AND c.verdict = 'automated' OFFSET 0)
          THEN NOT EXISTS ({_CLICKED} AND c.verdict IN ('human', 'pending') OFFSET 0)
           AND NOT EXISTS (
               SELECT FROM event p WHERE p.lead_id = e.lead_id AND p.anonymous_id = e.anonymous_id
                  AND p.occurred_at < e.occurred_at - CAST(:before AS interval) OFFSET 0)
          END
    """  # noqa: S608 - constants of this file
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an event, of the month that is its partition, has been judged as, and why."""

    id: int
    month: date
    verdict: str
    reasons: Sequence[str] = ()


class Click(NamedTuple):
    """A lead's link was followed by this agent."""

    lead_id: int
    agent: str
    at: datetime


class Told(NamedTuple):
    """What a page told of, of the month that is its partition."""

    id: int
    month: date


class Place(NamedTuple):
    """An address within a minute (the instant at which the minute begins)."""

    address_hash: bytes
    minute: datetime


def pending(db: Connection, now: datetime, most: int) -> Sequence[Row[Any]]:
    """Mails (and their leads) of the hits that have waited longest for their verdict, and when each mail's first was.

    Args:
        db: the connection.
        now: hits that may settle by then.
        most: at most the mails of so many hits.
    """
    return db.execute(_PENDING, {"now": now, "most": most}).all()


def any_to_settle(db: Connection, now: datetime) -> bool:
    """Whether mail hits have waited long enough to be judged."""
    return bool(db.execute(text(ANY_TO_SETTLE), {"now": now}).scalar())


def of_mails(db: Connection, mails: Mapping[int, datetime]) -> Sequence[Row[Any]]:
    """Every click, open and look of each of these mails since that instant, with when the mail was sent."""
    if not mails:
        return []
    values = {"deliveries": list(mails), "since": list(mails.values()), "first": month_of(min(mails.values()))}
    return db.execute(_HITS, values).all()


def visits(db: Connection, places: Collection[Place], moment: timedelta) -> Sequence[Row[Any]]:
    """Who followed links from these addresses in these minutes, and so long before and after.

    Addresses within our own network, such as that of a proxy that does not say for whom it asks, tell nothing.
    """
    if not places:
        return []
    values = {
        "addresses": [place.address_hash for place in places],
        "minutes": [place.minute for place in places],
        "moment": moment,
        "first": month_of(min(place.minute for place in places) - moment),
        "last": month_of(max(place.minute for place in places) + _MINUTE + moment),
    }
    return db.execute(_VISITS, values).all()


def told_after(db: Connection, clicks: Collection[Click], echo: timedelta) -> list[Told]:
    """What pages told of these leads so soon after these clicks, by the same agent, as people's doing."""
    if not clicks:
        return []
    leads, agents, instants = map(list, zip(*clicks, strict=True))
    values = {"leads": leads, "agents": agents, "instants": instants, "echo": echo}
    return [Told(id_, month) for id_, month in db.execute(_AFTER, values)]


def echoes(db: Connection, told: Collection[Told], echo: timedelta, before: timedelta) -> Sequence[Row[Any]]:
    """Those of these events that a program told of: its click is near, no person's is, and nobody knows the browser.

    Args:
        db: the connection.
        told: events that pages told of.
        echo: how soon after the click, by the same agent.
        before: a browser (an anonymous id) that told of anything this long before is a person's.
    """
    if not told:
        return []
    ids, months = map(list, zip(*told, strict=True))
    values = {"ids": ids, "months": months, "within": sorted(set(months)), "echo": echo, "before": before}
    return db.execute(_ECHOES, values).all()


def write(db: Connection, verdicts: Iterable[Verdict], now: datetime) -> set[int | None]:
    """Write verdicts, but over none that a person gave; gives whose events they are (None: nobody's yet)."""
    listed = list(verdicts)
    if not listed:
        return set()
    values = {
        "ids": [one.id for one in listed],
        "months": [one.month for one in listed],
        "within": sorted({one.month for one in listed}),
        "verdicts": [one.verdict for one in listed],
        "reasons": [orjson.dumps(list(one.reasons)).decode() for one in listed],
        "now": now,
    }
    return set(db.execute(_WRITE, values).scalars())
