"""The clock keeps house: months come, months go, and no score changes by it."""

import logging
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from nurture.app import App, real_clock
from nurture.db import transaction
from nurture.flows.ingest import ingest
from nurture.flows.keep_house import keep_house
from nurture.flows.recount import recount
from nurture.flows.take_reports import take_reports
from nurture.store import housekeeping
from nurture.store.partitions import ahead_of, first_of_month, kept_since, make_months, months, months_from
from tests.flows.apps import add_lead, one, page, rows, track
from tests.flows.reports import add_mail, report
from tests.store.months import own_months

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RETENTION = {"events": "13 months", "visitors": "30 days"}


@pytest.fixture(autouse=True)
def no_months(clean_db: Engine) -> Iterator[None]:
    with own_months(clean_db):
        yield


def since(app: App) -> date:
    with transaction(app.engine) as db:
        return kept_since(db)


def made(app: App) -> list[date]:
    with transaction(app.engine) as db:
        return months(db)


def steadily(app: App, now: datetime) -> None:
    """A clock that has gone for a day when it says `now`."""
    keep_house(app, now - 25 * HOUR)
    keep_house(app, now - HOUR)


def test_the_months_that_come_are_there(app_with) -> None:
    app, now = app_with(), real_clock()
    assert not keep_house(app, now).again
    assert made(app) == ahead_of(now)


def test_without_a_word_about_it_everything_is_kept(app_with) -> None:
    app, now = app_with(), real_clock()
    make_months(app.engine, [date(2010, 1, 1)])
    steadily(app, now)
    assert keep_house(app, now).dropped == ()
    assert date(2010, 1, 1) in made(app)


def test_old_months_go_one_a_look_and_the_log_says_so(app_with, caplog: pytest.LogCaptureFixture) -> None:
    app, now = app_with(retention=RETENTION), real_clock()
    oldest = first_of_month((now - timedelta(days=390)).date())
    old = months_from(oldest - 70 * DAY, oldest - DAY)
    make_months(app.engine, [*old, oldest])
    steadily(app, now)
    with caplog.at_level(logging.INFO, "nurture.flows.keep_house"):
        looks = [keep_house(app, now) for _ in range(len(old) + 1)]
    assert [look.dropped for look in looks] == [(f"event_{month:%Y_%m}",) for month in old] + [()]
    assert [look.again for look in looks] == [True] * len(old) + [False]
    assert made(app) == [oldest, *ahead_of(now)]
    assert since(app) == oldest
    assert [record.months for record in caplog.records] == [[f"event_{month:%Y_%m}"] for month in old]


