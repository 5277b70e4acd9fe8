"""Events: what was answered 200 is stored, once; nothing is stored that nobody sent; counts are those of the events."""

from sqlalchemy import text

from chaos.audit import Audit, Broken, found
from chaos.workspace import DOCS, HOT, PRICING
from chaos.world import World
from nurture.db import transaction

_STORED = text("SELECT message_id, count(*) AS times FROM event WHERE delivery_id IS NULL GROUP BY message_id")
_OF_OTHERS = text("""
    SELECT e.message_id, l.email FROM event e JOIN lead l ON l.id = e.lead_id WHERE e.delivery_id IS NULL
""")
_SET_ASIDE = text("SELECT message_id FROM rejected_event")
_COUNTED = text(f"""
    WITH events AS (
        SELECT e.lead_id, a.fingerprint AS matcher, (e.occurred_at AT TIME ZONE 'UTC')::date AS day,
               coalesce((SELECT max(n) FROM cycle c WHERE c.lead_id = e.lead_id AND c.started_at <= e.occurred_at),
                        (SELECT min(n) FROM cycle c WHERE c.lead_id = e.lead_id)) AS cycle
        FROM event e JOIN agreed_signal a ON a.signal = CASE
            WHEN e.kind = 'page' AND e.path LIKE '{PRICING}%' THEN 'pricing'
            WHEN e.kind = 'page' AND e.path LIKE '{DOCS}%' THEN 'docs'
            WHEN e.kind = 'track' AND e.name = '{HOT}' THEN 'demo' END
        WHERE e.verdict = 'human' AND e.lead_id IS NOT NULL
    ), given AS (SELECT lead_id, cycle, matcher, day, count(*) AS n FROM events GROUP BY 1, 2, 3, 4)
    SELECT coalesce(g.lead_id, s.lead_id) AS lead_id, g.n AS events, s.count AS counted
    FROM given g FULL JOIN (SELECT * FROM signal_day WHERE count <> 0) s USING (lead_id, cycle, matcher, day)
    WHERE g.n IS DISTINCT FROM s.count
""")


def answered_is_stored_once(world: World) -> list[Broken]:
    with transaction(world.engine) as db:
        stored = {row.message_id: row.times for row in db.execute(_STORED)}
        aside = list(db.execute(_SET_ASIDE).scalars())
    posted = {event.id for event in world.traffic.posted()}
    answered = {event.id for event in world.traffic.answered()}
    return [
        *found("answered 200, and not stored", sorted(answered - stored.keys()), "losses"),
        *found("stored twice", [event for event, times in stored.items() if times > 1], "doubles"),
        *found("stored, and never sent", sorted(stored.keys() - posted)),
        *found("refused, though nothing is wrong with it", world.traffic.refused()),
        *found("set aside, though nothing is wrong with it", aside),
    ]


def each_is_its_leads(world: World) -> list[Broken]:
    with transaction(world.engine) as db:
        whose = {row.message_id: row.email for row in db.execute(_OF_OTHERS)}
    wrong = [event.id for event in world.traffic.answered() if whose.get(event.id, event.email) != event.email]
    orphans = [event.id for event in world.traffic.answered() if event.id not in whose]
    return [*found("of another lead", wrong), *found("of no lead", orphans)]


def counts_are_those_of_events(world: World) -> list[Broken]:
    with transaction(world.engine) as db:
        rows = db.execute(_COUNTED).all()
    return found(
        "counted otherwise than stored", [f"lead {row.lead_id}: {row.counted} of {row.events}" for row in rows]
    )


def asked_for(world: World) -> set[str]:
    """Leads whose wish for a demo was answered 200."""
    return {event.email for event in world.traffic.answered() if event.what == HOT}


AUDITS: tuple[Audit, ...] = (answered_is_stored_once, each_is_its_leads, counts_are_those_of_events)
