"""What sending asks of the database: one small statement for all connections, however many mails there are."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import make_engine, transaction
from nurture.local.mailbox import Mailbox
from nurture.store import deliveries
from nurture.store.line import Line
from nurture.trips import Statement
from tests.flows.apps import one
from tests.flows.test_deliver import app, due, mailbox, send, states  # noqa: F401  (fixtures)
from tests.flows.test_statements import asked


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The statements that went over a line."""
    found: list[bytes] = []
    ask = Line.ask

    async def note(line: Line, statement: Statement, values: dict[str, object]) -> object:
        found.append(b" ".join(statement.sql.split()))
        return await ask(line, statement, values)  # type: ignore[arg-type]

    monkeypatch.setattr(Line, "ask", note)
    return found


def test_a_mail_costs_no_statement_but_its_share_of_the_one(app: App, heard: list[bytes]) -> None:  # noqa: F811
    now = due(app, *(f"lead{number}@buyer.example" for number in range(60)))
    waiting = one(app, "SELECT count(*) FROM delivery WHERE state = 'queued'")
    with asked(app) as others:
        done = send(app, now)
    assert done.sent == waiting > 10
    assert len(set(heard)) == 1
    assert len(heard) <= done.sent + 1
    assert len(others) < 20


def test_it_is_planned_once_a_connection(app: App) -> None:  # noqa: F811
    """A plan for these very values would cost more than the statement: PostgreSQL must see that it gains nothing."""
    line = Line(app.engine)
    gate = deliveries.Gate(2, 6, "{}", None)
    now = due(app)
    token = "00000000-0000-0000-0000-000000000001"

    async def ask() -> None:
        for number in range(30):
            following = [(number, f"<{number}@x>", "a@b.example")] * (1 + number % 8)
            await deliveries.record_and_move(
                line, token=token, answers=[], following=following, gate=gate, now=now  # type: ignore[arg-type]
            )  # fmt: skip

    asyncio.run(ask())
    counted = Statement(
        "SELECT generic_plans, custom_plans FROM pg_prepared_statements "
        "WHERE statement LIKE '%WITH answered AS%' AND statement NOT LIKE '%pg_prepared%'"
    )
    ((generic, custom),) = asyncio.run(line.ask(counted, {}))
    line.close()
    assert int(generic or 0) >= 20
    assert int(custom or 0) <= 6


def test_an_error_leaves_the_line_fit_for_the_next_statement(clean_db: Engine) -> None:
    line = Line(clean_db)

    async def ask() -> list[tuple[bytes | None, ...]]:
        with pytest.raises(Exception, match="division by zero"):
            await line.ask(Statement("SELECT 1 / CAST(:n AS int)"), {"n": 0})
        return await line.ask(Statement("SELECT CAST(:n AS int)"), {"n": 7})

    assert asyncio.run(ask()) == [(b"7",)]
    line.close()


def test_a_statement_that_the_server_forgot_is_prepared_again(clean_db: Engine) -> None:
    own = make_engine(clean_db.url.render_as_string(hide_password=False))  # psycopg does not hear of it either
    line = Line(own)
    seven, forget = Statement("SELECT CAST(:n AS int)"), Statement("DEALLOCATE ALL")

    async def ask() -> list[tuple[bytes | None, ...]]:
        await line.ask(seven, {"n": 7})
        await line.ask(forget, {})
        return await line.ask(seven, {"n": 8})

    assert asyncio.run(ask()) == [(b"8",)]
    line.close()
    own.dispose()


def test_a_database_that_goes_away_in_the_midst_leaves_no_mail_unknown(
    app: App, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """The mails' rows are moved, the answer is lost with the connection: they have not left, and go later."""
    now = due(app)
    step, cut = deliveries.record_and_move, []

    async def move_then_cut(line: Line, **more: object) -> set[int]:
        moved = await step(line, **more)  # type: ignore[arg-type]
        if not cut:
            cut.append(True)
            with transaction(app.engine) as db:
                db.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE '%%answered%%'"
                )
            return await step(line, **more)  # type: ignore[arg-type]
        return moved

    monkeypatch.setattr(deliveries, "record_and_move", move_then_cut)
    assert send(app, now).held == 1
    assert send(app, now).sent + one(app, "SELECT count(*) FROM delivery WHERE state = 'sent'") >= 1
    assert states(app) == [("sent", None)]
    assert one(app, "SELECT tries FROM delivery") == 1
    assert len(mailbox.files.names()) == 1
