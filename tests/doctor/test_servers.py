"""Mail servers, providers, mailboxes and Redis, each spoken to over a socket."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pytest_httpserver import HTTPServer

from nurture.app import App
from nurture.doctor import Case, Finding
from nurture.doctor.courier import courier
from nurture.doctor.incoming import inbox
from nurture.doctor.outgoing import outgoing
from tests.doctor.cases import case_of, only


@contextmanager
def speaking(greeting: bytes, answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """A server that answers line by line; gives its port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(greeting)
            for line in self.rfile:
                self.wfile.write(answer(line))
                self.wfile.flush()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def leaving_by(app: App, url: str) -> Case:
    case = case_of(app)
    return replace(case, settings=replace(case.settings, mail_url=url))


@pytest.mark.parametrize(("password", "level"), [("right", "ok"), ("wrong", "problem")])
def test_a_mail_server_is_logged_in_to_and_sent_nothing(app: App, password: str, level: str):
    taken: list[Any] = []

    class Keeper:
        async def handle_DATA(self, _server, _session, envelope) -> str:
            taken.append(envelope)
            return "250 OK"

    def login(_server, _session, _envelope, _mechanism, data) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Keeper(), "127.0.0.1", port, authenticator=login, auth_require_tls=False)
    controller.start()
    try:
        found = only(outgoing, leaving_by(app, f"smtp://ada:{password}@127.0.0.1:{port}"))
    finally:
        controller.stop()
    assert (found.check, found.level) == ("mail", level), found
    assert level == "ok" or "535" in found.found
    assert taken == []
    assert "wrong" not in f"{found.found}{found.do}"


def test_a_mail_server_that_is_not_there_is_a_problem(app: App):
    found = only(outgoing, leaving_by(app, "smtp://127.0.0.1:1"))
    assert found.level == "problem"
    assert "127.0.0.1 cannot be used" in found.found


