"""Production on real PostgreSQL, for all tests of this folder."""

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from nurture.db import make_engine
from tests.flows.apps import make_app
from tests.lab.stage import Stage
from tests.rules.lives import book_of


@pytest.fixture(scope="session")
def stage(db_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    # What is committed is the same whether or not it is on the disk already, and these tests commit a great deal.
    url = make_url(db_url).update_query_dict({"options": "-csynchronous_commit=off"})
    engine = make_engine(url.render_as_string(hide_password=False))
    yield Stage(make_app(engine, db_url, tmp_path_factory.mktemp("workspace"), book_of()))
    engine.dispose()
