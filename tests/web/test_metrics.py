"""`/metrics` as another library's parser reads it, while real things happen."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import prometheus_client.openmetrics.parser as openmetrics
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, text

from nurture.app import App
from nurture.db import make_engine, transaction
from nurture.flows.beat import Beat
from nurture.flows.issue_key import issue_key
from nurture.models.set_aside import SET_ASIDE_KINDS
from nurture.store import leases, processes, sending
from nurture.store.health import Health, health
from nurture.web import metrics
from nurture.web.application import make_web
from tests.web.people import NOW, add_handoff, add_lead, add_mail, browser, click_path

KEY = {"authorization": "Bearer ak_test"}


class Seen:
    """One scrape."""

    def __init__(self, client: httpx.Client) -> None:
        response = client.get("/metrics", headers=KEY)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/plain; version=")
        self.families = {family.name: family for family in text_string_to_metric_families(response.text)}
        self.text = response.text

    def __call__(self, name: str, **labels: str) -> float:
        (value,) = [
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        return value

    def has(self, name: str, **labels: str) -> bool:
        return any(
            sample.name == name and labels.items() <= sample.labels.items()
            for family in self.families.values()
            for sample in family.samples
        )


def track(client: httpx.Client, *events: dict[str, object]) -> None:
    body = {"writeKey": "wk_test", "batch": [{"type": "track", "event": "Looked", **event} for event in events]}
    assert client.post("/v1/batch", json=body).status_code == 200


def test_nobody_reads_it_without_a_key(client: httpx.Client) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic YWtfdGVzdDo="}):
        refused = client.get("/metrics", headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert "nurture_" not in refused.text


def test_a_key_that_may_only_read_is_enough(client: httpx.Client, app: App) -> None:
    key = issue_key(app, "prometheus", read_only=True, now=NOW)
    assert client.get("/metrics", headers={"authorization": f"Bearer {key}"}).status_code == 200


def test_an_installation_that_nothing_happens_in_is_up(client: httpx.Client) -> None:
    seen = Seen(client)
    assert seen("nurture_up") == 1
    assert seen("nurture_mails_waiting", mailer="default") == 0
    assert seen("nurture_mails_oldest_age_seconds", mailer="default") == 0
    assert seen("nurture_mailer_state", mailer="default", state="sending") == 1
    assert [seen("nurture_set_aside_total", kind=kind) for kind in SET_ASIDE_KINDS] == [0] * len(SET_ASIDE_KINDS)
    assert seen("nurture_mails_total", mailer="default", outcome="sent") == 0
    assert seen("nurture_events_received_total", source="segment") == 0
    assert seen("nurture_clock_led") == 0
    assert not seen.has("nurture_clock_tick_age_seconds")
    assert seen("nurture_processes", kind="web") == 1
    assert seen("nurture_database_size_bytes") > 1_000_000


def test_mails_that_wait_and_those_nobody_knows_of_are_seen(client: httpx.Client, app: App) -> None:
    late = {"state": "queued", "slot_at": NOW - timedelta(minutes=20), "sent_at": None}
    for n in range(3):
        add_mail(app.engine, add_lead(app.engine, email=f"l{n}@buyer.example"), **late)
    add_mail(app.engine, add_lead(app.engine, email="l9@buyer.example"), state="unknown")
    seen = Seen(client)
    assert seen("nurture_mails_waiting", mailer="default") == 3
    assert seen("nurture_mails_oldest_age_seconds", mailer="default") == 1200
    assert seen("nurture_mails_unknown", mailer="default") == 1


def test_a_mailer_that_rests_or_is_paused_is_seen(client: httpx.Client, app: App) -> None:
    with transaction(app.engine) as db:
        sending.pause(db, "default", "a test")
        db.execute(text("UPDATE mailer SET state = 'resting', until = now() + interval '1 hour'"))
    seen = Seen(client)
    assert seen("nurture_mailer_state", mailer="default", state="resting") == 1
    assert seen("nurture_mailer_state", mailer="default", state="sending") == 0
    assert seen("nurture_mailer_paused", mailer="default") == 1


def test_events_are_counted_by_the_name_of_their_key_and_by_what_became_of_them(client: httpx.Client) -> None:
    track(client, {"userId": "jo", "messageId": "1"}, {"userId": "jo", "messageId": "2"})
    track(client, {"userId": "jo", "messageId": "2"}, {"messageId": "nobody"})
    seen = Seen(client)
    assert seen("nurture_events_received_total", source="segment") == 4
    assert seen("nurture_events_rejected_total", source="segment") == 1
    assert seen("nurture_events_stored_total") == 2
    assert seen("nurture_events_duplicate_total") == 1
    assert seen("nurture_ingest_seconds_count") == 2
    assert seen("nurture_ingest_seconds_bucket", le="+Inf") == 2
    assert 0 < seen("nurture_ingest_seconds_sum") < 120
    assert seen("nurture_ingest_commit_events_sum") == 3
    assert seen("nurture_ingest_commit_events_bucket", le="1.0") == 1
    assert seen("nurture_ingest_commit_events_bucket", le="2.0") == 2


def test_requests_are_counted_by_pattern_and_no_path_or_token_is_told(client: httpx.Client, app: App) -> None:
    lead = add_lead(app.engine)
    path = click_path(add_mail(app.engine, lead), lead)
    assert client.get(path).status_code == 302
    client.get("/healthz")
    client.get("/jo@buyer.example")
    client.post("/v1/track", json={"writeKey": "wrong", "event": "x"})
    client.get("/v1/jo@buyer.example")
    client.request("LOCK", "/healthz")
    seen = Seen(client)
    for labels in (
        {"method": "GET", "route": "/c/{token}", "status": "302"},
        {"method": "GET", "route": "/healthz", "status": "200"},
        {"method": "GET", "route": "none", "status": "404"},
        {"method": "POST", "route": "/v1/track", "status": "401"},
        {"method": "GET", "route": "/v1/…", "status": "404"},
        {"method": "other", "route": "/healthz", "status": "405"},
    ):
        assert seen("nurture_http_requests_total", **labels) == 1, labels
    assert "buyer.example" not in seen.text
    assert path.rpartition("/")[2] not in seen.text


def test_sales_is_seen_by_numbers(client: httpx.Client, app: App) -> None:
    late = {"state": "offered", "accept_due_at": NOW - timedelta(hours=1)}
    add_handoff(app.engine, add_lead(app.engine), **late)
    seen = Seen(client)
    assert [seen(f"nurture_handoffs_{name}") for name in ("open", "unanswered", "late")] == [1, 1, 1]


def test_any_process_answers_for_all_and_for_those_that_are_gone(client: httpx.Client, app: App) -> None:
    other = replace(app, meters=type(app.meters)())
    beat = Beat(other, "worker")
    other.meters.add("mails", "default", "sent", n=7)
    beat.tell()
    assert Seen(client)("nurture_mails_total", mailer="default", outcome="sent") == 7
    other.meters.add("mails", "default", "sent", n=3)
    beat.tell()
    with transaction(app.engine) as db:
        leases.take(db, "clock", "host/1/x", 15)
        db.execute(text("UPDATE process SET beat_at = now() - interval '2 hours' WHERE kind = 'worker'"))
        processes.fold(db)
    seen = Seen(client)
    assert seen("nurture_mails_total", mailer="default", outcome="sent") == 10
    assert (seen("nurture_processes", kind="worker"), seen("nurture_clock_led")) == (0, 1)
    other.meters.add("mails", "default", "sent", n=1)
    beat.tell()
    beat.tell()
    seen = Seen(client)
    assert seen("nurture_mails_total", mailer="default", outcome="sent") == 11, "it was quiet for hours, then came back"
    assert seen("nurture_processes", kind="worker") == 1


def test_who_asks_at_once_is_answered_by_one_look_and_nobody_later_is(
    client: httpx.Client, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    go_on = threading.Event()

    def slow(db: Connection, now: datetime) -> Health:
        looks.append(1)
        go_on.wait(30)
        return health(db, now)

    monkeypatch.setattr(metrics, "health", slow)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(Seen, client) for _ in range(4)]
        time.sleep(0.3)
        go_on.set()
        assert [seen.result()("nurture_up") for seen in asked] == [1] * 4
    assert len(looks) <= 2
    so_far = len(looks)
    Seen(client)
    assert len(looks) == so_far + 1


def test_a_database_that_does_not_answer_in_time_is_said_to_be_away(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(metrics, "ANSWERS_WITHIN", 0.05)
    monkeypatch.setattr(metrics, "health", lambda db, now: go_on.wait(30) and health(db, now))
    assert Seen(client)("nurture_up") == 0
    assert Seen(client)("nurture_up") == 0
    go_on.set()


def test_openmetrics_is_told_to_who_asks_for_it(client: httpx.Client) -> None:
    track(client, {"userId": "jo", "messageId": "1"})
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    response = client.get("/metrics", headers={**KEY, "accept": accept})
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in openmetrics.text_string_to_metric_families(response.text)}
    assert {"nurture_up", "nurture_mails", "nurture_ingest_seconds"} <= names


@pytest.fixture
def away(serving: tuple[object, str], app: App) -> Iterator[httpx.Client]:
    """A client of a web process whose database is not there."""
    switch, address = serving
    engine = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    switch.app = make_web(replace(app, engine=engine))  # type: ignore[attr-defined]
    with browser(address) as client:
        yield client
    engine.dispose()


def test_it_answers_that_the_database_is_away(away: httpx.Client) -> None:
    seen = Seen(away)
    assert seen("nurture_up") == 0
    assert set(seen.families) == {"nurture_up", "nurture_info"}


def test_what_was_counted_while_the_database_was_away_is_told_later(app: App) -> None:
    engine = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    cut_off = replace(app, engine=engine)
    beat = Beat(cut_off, "worker")
    cut_off.meters.add("mails", "default", "sent", n=2)
    assert not beat.tell()
    engine.dispose()
    object.__setattr__(cut_off, "engine", app.engine)
    assert beat.tell()
    with transaction(app.engine) as db:
        assert processes.added_up(db) == {json.dumps(["mails", "default", "sent"], separators=(",", ":")): 2}


def test_every_name_says_its_unit_and_has_help(client: httpx.Client) -> None:
    for name, family in Seen(client).families.items():
        assert name.startswith("nurture_")
        assert family.documentation.endswith("."), name
        assert family.type != "untyped", name
        assert not any(unit in name for unit in ("milliseconds", "_ms", "octets", "minutes", "hours")), name
