"""A real public web server's log, sent as page views: crawlers raise nobody's score, and order does not matter."""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.ingest import ingest
from nurture.rules.bots import judge_event
from tests.flows.apps import one, page, rows

LINE = re.compile(r'(\S+) \S+ \S+ \[([^]]+)\] "\S+ (\S+)[^"]*" \d+ \S+ "[^"]*" "([^"]*)"')
SENT = 700
AFTER = datetime(2015, 5, 21, tzinfo=UTC)


class View(NamedTuple):
    at: datetime
    path: str
    agent: str
    visitor: str

    @property
    def is_program(self) -> bool:
        return judge_event(self.agent).verdict == "automated"


@pytest.fixture(scope="module")
def views(shared_data: Callable[[str], Path]) -> list[View]:
    """The log's lines. Times within an hour are not real there, so each line gets a second of its own."""
    return list(_read(shared_data("web_access_log") / "access_first_half.log.gz"))


def _read(path: Path) -> Iterator[View]:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines):
            found = LINE.match(line)
            assert found, f"line {number + 1} is not one of a log"
            address, at, asked, agent = found.groups()
            when = datetime.strptime(at, "%d/%b/%Y:%H:%M:%S %z") + timedelta(microseconds=number)
            yield View(when, asked.partition("?")[0], "" if agent == "-" else agent, f"{address} {agent}")


def test_crawlers_in_the_log_are_recognised_and_readers_are_not(views: list[View]) -> None:
    """The log's own description counts 1,191 lines of bots by the list alone; who names no browser is one more kind."""
    programs = [view for view in views if view.is_program]
    nameless = sum(view.agent == "" for view in programs)
    assert len(views) == 5000
    assert 1191 * 0.95 <= len(programs) - nameless <= 1191 * 1.02
    assert len({view.visitor for view in views if not view.is_program or view.agent == ""}) >= 808 * 0.98


def test_programs_raise_no_score_and_the_order_does_not_matter(app_with: Callable[..., App], views: list[View]) -> None:
    app = app_with(signals={"any_page": {"when": {"page": "/*"}, "points": 1}})
    some = sorted(Random(3).sample(views, SENT))
    numbers = {visitor: number for number, visitor in enumerate(sorted({view.visitor for view in some}))}
    told = []
    for order in (some, Random(7).sample(some, SENT)):
        with transaction(app.engine) as db:
            db.execute(text("TRUNCATE lead, event CASCADE"))
        for start in range(0, SENT, 250):
            batch = [
                page(
                    view.path,
                    view.at,
                    email=f"v{numbers[view.visitor]}@reader.example",
                    agent=view.agent,
                    message_id=f"{view.at.isoformat()} {view.visitor}",
                    received_at=AFTER,
                )
                for view in order[start : start + 250]
            ]
            ingest(app, batch, AFTER)
        told.append(rows(app, "SELECT l.email, s.day, s.count FROM signal_day s JOIN lead l ON l.id = s.lead_id "
                              "ORDER BY l.email, s.day"))  # fmt: skip
    assert told[0] == told[1]
    people = {f"v{numbers[view.visitor]}@reader.example" for view in some if not view.is_program}
    assert {row.email for row in told[0]} == people
    assert sum(row[2] for row in told[0]) == sum(not view.is_program for view in some)
    assert one(app, "SELECT count(*) FROM event WHERE verdict = 'automated' AND reasons = '{}'") == 0
    programs = sum(view.is_program for view in some)
    assert one(app, "SELECT count(*) FROM event WHERE verdict = 'automated'") == programs > 100
    no_person = "l.email <> ALL(:people)"
    scored = rows(app, f"SELECT 1 FROM lead_score s JOIN lead l ON l.id = s.lead_id WHERE s.micro <> 0 AND {no_person}",
                  people=list(people))  # fmt: skip
    assert not scored
