"""What deciding a batch asks of the database, and what two who decide at once take from each other."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.store import due
from tests.databases import forget_sizes
from tests.flows.apps import add_lead, one
from tests.flows.test_statements import asked
from tests.rules.examples import NOW

LATE = NOW + timedelta(days=8)
MOST = 11
"""Statements of a batch that queues mails: by key, two claims, lock, states, mails, events, version, two writes."""


def due_leads(app: App, count: int, start: int = 0) -> list[int]:
    leads = [add_lead(app, f"lead{number}@buyer.example") for number in range(start, start + count)]
    with transaction(app.engine) as db:
        db.execute(text("UPDATE enrollment SET due_at = :at WHERE lead_id = ANY(:ids)"), {"at": NOW, "ids": leads})
    return leads


def test_a_batch_of_many_takes_as_many_statements_as_one_lead(app: App) -> None:
    due_leads(app, 1)
    with asked(app) as for_one:
        assert advance(app, LATE).leads == 1
    due_leads(app, 40, start=1)
    with asked(app) as for_many:
        assert advance(app, LATE).leads == 40
    assert one(app, "SELECT count(*) FROM delivery") == 41
    assert len(for_many) == len(for_one) <= MOST


def test_who_claims_takes_what_nobody_holds_and_waits_for_nobody(app: App) -> None:
    leads = due_leads(app, 6)
    with transaction(app.engine) as one_of_two, transaction(app.engine) as other:
        other.execute(text("SET LOCAL lock_timeout = '10s'"))
        mine = due.claim(one_of_two, LATE, 4)
        its = due.claim(other, LATE, 4)
        assert len(mine) == 4
        assert sorted(mine + its) == leads
        assert due.claim(other, LATE, 4) == its


def test_who_waited_longest_is_claimed_first(app: App) -> None:
    leads = due_leads(app, 5)
    with transaction(app.engine) as db:
        set_due(db, leads[3], NOW - timedelta(hours=2))
        set_due(db, leads[1], NOW - timedelta(hours=1))
        assert due.claim(db, LATE, 2) == [leads[3], leads[1]]


def set_due(db: Connection, lead_id: int, at: datetime) -> None:
    db.execute(text("UPDATE enrollment SET due_at = :at WHERE lead_id = :id"), {"at": at, "id": lead_id})


@pytest.mark.parametrize("setting", ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"])
def test_only_the_transaction_that_claims_finds_rows_by_keys_alone(app: App, setting: str) -> None:
    with transaction(app.engine) as db:
        due.claim(db, NOW, 1)
        assert db.execute(text(f"SHOW {setting}")).scalar() == "off"
    assert one(app, f"SHOW {setting}") == "on"


def test_the_first_of_many_that_are_due_at_once_are_found_without_looking_at_the_others(app: App) -> None:
    due_leads(app, 30)
    with asked(app) as statements:
        advance(app, LATE, most=2)
    (claim,) = [statement for statement in statements if "e.due_at <=" in statement]
    with transaction(app.engine) as db:
        forget_sizes(db)
        for other_way in ("seqscan", "sort", "bitmapscan"):  # which few rows invite to; taken where there is no index
            db.exec_driver_sql(f"SET LOCAL enable_{other_way} = off")
        plan = "\n".join(db.exec_driver_sql(f"EXPLAIN {claim}", {"now": LATE, "most": 2}).scalars())
    assert "Sort" not in plan
    assert "enrollment_due" in plan
