"""Throughput stays flat: an event touches its own month only, and a look finds its rows by index in all of them."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg.pq.abc import PGconn
from sqlalchemy import Connection, Engine, text
from sqlalchemy.event import listen, remove

from nurture.db import transaction
from nurture.segment.ownership import Span
from nurture.store import attribution, counts, events, hits, leads
from nurture.store.partitions import make_months, months_from
from nurture.trips import Answer, Statement, Trip
from tests.store.months import own_months

MONTHS = months_from(date(2016, 1, 1), date(2018, 12, 1))
AT = datetime(2018, 7, 5, 12, tzinfo=UTC)

_LOCKED = text(
    """
    SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relispartition ORDER BY 1
    """
)

_FILL = text(
    """
    INSERT INTO event (month, source, message_id, message_md5, anonymous_id, user_id, lead_id, inferred, kind, agent,
                       delivery_id, address_hash, occurred_at, received_at)
    SELECT month, 'fill', id, CAST(md5(id) AS uuid), 'v' || n, 'u' || n,
           CASE WHEN n % 2 = 0 THEN (CAST(:leads AS bigint[]))[1 + n / 2 % 50] END, n % 2 = 0,
           CASE WHEN n % 5 = 0 THEN 'click' ELSE 'page' END, 'x', n, decode(md5(id), 'hex'), at, at
    FROM generate_series(1, 400) AS n CROSS JOIN LATERAL (
        SELECT CAST(:month AS date) AS month, CAST(:month AS text) || '-' || n AS id,
               CAST(:month AS timestamptz) + make_interval(mins => n) AS at
    ) AS its
    """
)


@pytest.fixture(scope="module")
def crowded(engine: Engine) -> Iterator[Engine]:
    """36 months, and no sequential scan where an index would do."""
    with own_months(engine):
        make_months(engine, MONTHS, tries=20)
        yield engine


def row(number: int, at: datetime = AT) -> dict[str, object]:
    base = {"source": "test", "message_id": f"m{number}", "kind": "page", "path": "/", "anonymous_id": "v"}
    return base | {"occurred_at": at, "received_at": at, "client_at": at}


def scanned(db: Connection) -> dict[str, int]:
    """How often each month was read from its beginning to its end, since this connection told so last."""
    query = text("SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE relname ~ '^event_' AND seq_scan > 0")
    return {found.relname: found.seq_scan for found in db.execute(query)}


def test_an_event_touches_its_own_month_only_new_or_known(crowded: Engine) -> None:
    for _ in range(2):
        with transaction(crowded) as db:
            events.insert(db, [row(number) for number in range(50)])
            assert list(db.execute(_LOCKED).scalars()) == ["event_2018_07"]


def test_whatever_is_looked_for_is_found_by_an_index_in_every_month(crowded: Engine) -> None:
    with transaction(crowded) as db:
        events.insert(db, [row(number, AT.replace(year=2016 + number % 3)) for number in range(300)])
    with transaction(crowded) as db:
        db.execute(text("SET LOCAL enable_seqscan = off"))
        before = scanned(db)
        lead_id = leads.insert(db, [{"email": "many@months.example"}], AT)["many@months.example"]
        given = attribution.give(db, [("v", Span(lead_id, None, None))], {"u": lead_id})
        assert len(given) >= 300
        assert len(leads.events_of(db, lead_id, 10)) == 10
        assert not hits.any_to_settle(db, AT)
        assert scanned(db) == before
        db.rollback()


@pytest.fixture(scope="module")
def filled(crowded: Engine) -> Engine:
    """So much in every month that a planner who joins would rather read all of it."""
    with transaction(crowded) as db:
        made = leads.insert(db, [{"email": f"{n}@months.example"} for n in range(50)], AT)
        for month in MONTHS:
            db.execute(_FILL, {"leads": list(made.values()), "month": month})
    with crowded.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("ANALYZE event"))
    return crowded


@contextmanager
def plans(db: Connection) -> Iterator[list[str]]:
    """How PostgreSQL means to do each statement about events that is given to it meanwhile."""
    found: list[str] = []

    def explain(_conn: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if re.search(r"\bevent\b", statement) and not statement.startswith("EXPLAIN"):
            cursor = db.connection.cursor()
            cursor.execute(f"EXPLAIN {statement}", values)
            found.append("\n".join(line for (line,) in cursor.fetchall()))
            cursor.close()

    usual = Trip.ask

    def explain_first(trip: Trip, statement: Statement, values: Mapping[str, Any]) -> Answer:
        if re.search(rb"\bevent\b", statement.sql):
            server: PGconn = db.connection.driver_connection.pgconn  # type: ignore[union-attr]
            told = server.exec_params(b"EXPLAIN " + statement.sql, statement.parameters(values))
            found.append("\n".join((told.get_value(line, 0) or b"").decode() for line in range(told.ntuples)))
        return usual(trip, statement, values)

    listen(db, "before_cursor_execute", explain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trip, "ask", explain_first)
        yield found
    remove(db, "before_cursor_execute", explain)


def months_in(plan: str) -> set[str]:
    return set(re.findall(r"\bevent_(\d{4}_\d{2})\b", plan))


def spans(lead: int) -> list[tuple[str, Span[int]]]:
    return [(f"v{n}", Span(lead, None, None)) for n in range(300)]


SECONDS = timedelta(seconds=10)
LOOKS: dict[str, Callable[[Connection, int], object]] = {
    "give": lambda db, lead: attribution.give(db, spans(lead), {f"u{n}": lead for n in range(300)}),
    "take": lambda db, lead: attribution.take(db, spans(lead), {f"u{n}": lead for n in range(300)}),
    "holders": lambda db, _: attribution.holders(db, [f"u{n}" for n in range(300)]),
    "told after": lambda db, lead: hits.told_after(db, [hits.Click(lead, "x", AT)] * 300, SECONDS),
    "from": lambda db, lead: counts.with_events_from(db, {lead + n: AT for n in range(300)}),
}


@pytest.mark.parametrize("look", LOOKS)
def test_many_at_once_are_looked_up_one_by_one_and_no_month_is_read_whole(filled: Engine, look: str) -> None:
    with transaction(filled) as db:
        lead_id = db.execute(text("SELECT id FROM lead WHERE email = '0@months.example'")).scalar_one()
        with plans(db) as found:
            LOOKS[look](db, lead_id)
        assert found
        for plan in (plan for plan in found if not plan.startswith("Update")):  # here half of all are written
            assert not re.search(r"Seq Scan on event_\d{4}", plan), plan
        db.rollback()


NEAR: dict[str, Callable[[Connection], object]] = {
    "of mails": lambda db: hits.of_mails(db, {n: datetime(2018, 11, 20, tzinfo=UTC) for n in range(300)}),
    "visits": lambda db: hits.visits(
        db, [hits.Place(bytes([n]) * 16, datetime(2018, 12, 1, tzinfo=UTC)) for n in range(200)], SECONDS
    ),
    "echoes": lambda db: hits.echoes(
        db, [hits.Told(n, date(2018, 11 + n % 2, 1)) for n in range(300)], SECONDS, SECONDS
    ),
}


@pytest.mark.parametrize("look", NEAR)
def test_what_happened_at_a_known_time_is_looked_for_in_its_months_only(filled: Engine, look: str) -> None:
    with transaction(filled) as db, plans(db) as found:
        NEAR[look](db)
    (plan,) = found
    if look == "echoes":  # how long a browser is known may be told by any month, but is asked last
        plan = re.split(r"\n +SubPlan \d", plan)[0]
    assert months_in(plan) == {"2018_11", "2018_12"}


def test_events_are_given_and_taken_in_their_own_months(filled: Engine) -> None:
    with transaction(filled) as db:
        lead_id = db.execute(text("SELECT id FROM lead WHERE email = '0@months.example'")).scalar_one()
        other = leads.insert(db, [{"email": "other@months.example"}], AT)["other@months.example"]
        events.insert(db, [row(1000 + n) | {"anonymous_id": "solo", "user_id": "solo-u"} for n in range(5)])
        with plans(db) as found:
            given = attribution.give(db, [("solo", Span(lead_id, None, None))], {})
        assert [one.lead_id for one in given] == [lead_id] * 5
        assert months_in(found[-1]) == {"2018_07"}
        with plans(db) as found:
            assert attribution.take(db, [], {"solo-u": other}) == {lead_id}
        assert months_in(found[-1]) == {"2018_07"}
        assert len(attribution.give(db, [], {"solo-u": other})) == 5
        db.rollback()
