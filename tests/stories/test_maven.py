"""Data that nobody here made: 8,800 opportunities of a CRM, with agents, dates and outcomes, imported as handoffs.

Maven Analytics, "CRM Sales Opportunities" (public domain); read from beside the checkout, never kept in it.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.flows.import_handoffs import ImportedHandoffs, import_handoffs
from nurture.reports.funnel import funnel
from nurture.sheets.deals import DealTerms, open_deals
from tests.flows.apps import make_app, one, rows
from tests.rules.lives import book_of

NOW = datetime(2018, 6, 1, 15, 0, tzinfo=UTC)


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path) -> App:
    """The design's agreement."""
    return make_app(clean_db, db_url, tmp_path, book_of())


@pytest.fixture
def pipeline(shared_data: Callable[[str], Path], tmp_path: Path) -> Path:
    """The opportunities, unpacked."""
    path = tmp_path / "sales_pipeline.csv"
    path.write_bytes(gzip.decompress((shared_data("maven_crm_opportunities") / "sales_pipeline.csv.gz").read_bytes()))
    return path


def imported(app: App, path: Path) -> ImportedHandoffs:
    with open_deals(path, DealTerms(app.agreement, NOW)) as deals:
        return import_handoffs(app, deals, NOW, rejects=path.with_suffix(".rejects"))


def test_win_rates_by_agent_are_those_of_the_data(app: App, pipeline: Path) -> None:
    with pipeline.open(newline="") as file:
        told = list(csv.DictReader(file))
    done = imported(app, pipeline)
    assert (done.read, done.created, done.rejected) == (8800, 8800, 0)
    assert (done.leads, done.nobodys) == (8800, 8800), "the data knows companies, and nobody's address"

    ended = Counter((row["sales_agent"], row["deal_stage"]) for row in told)
    agents = {row["sales_agent"] for row in told}
    report = funnel(app, since=None, until=None, now=NOW, by=["rep"])
    by_rep = {row["rep"]: row for row in report.rows}
    assert agents <= set(by_rep)
    for agent in agents:
        won, lost = ended[agent, "Won"], ended[agent, "Lost"]
        row = by_rep[agent]
        assert (row["won"], row["lost"]) == (won, lost), agent
        assert row["win_rate"] == pytest.approx(won / (won + lost), abs=0.0005), agent
        assert row["open"] == ended[agent, "Engaging"] + ended[agent, "Prospecting"], agent
    assert sum(float(row["close_value"] or 0) for row in told) == float(one(app, "SELECT sum(value) FROM handoff"))

    # Nobody was told, mailed, offered or hurried by it.
    assert one(app, "SELECT count(*) FROM notice") == 0
    assert one(app, "SELECT count(*) FROM enrollment") == 0
    assert one(app, "SELECT count(*) FROM handoff WHERE look_at IS NOT NULL OR origin <> 'imported'") == 0
    hidden = "SELECT count(*) FROM lead l WHERE NOT EXISTS (SELECT FROM suppression s WHERE s.topic = '' AND "
    assert one(app, hidden + "s.address_hash = sha256(convert_to(l.email, 'UTF8')))") == 0

    # Imported again, nothing is new.
    again = imported(app, pipeline)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 8800)
    assert dict(rows(app, "SELECT state, count(*) FROM handoff GROUP BY state")) == {
        "won": 4238, "lost": 2473, "accepted": 1589, "offered": 500,
    }  # fmt: skip
