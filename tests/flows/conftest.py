"""An app on real PostgreSQL with a rulebook of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import App
from tests.flows.apps import make_app
from tests.rules.lives import book_of


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    """The design's agreement and one campaign of three plain steps."""
    return make_app(clean_db, db_url, tmp_path, book_of())


@pytest.fixture
def app_with(clean_db: Engine, db_url: str, tmp_path: Path) -> Callable[..., App]:
    """An app with these campaigns, and sections of the agreement replaced."""

    def make(*campaigns, **agreement) -> App:
        return make_app(clean_db, db_url, tmp_path, book_of(*campaigns, **agreement))

    return make
