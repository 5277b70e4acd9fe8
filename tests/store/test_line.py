"""One connection that is asked from an event loop, by libpq."""

import asyncio

import psycopg
import pytest
from sqlalchemy import Engine, text

from nurture.db import make_engine, transaction
from nurture.store.line import Line
from nurture.trips import Statement

HELD = Statement("SELECT held FROM held_by_line WHERE held = CAST(:held AS int)")


def test_a_line_that_a_migration_has_spoilt_is_not_used_again(clean_db: Engine) -> None:
    engine = make_engine(clean_db.url.render_as_string(hide_password=False), pool_size=1)
    with transaction(clean_db) as db:
        db.execute(text("CREATE TABLE held_by_line AS SELECT 1 AS held"))

    async def ask() -> list[tuple[bytes | None, ...]]:
        line = Line(engine)
        try:
            return await line.ask(HELD, {"held": 1})
        finally:
            line.close()

    try:
        assert asyncio.run(ask()) == [(b"1",)]
        with transaction(clean_db) as db:
            db.execute(text("ALTER TABLE held_by_line ALTER held TYPE bigint"))
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            asyncio.run(ask())
        assert asyncio.run(ask()) == [(b"1",)]
    finally:
        engine.dispose()
        with transaction(clean_db) as db:
            db.execute(text("DROP TABLE held_by_line"))


def test_a_text_is_refused_rather_than_cut_off(clean_db: Engine) -> None:
    async def ask() -> None:
        line = Line(clean_db)
        try:
            with pytest.raises(psycopg.DataError, match="NUL"):
                await line.ask(Statement("SELECT CAST(:said AS text)"), {"said": "a\x00b"})
            assert await line.ask(Statement("SELECT CAST(:said AS text)"), {"said": "ab"}) == [(b"ab",)]
        finally:
            line.close()

    asyncio.run(ask())
