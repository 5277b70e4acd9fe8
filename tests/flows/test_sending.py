"""Mails leave over HTTP as by SMTP; a mailer in trouble is left alone; rates and warm-ups hold over all workers."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.agreement import Sending
from nurture.app import App
from nurture.db import transaction
from nurture.flows.advance import advance
from nurture.flows.deliver import Delivered, deliver
from nurture.mailers.http import connection as http_connection
from nurture.rules.breaker import LEAST, TRIES
from nurture.store import sending
from nurture.workspace import TemplateFile
from tests.flows.apps import make_app, one, rows
from tests.flows.test_deliver import HTML
from tests.flows.test_statements import asked
from tests.mailers.stub_api import Asked, Stub, Told, stub_api
from tests.rules.examples import NOW
from tests.rules.lives import book_of

LEADS = """
WITH made AS (
    INSERT INTO lead (email, key, first_name, timezone, stage, grade, cycle_started_at, created_at, updated_at)
    SELECT 'lead' || n || '@buyer.example', 'lead' || n || '@buyer.example', 'Lead', 'America/Chicago', 'nurture', 'A',
           %(then)s, %(then)s, %(then)s FROM generate_series(1, %(count)s) AS n RETURNING id
), cycles AS (INSERT INTO cycle (lead_id, n, started_at) SELECT id, 1, %(then)s FROM made),
enrolled AS (
    INSERT INTO enrollment (lead_id, n, campaign, cycle, status, started_at, due_at)
    SELECT id, 1, 'not-ready', 1, 'active', %(then)s, NULL FROM made RETURNING id, lead_id)
INSERT INTO delivery (lead_id, enrollment_id, campaign, step, cycle, template, slot_at, slot_until, local_on, zone,
                      queued_at)
