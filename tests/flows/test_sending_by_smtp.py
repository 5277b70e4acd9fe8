"""A mail server that turns on us: suspended accounts, one dead address after the other, an outage that ends."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.rules.breaker import LEAST, TRIES, WINDOW
from nurture.workspace import TemplateFile
from tests.flows.apps import make_app, one, rows
from tests.flows.test_deliver import HTML
from tests.flows.test_sending import breaker_state, let_the_rest_pass, queue, send, states
from tests.rules.lives import book_of

CONNECTIONS = 4


class Moody(socketserver.ThreadingTCPServer):
    """An SMTP server that says the same to everybody at one moment (`RCPT`, `MAIL` or `dot`), or takes all mails.

    `says_of`: what it says of single recipients.
    """

    allow_reuse_address, daemon_threads, block_on_close = True, True, False

    def __init__(self) -> None:
        self.says: dict[str, str] = {}
        self.says_of: dict[str, str] = {}
        self.taken = self.refused = 0
        super().__init__(("127.0.0.1", 0), Talk)


class Talk(socketserver.StreamRequestHandler):
    server: Moody

    def handle(self) -> None:
        self.wfile.write(b"220 moody ESMTP\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper().decode().strip()
            if verb == "DATA":
                self.say("354 go")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                verb = "dot"
            told = self.server.says.get(verb, "250 2.0.0 fine")
            if verb == "RCPT":
                told = self.server.says_of.get(line[len("RCPT TO:<") :].decode().partition(">")[0], told)
            self.server.taken += verb == "dot" and told.startswith("250")
            self.server.refused += verb in self.server.says
            self.say("221 2.0.0 bye" if verb == "QUIT" else told)
            if verb == "QUIT" or told.startswith("421"):
                return

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def server() -> Iterator[Moody]:
    with Moody() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, server: Moody) -> App:
    url = f"smtp://127.0.0.1:{server.server_address[1]}?connections={CONNECTIONS}"
    made = make_app(clean_db, db_url, tmp_path, book_of(), MAIL_URL=url)
    templates = {"t/one": TemplateFile("t/one", Path("templates/t/one.html"), "html", HTML)}
    return replace(made, workspace=replace(made.workspace, templates=templates))


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("RCPT", "550 5.7.1 account suspended"),
        ("RCPT", "554 5.7.1 relay access denied"),
        ("RCPT", "550 Your account has been suspended"),
        ("dot", "550 5.3.0 sending is disabled"),
        ("MAIL", "550 5.7.1 account suspended"),
    ],
)
def test_an_account_that_is_suspended_fails_nobody_and_is_noticed(
    app: App, server: Moody, moment: str, words: str
) -> None:
    server.says = {moment: words}
    queue(app, 60)
    send(app)
    assert breaker_state(app) == "resting"
    assert words.split(" ", 1)[1] in one(app, "SELECT why FROM mailer")
    assert one(app, "SELECT count(*) FROM delivery WHERE for_good") == 0
    assert one(app, "SELECT count(*) FROM suppression") == 0
    assert states(app)["queued"] >= 60 - LEAST - CONNECTIONS
    server.says = {}
    let_the_rest_pass(app)
    waiting = states(app)["queued"]
    assert send(app).sent == waiting == server.taken


def test_what_is_tried_while_it_rests_is_not_failed_however_often(app: App, server: Moody) -> None:
    server.says = {"RCPT": "550 5.7.1 account suspended"}
    queue(app, 30)
    send(app)
    before = states(app)
    for _ in range(6):
        let_the_rest_pass(app)
        assert send(app).held == TRIES
    assert states(app) == before
    assert one(app, "SELECT max(tries) FROM delivery WHERE state = 'queued'") == 0


def test_one_mail_refused_by_policy_while_others_go_is_tried_once_more_and_then_believed(
    app: App, server: Moody
) -> None:
    server.says = {"RCPT": "550 5.7.1 we do not like your mail"}
    queue(app, 1)
    assert send(app).put_off == 1
    assert rows(app, "SELECT state, for_good, tries FROM delivery") == [("failed", False, 1)]
    with app.engine.begin() as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'queued'")
    send(app)
    assert rows(app, "SELECT state, for_good, tries FROM delivery") == [("failed", True, 2)]


@pytest.mark.parametrize(
    "words", ["421 4.7.0 closing", "421 4.3.2 going down", "421 too many errors", "450 4.2.1 later", "451 4.3.0 later"]
)
@pytest.mark.parametrize("others", [40, 0], ids=["among others", "alone"])
def test_an_address_at_which_the_server_always_stumbles_stops_no_other_mail(
    app: App, server: Moody, words: str, others: int
) -> None:
    """It is this lead's trouble, and waits for its next slot; the server is not taken for one that is in trouble."""
    server.says_of = {"lead1@buyer.example": words}
    queue(app, others + 1)
    done = send(app)
    assert (done.sent, done.put_off) == (others, 1)
    assert rows(app, "SELECT state, for_good, tries, reason FROM delivery WHERE state <> 'sent'") == [
        ("failed", False, 1, words)
    ]
    assert one(app, "SELECT count(*) FROM enrollment WHERE due_at IS NOT NULL") == 1, "it comes again at its next slot"
    assert {state for (state,) in rows(app, "SELECT state FROM mailer")} <= {"sending"}
    assert one(app, "SELECT coalesce(max(length(recent) - length(replace(recent, '-', ''))), 0) FROM mailer") <= 1
    assert server.taken == others


def test_a_server_that_breaks_off_at_every_mail_is_left_alone(app: App, server: Moody) -> None:
    server.says = {"RCPT": "421 4.3.2 going down"}
    queue(app, 60)
    done = send(app)
    assert (done.sent, breaker_state(app)) == (0, "resting")
    assert states(app)["queued"] >= 60 - CONNECTIONS, "hardly any has lost its slot to it"
    server.says = {}
    let_the_rest_pass(app)
    assert send(app).sent == 60 - done.put_off


def test_a_list_of_dead_addresses_is_stopped_after_a_while(app: App, server: Moody) -> None:
    server.says = {"RCPT": "550 5.1.1 no such user"}
    queue(app, 60)
    send(app)
    assert breaker_state(app) == "resting"
    # The breaker hears of ten at a time, and each time of what the other connections had under way.
    assert WINDOW <= one(app, "SELECT count(*) FROM suppression") <= WINDOW + 2 * (CONNECTIONS - 1)


def test_a_server_that_is_away_is_left_alone_and_then_gets_all(app: App, server: Moody) -> None:
    queue(app, 10)
    away = replace(app, settings=replace(app.settings, mail_url="smtp://127.0.0.1:1"))
    for _ in range(3):
        send(away)
    assert breaker_state(app) == "resting"
    assert states(app) == {"queued": 10}
    assert send(app).sent == 0
    let_the_rest_pass(app)
    assert send(app).sent == 10
