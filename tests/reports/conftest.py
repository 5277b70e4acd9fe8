"""An app whose agreement says where leads come from and what is aimed at."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import App
from tests.flows.apps import make_app
from tests.rules.lives import book_of, campaign_of

SOURCES = {"website": "active", "Content Syndication": "passive"}


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    """Two campaigns, one of which tries three variants of a mail."""
    roi = {"id": "roi", "email": "t/roi", "variants": {"control": "t/roi", "short": "t/short", "bold": "t/bold"}}
    tries = campaign_of("tries", steps=[{"id": "first", "email": "t/first"}, roi], enroll={"reasons": ["no_budget"]})
    targets = {"sla_met": "90%", "recycled_share": "20%"}
    book = book_of(campaign_of(), tries, sources=SOURCES, targets=targets)
    return make_app(clean_db, db_url, tmp_path, book)
