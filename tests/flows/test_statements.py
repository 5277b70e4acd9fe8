"""What an ingest asks of the database: as many statements for many leads as for one, and no long past unasked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from nurture import trips
from nurture.app import App
from nurture.facts import NOT_READ, PastNotRead
from nurture.flows.ingest import ingest
from nurture.store.states import states, without_past
from tests.flows.apps import add_lead, one, page, rows
from tests.rules.examples import NOW


@contextmanager
def asked(app: App) -> Iterator[list[str]]:
    """The statements that are run, by whichever way they go."""
    statements: list[str] = []
    usual = trips.Trip.ask

    def come_along(trip: trips.Trip, statement: trips.Statement, values: Mapping[str, Any]) -> trips.Answer:
        statements.append(" ".join(statement.sql.decode().split()))
        return usual(trip, statement, values)

    def note(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(" ".join(statement.split()))

    event.listen(app.engine, "before_cursor_execute", note)
    trips.Trip.ask = come_along
    try:
        yield statements
    finally:
        trips.Trip.ask = usual
        event.remove(app.engine, "before_cursor_execute", note)


def test_many_leads_take_as_many_statements_as_one(app: App) -> None:
    emails = [f"lead{n}@buyer.example" for n in range(40)]
    for email in emails:
        add_lead(app, email)
    ingest(app, [page("/pricing", email=emails[0])], NOW)
    with asked(app) as for_one:
        ingest(app, [page("/pricing", email=emails[1])], NOW)
    with asked(app) as for_many:
        ingest(app, [page("/pricing", email=email) for email in emails[2:]], NOW)
    assert len(for_many) == len(for_one) <= 12
    assert one(app, "SELECT count(*) FROM signal_day") == 40


def test_who_is_not_observed_takes_no_statement_of_its_own(app: App) -> None:
    add_lead(app)
    with asked(app) as statements:
        ingest(app, [page("/pricing")], NOW)
    assert [statement for statement in statements if "tracked" in statement and "stage" not in statement] == [
        statement for statement in statements if statement.endswith("FOR NO KEY UPDATE")
    ]


def test_mails_are_not_read_for_a_page_view(app: App) -> None:
    add_lead(app)
    with asked(app) as statements:
        ingest(app, [page("/pricing"), page("/blog")], NOW)
    assert not any("FROM delivery" in statement for statement in statements)


def test_mails_are_read_where_the_decision_looks_at_them(app: App) -> None:
    lead_id = add_lead(app)
    with app.engine.begin() as db:
        db.exec_driver_sql(f"UPDATE enrollment SET slow = true WHERE lead_id = {lead_id}")
    with asked(app) as statements:
        ingest(app, [page("/blog")], NOW)
    assert any("FROM delivery" in statement for statement in statements)
    assert rows(app, "SELECT slow FROM enrollment") == [(False,)]


def test_the_state_without_its_past_is_the_same_but_for_that(app: App) -> None:
    lead_id = add_lead(app)
    ingest(app, [page("/pricing")], NOW)
    with app.engine.begin() as db:
        (short,), (whole,) = without_past(db, app.book, [lead_id], NOW), states(db, app.book, [lead_id], NOW)
    assert short.deliveries is NOT_READ
    assert short.events is NOT_READ
    same = {name: value for name, value in vars(short).items() if value is not NOT_READ}
    assert {name: vars(whole)[name] for name in same} == same
    assert isinstance(whole.deliveries, tuple)


@pytest.mark.parametrize(
    "look",
    [list, tuple, len, bool, sorted, set, any, max, reversed, lambda mails: (*mails, 1), lambda mails: 1 in mails,
     lambda mails: mails[0], lambda mails: mails[:1], lambda mails: mails == (),
     lambda mails: mails != (), lambda mails: mails * 2, lambda mails: mails < (1,)],
)  # fmt: skip
def test_whoever_looks_at_what_was_not_read_is_told(look) -> None:
    with pytest.raises(PastNotRead):
        look(NOT_READ)
