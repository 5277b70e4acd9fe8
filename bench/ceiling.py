"""What PostgreSQL does with events when nothing else is asked of it: insert, and add to a score, in one statement.

`events_a_second` runs it over and over on one connection for some seconds: the ceiling of anything that stores events
once each and scores them. The tables are as narrow as they can be.
"""

import time
from itertools import count

import psycopg

TABLES = """
CREATE TABLE IF NOT EXISTS ceiling_score (lead_id bigint PRIMARY KEY, score bigint NOT NULL);
CREATE TABLE IF NOT EXISTS ceiling_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL UNIQUE, lead_id bigint NOT NULL,
    kind text NOT NULL, at timestamptz NOT NULL, properties jsonb NOT NULL);
CREATE INDEX IF NOT EXISTS ceiling_event_of_lead ON ceiling_event (lead_id, at);
INSERT INTO ceiling_score SELECT n, 0 FROM generate_series(0, %(leads)s) AS n ON CONFLICT DO NOTHING
"""
STORE = """
WITH stored AS (
    INSERT INTO ceiling_event (key, lead_id, kind, at, properties)
    SELECT key, lead_id, 'page', now(), CAST(properties AS jsonb)
    FROM unnest(CAST(%(keys)s AS text[]), CAST(%(leads)s AS bigint[]), CAST(%(properties)s AS text[]))
        AS u(key, lead_id, properties)
    ON CONFLICT (key) DO NOTHING RETURNING lead_id
)
UPDATE ceiling_score SET score = score + added
FROM (SELECT lead_id, count(*) AS added FROM stored GROUP BY 1 ORDER BY 1) AS u WHERE ceiling_score.lead_id = u.lead_id
"""
PROPERTIES = (
    '{"path": "/pricing", "url": "https://acme.example/pricing", "title": "Acme", "referrer": "", "search": ""}'
)
_keys = count(time.time_ns())


def events_a_second(database: str, batch: int, seconds: float, leads: int) -> float:
    """Events stored and scored a second, `batch` in each transaction, durably."""
    with psycopg.connect(database, autocommit=True) as db:
        for statement in TABLES.split(";"):
            db.execute(statement, {"leads": leads} if "%(" in statement else None)
        stored, began = 0, time.perf_counter()
        while (past := time.perf_counter() - began) < seconds:
            keys = [f"ajs-next-{next(_keys)}" for _ in range(batch)]
            whose = [hash(key) % leads for key in keys]
            db.execute(STORE, {"keys": keys, "leads": whose, "properties": [PROPERTIES] * batch})
            stored += batch
    return stored / past
