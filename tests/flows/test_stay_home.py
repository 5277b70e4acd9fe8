"""A copy of a database sends nothing until somebody adopts it; a database that only moved goes on."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import Engine, make_url, text

from nurture.app import App
from nurture.db import make_engine, transaction
from nurture.flows.deliver import deliver
from nurture.flows.forward_mail import forward_mail
from nurture.flows.read_inbox import read_inbox
from nurture.flows.stay_home import adopt_database, is_home, why_not_home
from nurture.flows.tell import tell
from nurture.local.servers import LocalServers
from nurture.store import installation
from tests.databases import make_database
from tests.flows.apps import NOW
from tests.leftovers import RUN


@pytest.fixture
def original(app: App, servers: LocalServers, worker_id: str) -> Iterator[App]:
    """An app on a database of its own: one that others are connected to cannot be copied."""
    url = make_database(servers.database_url, os.environ[RUN], f"{worker_id}_home")
    engine = make_engine(url, pool_size=1)
    yield replace(app, engine=engine)
    engine.dispose()


@pytest.fixture
def copied(original: App) -> Iterator[Callable[[], App]]:
    """Makes a copy of that database beside it, and gives an app on the copy."""
    names: list[str] = []
    engines: list[Engine] = []
    home = original.engine.url
    server = make_engine(home.set(database="postgres").render_as_string(False), pool_size=1)

    def copy() -> App:
        name = f"{home.database}_copy_{uuid4().hex[:8]}"
        original.engine.dispose()
        with server.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{home.database}"'))
        names.append(name)
        engines.append(make_engine(home.set(database=name).render_as_string(False), pool_size=1))
        return replace(original, engine=engines[-1])

    yield copy
    for engine in engines:
        engine.dispose()
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        for name in names:
            db.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


def at(app: App, base_url: str) -> App:
    names = app.settings.set_variables | {"BASE_URL"}
    return replace(app, settings=replace(app.settings, base_url=base_url, set_variables=names))


def test_the_first_start_needs_nothing(app: App):
    assert is_home(app, NOW)
    with transaction(app.engine) as db:
        kept = installation.kept(db)
    assert kept is not None
    assert kept.dwelling.cluster
    assert kept.made_at == NOW
    assert is_home(app, NOW)


def test_a_copy_beside_the_original_is_refused(
    original: App, copied: Callable[[], App], caplog: pytest.LogCaptureFixture
):
    assert is_home(original, NOW)
    copy = copied()
    with caplog.at_level(logging.ERROR):
        assert not is_home(copy, NOW)
    assert why_not_home(copy, NOW) == "it is a copy of another database on the same server"
    assert "nurture db adopt" in caplog.text
    assert is_home(original, NOW)


def test_an_adopted_copy_sends_and_stays_adopted(original: App, copied: Callable[[], App]):
    assert is_home(original, NOW)
    copy = copied()
    adopt_database(copy, "ada", NOW)
    assert is_home(copy, NOW)
    with transaction(copy.engine) as db, transaction(original.engine) as kept_there:
        here, there = installation.kept(db), installation.kept(kept_there)
    assert here is not None
    assert there is not None
    assert (here.adopted_by, here.adopted_at) == ("ada", NOW)
    assert here.id != there.id


def test_a_copy_of_what_never_started_needs_nothing(copied: Callable[[], App]):
    assert is_home(copied(), NOW)


def test_a_dump_on_another_server_is_refused(app: App):
    assert is_home(app, NOW)
    with transaction(app.engine) as db:  # what a dump brings along
        db.execute(text("UPDATE installation SET cluster = '7000000000000000001'"))
    assert why_not_home(app, NOW) == "it was restored to another server"


def test_a_snapshot_that_serves_another_address_is_refused(app: App):
    assert is_home(at(app, "https://nurture.acme.example"), NOW)
    why = why_not_home(at(app, "https://staging.acme.example"), NOW)
    assert why == "it was at home at nurture.acme.example, and BASE_URL says staging.acme.example"


@pytest.mark.parametrize(
    "base_url", ["http://localhost:8000", "http://127.0.0.1:8123", "https://Nurture.acme.example/x"]
)
def test_what_is_no_other_home_changes_nothing(app: App, base_url: str):
    assert is_home(at(app, "https://nurture.acme.example"), NOW)
    assert is_home(at(app, base_url), NOW)


def test_a_failover_changes_nothing(app: App, db_url: str):
    """A promoted follower, or a database that the platform moved: another address, another user, the same server."""
    assert is_home(app, NOW)
    elsewhere = make_engine(make_url(db_url).set(host="127.0.0.1").render_as_string(False), pool_size=1)
    settings = replace(app.settings, database_url="postgresql+psycopg://other:name@ec2-1-2-3-4.example:5432/d4f5")
    try:
        assert is_home(replace(app, engine=elsewhere, settings=settings), NOW)
    finally:
        elsewhere.dispose()


def test_a_home_that_was_not_known_is_learned(app: App):
    assert is_home(at(app, "http://localhost:8000"), NOW)
    assert is_home(at(app, "https://nurture.acme.example"), NOW)
    assert not is_home(at(app, "https://staging.acme.example"), NOW)


def test_who_may_not_ask_for_the_servers_identifier_is_guarded_by_the_rest(app: App):
    assert is_home(app, NOW)
    with transaction(app.engine) as db:
        db.execute(text("UPDATE installation SET cluster = NULL"))
    assert is_home(app, NOW)
    with transaction(app.engine) as db:
        assert installation.kept(db).dwelling.cluster  # type: ignore[union-attr]


def test_a_copy_sends_nothing_tells_nobody_and_leaves_the_inbox_alone(app: App, monkeypatch: pytest.MonkeyPatch):
    assert is_home(app, NOW)
    with transaction(app.engine) as db:
        db.execute(text("UPDATE installation SET database = 1"))
    monkeypatch.setattr("nurture.flows.deliver.deliveries.any_to_send", lambda *_: True)
    monkeypatch.setattr("nurture.flows.deliver.deliveries.lease", pytest.fail)
    monkeypatch.setattr("nurture.flows.tell.notices.lease", pytest.fail)
    monkeypatch.setattr("nurture.flows.forward_mail.inbound.take_forward", pytest.fail)
    monkeypatch.setattr("nurture.flows.read_inbox.Inbox", pytest.fail)
    done = deliver(app, lambda: NOW, seconds=1)
    assert (done.sent, done.more) == (0, False)
    assert not tell(app, NOW).more
    assert not forward_mail(app, NOW).more
    settings = replace(app.settings, mail=replace(app.settings.mail, inbox_url="imaps://a:b@mail.example/INBOX"))
    assert read_inbox(replace(app, settings=settings), NOW).taken == 0