PROVIDERS = {
    "postmark": ("postmark://tok-en?api={}", "/server"),
    "sendgrid": ("sendgrid://SG.key?api={}", "/v3/scopes"),
    "mailgun": ("mailgun://key@news.acme.example?api={}", "/v3/domains/news.acme.example"),
    "resend": ("resend://re_key?api={}", "/domains"),
    "ses": ("ses://AKIAKEY:secret@eu-west-1?api={}", "/v2/email/account"),
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_that_knows_the_key_is_fine(app: App, httpserver: HTTPServer, provider: str):
    url, path = PROVIDERS[provider]
    httpserver.expect_request(path, method="GET").respond_with_json({})
    assert only(outgoing, leaving_by(app, url.format(httpserver.url_for("")))).level == "ok"
    ((request, _),) = httpserver.log
    assert "authorization" in request.headers or "x-postmark-server-token" in request.headers


@pytest.mark.parametrize(
    ("provider", "status", "body", "level"),
    [
        ("postmark", 401, {"ErrorCode": 10}, "problem"),
        ("sendgrid", 401, {}, "problem"),
        ("sendgrid", 403, {}, "warning"),
        ("mailgun", 401, {}, "warning"),
        ("resend", 401, {"name": "restricted_api_key"}, "ok"),
        ("resend", 401, {"name": "invalid_api_key"}, "problem"),
        ("ses", 403, {"__type": "AccessDeniedException"}, "warning"),
        ("ses", 403, {"__type": "UnrecognizedClientException"}, "problem"),
        ("ses", 500, {}, "problem"),
    ],
)
def test_a_provider_that_does_not_is_told_apart(
    app: App, httpserver: HTTPServer, provider: str, status: int, body: dict[str, Any], level: str
):
    url, path = PROVIDERS[provider]
    httpserver.expect_request(path).respond_with_json(body, status=status)
    found = only(outgoing, leaving_by(app, url.format(httpserver.url_for(""))))
    assert found.level == level, found
    assert found.do or level == "ok"


def test_the_call_to_amazon_is_signed_as_amazon_signs(app: App, httpserver: HTTPServer):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from freezegun import freeze_time

    httpserver.expect_request("/v2/email/account").respond_with_json({})
    api = httpserver.url_for("").rstrip("/")
    with freeze_time("2026-03-02 12:00:00", ignore=["asyncio"]):
        only(outgoing, leaving_by(app, f"ses://AKIAKEY:secret@eu-west-1?api={api}"))
        theirs = AWSRequest("GET", f"{api}/v2/email/account", data=b"")
        SigV4Auth(Credentials("AKIAKEY", "secret"), "ses", "eu-west-1").add_auth(theirs)
    ((request, _),) = httpserver.log
    assert request.headers["authorization"] == theirs.headers["Authorization"]


def imap(line: bytes) -> bytes:
    tag, command, *rest = line.split()
    match command.upper():
        case b"CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n%s OK done\r\n" % tag
        case b"LOGIN":
            return b"%s OK done\r\n" % tag if rest[-1] == b'"right"' else b"%s NO [AUTHENTICATIONFAILED] no\r\n" % tag
        case b"EXAMINE":
            known = b"INBOX" in rest[0]
            return b"* 3 EXISTS\r\n%s OK [READ-ONLY]\r\n" % tag if known else b"%s NO no such\r\n" % tag
        case b"LOGOUT":
            return b"* BYE\r\n%s OK done\r\n" % tag
    return b"%s BAD what\r\n" % tag


@pytest.mark.parametrize(
    ("rest", "level", "words"),
    [
        (":right@127.0.0.1:{}/INBOX", "ok", "INBOX has 3 mails"),
        (":wrong@127.0.0.1:{}/INBOX", "problem", "refuses the login"),
        (":right@127.0.0.1:{}/Bounces", "problem", "no folder Bounces"),
        (":right@127.0.0.1:1/INBOX", "problem", "cannot be reached"),
    ],
)
def test_the_mailbox_is_looked_into_without_changing_it(app: App, rest: str, level: str, words: str):
    with speaking(b"* OK hello\r\n", imap) as port:
        found = only(inbox, case_of(app, inbox_url=f"imap://ada{rest.format(port)}"))
    assert (found.level, words in found.found) == (level, True), found


def redis(policy: bytes) -> Callable[[bytes], bytes]:
    info = b"maxmemory:0\r\nmaxmemory_policy:%s\r\n" % policy

    def answer(line: bytes) -> bytes:
        match line.strip().upper():
            case b"PING":
                return b"+PONG\r\n"
            case b"MEMORY":
                return b"$%d\r\n%s\r\n" % (len(info), info)
            case b"WRONG":
                return b"-WRONGPASS invalid username-password pair\r\n"
        return b""

    return answer


def on_redis(app: App, url: str) -> Finding:
    case = case_of(app)
    return only(courier, replace(case, settings=replace(case.settings, redis_url=url)))


@pytest.mark.parametrize(("policy", "level"), [(b"noeviction", "ok"), (b"allkeys-lru", "warning")])
def test_a_redis_that_throws_jobs_away_is_told(app: App, policy: bytes, level: str):
    with speaking(b"", redis(policy)) as port:
        found = on_redis(app, f"redis://127.0.0.1:{port}/0")
    assert found.level == level, found


def test_a_wrong_password_of_redis_is_told(app: App):
    with speaking(b"", redis(b"noeviction")) as port:
        found = on_redis(app, f"redis://:wrong@127.0.0.1:{port}/0")
    assert found.level == "problem"
    assert "WRONGPASS" in found.found


def test_a_redis_that_is_not_there_is_told(app: App):
    assert on_redis(app, "redis://127.0.0.1:1/0").level == "problem"


def test_a_real_redis_is_understood(app: App, redis_url: str):
    assert on_redis(app, redis_url).level in ("ok", "warning")