def test_a_clock_that_has_jumped_drops_nothing(app_with, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says 2035, and so does the database beside it."""
    app, now = app_with(retention=RETENTION), real_clock()
    add_lead(app)
    ingest(app, [page("/pricing", now)], now)
    steadily(app, now)
    jumped = now + timedelta(days=3000)
    monkeypatch.setattr(housekeeping, "database_now", lambda _: jumped)
    assert keep_house(app, jumped).doubt
    assert one(app, "SELECT count(*) FROM event") == 1
    assert first_of_month(now.date()) in made(app)


def test_a_clock_that_the_database_contradicts_drops_nothing(app_with) -> None:
    app, now = app_with(retention=RETENTION), real_clock()
    jumped = now + timedelta(days=3000)
    steadily(app, jumped)
    kept = keep_house(app, jumped)
    assert kept.dropped == ()
    assert "the database" in (kept.doubt or "")


def test_visitors_go_sooner_and_leads_stay(app_with) -> None:
    app, now = app_with(retention=RETENTION), real_clock()
    add_lead(app)
    for days in (29, 31):
        at = now - timedelta(days=days)
        ingest(app, [page("/x", at), page("/x", at, anonymous_id=f"v{days}")], at)
    steadily(app, now)
    assert keep_house(app, now).deleted == 1
    assert rows(app, "SELECT anonymous_id FROM event WHERE lead_id IS NULL") == [("v29",)]
    assert one(app, "SELECT count(*) FROM event WHERE lead_id IS NOT NULL") == 2


def test_scores_stay_as_they_are_to_the_last_digit(app_with) -> None:
    """Two years of a lead's life; then all but the horizon's months are dropped, and it is counted again."""
    app, now = app_with(retention={"events": "90 days"}), real_clock()
    lead_id = add_lead(app, now=now - timedelta(days=700))
    make_months(app.engine, months_from((now - timedelta(days=700)).date(), now.date()))
    dice = random.Random(7)
    for _ in range(80):
        at = now - timedelta(days=dice.randrange(700), seconds=dice.randrange(3600))
        ingest(app, [dice.choice([page("/pricing", at), track("Whitepaper Downloaded", at)])], at)
    counts = rows(app, "SELECT cycle, matcher, day, count FROM signal_day ORDER BY 1, 2, 3")
    with transaction(app.engine) as db:
        recount(db, app, [lead_id], now)
    score = one(app, "SELECT micro FROM lead_score")
    stored = one(app, "SELECT count(*) FROM event")
    steadily(app, now)
    while keep_house(app, now).again:
        pass
    assert since(app) == first_of_month((now - timedelta(days=90)).date())
    assert 0 < one(app, "SELECT count(*) FROM event") < stored / 2
    with transaction(app.engine) as db:
        recount(db, app, [lead_id], now)
    assert one(app, "SELECT micro FROM lead_score") == score > 0
    assert rows(app, "SELECT cycle, matcher, day, count FROM signal_day ORDER BY 1, 2, 3") == counts


def test_months_come_and_go_beside_those_who_write_events(app_with, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock hastens through eight months while events come in all the time: none is lost, nobody deadlocks."""
    app = app_with(retention={"events": "60 days"}, horizon="60 days")
    start = datetime(2020, 1, 15, tzinfo=UTC)
    clock = {"now": start}
    monkeypatch.setattr(housekeeping, "database_now", lambda _: clock["now"])
    for number in range(4):
        add_lead(app, f"lead{number}@buyer.example", now=start)
    failures: list[BaseException] = []
    sent = [0] * 4
    stop = threading.Event()

    def write(number: int) -> None:
        try:
            while not stop.is_set():
                now = clock["now"]
                emails = [f"lead{n}@buyer.example" for n in range(4)]
                batch = [page("/pricing", now, email=email) for email in (emails if number % 2 else emails[::-1])]
                batch.append(page("/pricing", now, anonymous_id=f"visitor{number}"))
                sent[number] += ingest(app, batch, now).stored
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    dropped = 0
    try:
        for _ in range(14):
            clock["now"] += timedelta(days=15)
            for step in (0, 1, 1):
                clock["now"] += timedelta(days=step)
                dropped += len(keep_house(app, clock["now"]).dropped)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert failures == []
    while keep_house(app, clock["now"]).again:
        pass
    gone = f"occurred_at < '{since(app)}'"
    assert dropped > 3
    assert one(app, f"SELECT count(*) FROM event WHERE {gone}") == 0
    counted = one(app, "SELECT sum(count) FROM signal_day")
    assert counted == sum(sent) * 4 // 5


def test_reports_on_mails_are_emptied_and_go_with_the_events(app_with) -> None:
    app, now = app_with(retention=RETENTION), real_clock()
    mail = add_mail(app, add_lead(app, now=now), now - 460 * DAY)
    for back in (460, 100, 10):
        taken = now - back * DAY
        take_reports(app, [replace(report(app, "delivered", mail, taken), raw=b"{}")], taken)
    steadily(app, now)
    keep_house(app, now)
    kept = rows(app, "SELECT raw FROM mail_report ORDER BY received_at")
    assert [row.raw for row in kept] == [None, b"{}"]
