"""Throughput stays flat: an event touches its own month only, and a look finds its rows by index in all of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, Engine, text

from nurture.db import transaction
from nurture.segment.ownership import Span
from nurture.store import attribution, events, hits, leads
from nurture.store.partitions import make_months, months_from
from tests.store.months import own_months

MONTHS = months_from(date(2016, 1, 1), date(2018, 12, 1))
AT = datetime(2018, 7, 5, 12, tzinfo=UTC)

_LOCKED = text(
    """
    SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relispartition ORDER BY 1
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
