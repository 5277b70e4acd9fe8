"""The inbox over IMAP, against a real server: each mail once, none lost, none that stops the rest."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from nurture.app import App
from nurture.flows import read_inbox as reading
from nurture.flows.read_inbox import ReadInbox, read_inbox
from nurture.flows.take_mail import take_mail
from nurture.inbound.imap import InboxAway
from tests.flows.apps import add_lead, make_app, one, rows
from tests.flows.arriving import answer_to, token_address
from tests.flows.inboxes import ImapServer, imap_server
from tests.flows.reports import add_mail
from tests.rules.examples import NOW
from tests.rules.lives import book_of


@pytest.fixture(scope="module")
def one_server() -> Iterator[ImapServer]:
    with imap_server() as server:
        yield server


@pytest.fixture
def server(one_server: ImapServer) -> ImapServer:
    """The server with nothing in its inbox."""
    one_server.mark_all(r"\Deleted")
    return one_server


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, server: ImapServer) -> App:
    return make_app(clean_db, db_url, tmp_path, book_of(), INBOX_URL=server.url, INBOUND_ADDRESS="in@news.acme.example")


@pytest.fixture
def mail(app: App) -> int:
    return add_mail(app, add_lead(app))


def kinds(app: App) -> list[str]:
    return [row.kind for row in rows(app, "SELECT kind FROM inbound_mail ORDER BY id")]


def test_every_mail_is_read_once_and_marked(app: App, server: ImapServer, mail: int) -> None:
    server.put(answer_to(app, mail, "one"), answer_to(app, mail, "two"))
    assert read_inbox(app, NOW) == ReadInbox(2)
    server.put(answer_to(app, mail, "three"))
    assert read_inbox(app, NOW) == ReadInbox(1)
    assert read_inbox(app, NOW) == ReadInbox(0)
    assert kinds(app) == ["reply"] * 3
    assert all(server.flags())


def test_what_was_read_by_a_person_already_is_left_alone_at_the_first_visit_only(
    app: App, server: ImapServer, mail: int
) -> None:
    server.put(answer_to(app, mail, "old"))
    server.mark_all(r"\Seen")
    assert read_inbox(app, NOW) == ReadInbox(0)
    server.put(answer_to(app, mail, "new"))
    server.mark_all(r"\Seen")
    assert read_inbox(app, NOW) == ReadInbox(1)
    assert rows(app, "SELECT said FROM inbound_mail")[0].said == "new"


def test_a_visit_ends_and_the_next_one_goes_on(app: App, server: ImapServer, mail: int) -> None:
    server.put(*(answer_to(app, mail, f"mail {n}") for n in range(5)))
    assert read_inbox(app, NOW, most=2) == ReadInbox(2, more=True)
    assert read_inbox(app, NOW, most=2) == ReadInbox(2, more=True)
    assert read_inbox(app, NOW, most=2) == ReadInbox(1)
    assert len(kinds(app)) == 5


def test_a_server_that_numbers_anew_makes_nothing_happen_twice(app: App, server: ImapServer, mail: int) -> None:
    server.put(answer_to(app, mail, "one"))
    read_inbox(app, NOW)
    rows(app, "UPDATE inbox_position SET uid_validity = 1, uid = 100000 RETURNING 1")
    server.put(answer_to(app, mail, "two"))
    assert read_inbox(app, NOW) == ReadInbox(1)
    assert kinds(app) == ["reply", "reply"]


def test_after_a_crash_between_the_mail_and_the_position_it_is_read_again_and_known(
    app: App, server: ImapServer, mail: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(answer_to(app, mail, "one"), answer_to(app, mail, "two"))

    def crash(*_: object) -> None:
        raise OperationalError("", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(reading.inbound, "read_up_to", crash)
        with pytest.raises(OperationalError):
            read_inbox(app, NOW)
    assert read_inbox(app, NOW) == ReadInbox(2)
    assert kinds(app) == ["reply", "reply"]


def test_a_poison_mail_stops_none_of_those_behind_it(app: App, server: ImapServer, mail: int) -> None:
    server.put(b"\x00\xff\r\n\r\n" + b"x" * 2_000, b"Subject: =?utf-8?b?////?=\r\n\r\n", answer_to(app, mail, "fine"))
    read_inbox(app, NOW)
    assert kinds(app)[-1] == "reply"
    assert read_inbox(app, NOW) == ReadInbox(0)


def test_the_same_mail_by_the_inbox_and_by_a_provider_is_one(app: App, server: ImapServer, mail: int) -> None:
    raw = answer_to(app, mail)
    server.put(raw)
    read_inbox(app, NOW)
    assert take_mail(app, raw, envelope_to=token_address(app, mail), source="postmark", now=NOW) == "known"
    assert one(app, "SELECT count(*) FROM handoff") == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace("secret%20word", "wrong"), "refuses the user or the password"),
        (lambda url: url.replace("INBOX", "Nowhere"), "has no folder Nowhere"),
        (lambda url: url.rpartition(":")[0] + ":1/INBOX", "cannot be read"),
    ],
)
def test_an_inbox_that_cannot_be_read_says_why_and_no_password(
    clean_db: Engine, db_url: str, tmp_path: Path, server: ImapServer, change: Callable[[str], str], said: str
) -> None:
    app = make_app(clean_db, db_url, tmp_path, book_of(), INBOX_URL=change(server.url))
    with pytest.raises(InboxAway, match=said) as raised:
        read_inbox(app, NOW)
    assert "secret" not in str(raised.value)