SELECT lead_id, id, 'not-ready', 'one', 1, 't/one', %(now)s, %(until)s, %(now)s::date, 'America/Chicago', %(now)s
FROM enrolled
"""


@pytest.fixture
def stub() -> Iterator[Stub]:
    with stub_api(taken) as running:
        yield running


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setattr("nurture.mailers.http.patience.WAITS", (0.01,))
    monkeypatch.setattr(http_connection, "REPEATS", (0.01,))
    made = make_app(clean_db, db_url, tmp_path, book_of(), MAIL_URL=f"postmark://TOKEN?batch=10&api={stub.url}")
    templates = {"t/one": TemplateFile("t/one", Path("templates/t/one.html"), "html", HTML)}
    return replace(made, workspace=replace(made.workspace, templates=templates))


def taken(asked: Asked) -> Told:
    return Told(200, [{"ErrorCode": 0, "Message": "OK"} for _ in asked.json])


def saying(code: int, words: str = "words") -> Callable[[Asked], Told]:
    return lambda asked: Told(200, [{"ErrorCode": code, "Message": words} for _ in asked.json])


def queue(app: App, count: int, *, hours: int = 2) -> None:
    """So many leads, each with a mail whose slot has come."""
    values = {"count": count, "then": NOW - timedelta(days=30), "now": NOW, "until": NOW + timedelta(hours=hours)}
    with transaction(app.engine) as db:
        db.exec_driver_sql(LEADS, values)


def send(app: App, now: datetime = NOW, seconds: float = 20) -> Delivered:
    return deliver(app, lambda: now, seconds=seconds)


def signed(app: App, **words: object) -> App:
    agreement = app.agreement.model_copy(update={"sending": Sending.model_validate(words)})
    return replace(app, workspace=replace(app.workspace, agreement=agreement))


def states(app: App) -> dict[str, int]:
    return dict(rows(app, "SELECT state, count(*) FROM delivery GROUP BY 1"))  # type: ignore[arg-type]


def breaker_state(app: App) -> str:
    return str(one(app, "SELECT state FROM mailer"))


def let_the_rest_pass(app: App) -> None:
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE mailer SET until = clock_timestamp() - interval '1 second'")


def test_a_request_takes_many_mails_and_each_is_recorded(app: App, stub: Stub) -> None:
    queue(app, 25)
    assert send(app).sent == 25
    assert [len(asked.json) for asked in stub.asked] == [10, 10, 5]
    assert states(app) == {"sent": 25}
    recipients = [item["To"] for asked in stub.asked for item in asked.json]
    assert len(set(recipients)) == 25
    assert {item["Metadata"]["nurture"] for asked in stub.asked for item in asked.json} == {
        row.message_id.strip("<>").partition("@")[0] for row in rows(app, "SELECT message_id FROM delivery")
    }


def test_the_database_is_asked_once_a_request_however_many_mails_that_is(app: App, stub: Stub) -> None:
    queue(app, 10)
    with asked(app) as for_one:
        assert send(app).sent == 10
    with transaction(app.engine) as db:
        db.exec_driver_sql("TRUNCATE lead CASCADE")
    queue(app, 30)
    with asked(app) as for_three:
        assert send(app).sent == 30
    assert len(stub.asked) == 4
    assert len(for_three) <= len(for_one) + 2


def test_no_request_is_larger_than_the_provider_takes(app: App, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurture.mailers.postmark.sending.Postmark.most_octets", 12_000)
    queue(app, 6)
    send(app)
    assert sum(len(asked.json) for asked in stub.asked) == 6
    assert 1 < len(stub.asked) <= 6


def test_errors_of_single_mails_fail_these_alone(app: App, stub: Stub) -> None:
    def mixed(asked: Asked) -> Told:
        codes = [406 if item["To"] == "lead3@buyer.example" else 0 for item in asked.json]
        return Told(200, [{"ErrorCode": code, "Message": f"code {code}"} for code in codes])

    stub.reply = mixed
    queue(app, 8)
    done = send(app)
    assert (done.sent, done.failed) == (7, 1)
    assert one(app, "SELECT l.email FROM delivery d JOIN lead l ON l.id = d.lead_id WHERE d.state = 'failed'") == (
        "lead3@buyer.example"
    )
    assert one(app, "SELECT count(*) FROM suppression WHERE reason = 'bounced'") == 1
    assert breaker_state(app) == "sending"


def test_a_lost_answer_leaves_one_requests_mails_unknown_and_nothing_more_is_begun(app: App, stub: Stub) -> None:
    stub.reply = lambda _: Told(drop=True)
    queue(app, 35)
    done = send(app)
    assert done.unknown == 10
    assert states(app) == {"unknown": 10, "queued": 25}
    assert breaker_state(app) == "resting"
    assert "did not answer" in one(app, "SELECT why FROM mailer")


def test_a_wrong_key_fails_nothing_and_says_so(app: App, stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    stub.reply = lambda _: Told(401, {"ErrorCode": 10, "Message": "No account for ada@acme.example"})
    queue(app, 30)
    done = send(app)
    assert (done.failed, done.put_off, done.unknown) == (0, 0, 0)
    assert states(app) == {"queued": 30}
    assert rows(app, "SELECT DISTINCT tries, lease_token FROM delivery") == [(0, None)]
    assert len(stub.asked) == 1
    assert breaker_state(app) == "resting"
    (said,) = [record for record in caplog.records if record.message == "sending rests"]
    assert "401" in said.__dict__["why"]
    assert "ada@" not in str(said.__dict__)
    send(app)
    assert len(stub.asked) == 1, "nobody asks while it rests"


def test_too_many_requests_wait_as_long_as_was_asked(app: App, stub: Stub) -> None:
    stub.reply = lambda _: Told(429, {"ErrorCode": 429, "Message": "slow down"}, {"retry-after": "90"})
    queue(app, 30)
    send(app)
    assert states(app) == {"queued": 30}
    waits = one(app, "SELECT extract(epoch FROM until - clock_timestamp()) FROM mailer")
    assert 85 < waits <= 90


def test_a_short_wait_is_waited_for_and_all_mails_go(app: App, stub: Stub) -> None:
    replies = iter([Told(429, {}, {"retry-after": "0.2"})])
    stub.reply = lambda asked: next(replies, None) or taken(asked)
    queue(app, 12)
    assert send(app).sent == 12
    assert breaker_state(app) == "sending"


def test_an_account_that_is_suspended_fails_no_lead_for_good(app: App, stub: Stub) -> None:
    """By SMTP it would be 550 5.7.1 to every recipient: refused by policy, over and over."""
    stub.reply = saying(7777, "this account was suspended")
    queue(app, 60)
    send(app)
    assert breaker_state(app) == "resting"
    assert one(app, "SELECT count(*) FROM delivery WHERE for_good") == 0
    assert states(app)["queued"] >= 60 - 2 * LEAST


def test_after_the_rest_a_few_mails_are_tried_and_then_all_go(app: App, stub: Stub) -> None:
    stub.reply = saying(7777)
    queue(app, 40)
    send(app)
    waiting = states(app)["queued"]
    let_the_rest_pass(app)
    asked = len(stub.asked)
    done = send(app)
    tried_ = [item for one_request in stub.asked[asked:] for item in one_request.json]
    assert len(tried_) == TRIES
    assert (done.held, done.put_off) == (TRIES, 0), "what is tried and not taken waits, and counts as no try"
    assert states(app)["queued"] == waiting
    stub.reply = taken
    let_the_rest_pass(app)
    assert send(app).sent == waiting
    assert breaker_state(app) == "sending"


def test_a_handful_of_dead_addresses_does_not_stop_the_others(app: App, stub: Stub) -> None:
    def some_dead(asked: Asked) -> Told:
        dead = {f"lead{n}@buyer.example" for n in range(1, 9)}
        return Told(200, [{"ErrorCode": 406 if item["To"] in dead else 0, "Message": ""} for item in asked.json])

    stub.reply = some_dead
    queue(app, 40)
    done = send(app)
    assert (done.sent, done.failed) == (32, 8)
    assert breaker_state(app) == "sending"


def test_while_it_rests_what_misses_its_window_is_planned_again(app: App, stub: Stub) -> None:
    stub.reply = lambda _: Told(401, {})
    queue(app, 5)
    send(app)
    later = NOW + timedelta(hours=3)
    send(app, later)
    assert rows(app, "SELECT DISTINCT state, reason FROM delivery") == [("cancelled", "window over")]
    assert rows(app, "SELECT DISTINCT due_at FROM enrollment") == [(later,)]
    advance(app, later)
    assert one(app, "SELECT min(due_at) FROM enrollment").date() > NOW.date()
    assert len(stub.asked) == 1


def test_an_operators_pause_holds_until_it_is_taken_back(app: App, stub: Stub) -> None:
    queue(app, 5)
    with transaction(app.engine) as db:
        sending.pause(db, "default", "moving to another provider")
    send(app)
    assert states(app) == {"queued": 5}
    with transaction(app.engine) as db:
        sending.resume(db, "default")
    assert send(app).sent == 5


def test_a_rate_holds_over_two_workers(app: App, stub: Stub) -> None:
    """Counted over windows of a second, and over all of it."""
    rate, count = 20, 60
    queue(app, count)
    paced = signed(app, per_second=rate)
    began = time.monotonic()
    workers = [threading.Thread(target=send, args=(paced,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert states(app) == {"sent": count}
    arrived = [at for at, asked in zip(stub.at, stub.asked, strict=True) for _ in asked.json]
    took = max(arrived) - began
    assert took >= (count - 1) / rate * 0.95
    assert took <= count / rate * 1.6 + 1, "as fast as it may, give or take a loaded machine"
    for start in arrived:
        assert sum(start <= at < start + 1 for at in arrived) <= rate * 1.2 + 1


def test_a_warm_up_lets_only_so_many_go_on_a_day_over_two_workers(app: App, stub: Stub) -> None:
    warming = signed(app, warm_up={"from": NOW.date().isoformat(), "first_day": 20, "grow": "50% a day"})
    queue(app, 70, hours=72)
    workers = [threading.Thread(target=send, args=(warming,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    send(warming)
    assert states(app) == {"sent": 20, "queued": 50}
    send(warming, NOW + timedelta(days=1))
    assert states(app) == {"sent": 50, "queued": 20}
    assert rows(app, "SELECT day, day_count FROM mailer") == [((NOW + timedelta(days=1)).date(), 30)]


def test_what_does_not_leave_takes_no_place_of_the_day(app: App, stub: Stub) -> None:
    def some_dead(asked: Asked) -> Told:
        return Told(200, [{"ErrorCode": 406 if item["To"][4] in "13579" else 0, "Message": ""} for item in asked.json])

    stub.reply = some_dead
    warming = signed(app, warm_up={"from": NOW.date().isoformat(), "first_day": 5})
    queue(app, 9)
    done = send(warming)
    assert done.sent == 4
    assert one(app, "SELECT day_count FROM mailer") == 4
    assert states(app).keys() == {"sent", "failed"}


def test_a_mail_that_cannot_be_rendered_says_nothing_of_the_mailer(app: App, stub: Stub) -> None:
    broken = TemplateFile("t/one", Path("templates/t/one.html"), "html", HTML.replace("default('reader')", "nonsense"))
    app = replace(app, workspace=replace(app.workspace, templates={"t/one": broken}))
    queue(app, 12)
    assert send(app).put_off == 12
    assert rows(app, "SELECT recent FROM mailer") in ([], [("",)])
