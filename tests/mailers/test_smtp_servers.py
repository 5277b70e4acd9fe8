"""Against a server that others wrote (aiosmtpd): plain, STARTTLS, TLS from the start, logins, limits."""

import asyncio
import datetime
import ipaddress
import ssl
import warnings
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nurture.errors import SettingsError
from nurture.mailers import build_mailer, send_one
from nurture.messages import Mail, Receipt
from tests.mailers.scripted import Script, a_mail, scripted

LETTER = b"From: ada@news.acme.example\r\nTo: jo@example.com\r\nSubject: hi\r\n\r\n.hello\r\n..\r\nbye\r\n"


class Inbox:
    """Keeps what comes; refuses the address `nobody@…`."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.logins: list[str] = []

    async def handle_RCPT(self, _server: Server, _session: Session, envelope: Envelope, to: str, _options: Any) -> str:
        if to.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(to)
        return "250 2.1.5 fine"

    async def handle_DATA(self, _server: Server, session: Session, envelope: Envelope) -> str:
        self.mails.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 2.0.0 taken"

    def log_in(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        self.logins.append(f"{mechanism} {data.login.decode()}")
        known = (data.login, data.password) == (b"ada@acme", "pässword:1".encode())
        return AuthResult(success=known, handled=known)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of the tests")])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=3650))
        .not_valid_after(now + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, private, serialization.NoEncryption()))
    return path


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def talk(
    inbox: Inbox, *sends: tuple[str, Mail], implicit: ssl.SSLContext | None = None, **options: Any
) -> list[Receipt]:
    """Run aiosmtpd on a free port, and `send_one` for each URL (`{port}` in it) and mail."""

    def server() -> Server:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of logins without TLS, which is what some tests are about
            return Server(inbox, hostname="mail.tests.example", **options)

    async def run() -> list[Receipt]:
        running = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0, ssl=implicit)
        port = running.sockets[0].getsockname()[1]
        try:
            return [await asyncio.to_thread(send_one, url.format(port=port), mail) for url, mail in sends]
        finally:
            running.close()

    return asyncio.run(run())


PLAIN = "smtp://127.0.0.1:{port}"
MAIL = a_mail(LETTER)


def test_a_mail_arrives_as_it_was_written() -> None:
    inbox = Inbox()
    (receipt,) = talk(inbox, (PLAIN, MAIL))
    assert (receipt.outcome, receipt.reply) == ("sent", "250 2.0.0 taken")
    (envelope,) = inbox.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("ada@news.acme.example", ["jo@example.com"])
    assert envelope.content == LETTER


def test_lone_line_ends_of_a_mail_from_elsewhere_are_made_whole() -> None:
    inbox = Inbox()
    (receipt,) = talk(inbox, (PLAIN, a_mail(b"Subject: hi\n\na\n.\nRCPT TO:<x@y.example>\r.\rb")))
    assert receipt.outcome == "sent"
    assert inbox.mails[0].content == b"Subject: hi\r\n\r\na\r\n.\r\nRCPT TO:<x@y.example>\r\n.\r\nb\r\n"


def test_an_address_that_does_not_exist_is_told_apart() -> None:
    (receipt,) = talk(Inbox(), (PLAIN, a_mail(LETTER, to="nobody@example.com")))
    assert (receipt.outcome, receipt.dead_address) == ("refused", True)


@pytest.mark.parametrize("query", ["", "?tls=require&ca={ca}", "?tls=require&insecure=1"])
def test_starttls_is_taken_where_it_is_offered(certificate: Path, query: str) -> None:
    inbox = Inbox()
    url = PLAIN + query.replace("{ca}", str(certificate))
    (receipt,) = talk(inbox, (url, MAIL), tls_context=server_tls(certificate), require_starttls=True)
    assert (receipt.outcome, inbox.encrypted) == ("sent", [True])


def test_tls_can_be_declined(certificate: Path) -> None:
    inbox = Inbox()
    (receipt,) = talk(inbox, (f"{PLAIN}?tls=never", MAIL), tls_context=server_tls(certificate))
    assert (receipt.outcome, inbox.encrypted) == ("sent", [False])


def test_tls_from_the_first_byte(certificate: Path) -> None:
    inbox = Inbox()
    trusting, strict = f"smtps://127.0.0.1:{{port}}?ca={certificate}", "smtps://127.0.0.1:{port}"
    sent, refused = talk(inbox, (trusting, MAIL), (strict, MAIL), implicit=server_tls(certificate))
    assert (sent.outcome, refused.outcome) == ("sent", "held")
    assert "certificate" in refused.reply
    assert len(inbox.mails) == 1


def test_a_big_mail_goes_through_tls_whole(certificate: Path) -> None:
    inbox = Inbox()
    data = b"Subject: big\r\n\r\n" + (b"y" * 900 + b"\r\n") * 3000
    url = f"smtps://127.0.0.1:{{port}}?ca={certificate}"
    (receipt,) = talk(inbox, (url, a_mail(data)), implicit=server_tls(certificate))
    assert receipt.outcome == "sent"
    assert inbox.mails[0].content == data


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("localhost", True)])
def test_a_certificate_for_another_name_or_by_a_stranger_is_refused(
    certificate: Path, host: str, trusted: bool
) -> None:
    inbox = Inbox()
    url = f"smtp://{host}:{{port}}?tls=require" + (f"&ca={certificate}" if trusted else "")
    (receipt,) = talk(inbox, (url, MAIL), tls_context=server_tls(certificate))
    assert receipt.outcome == "held"
    assert "certificate is not to be trusted" in receipt.reply
    assert not inbox.mails


def test_a_server_without_tls_is_refused_where_tls_is_required() -> None:
    (receipt,) = talk(Inbox(), (f"{PLAIN}?tls=require", MAIL))
    assert receipt.outcome == "held"
    assert "STARTTLS" in receipt.reply


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_login(mechanism: str) -> None:
    inbox = Inbox()
    right, wrong, nobody = talk(
        inbox,
        ("smtp://ada%40acme:p%C3%A4ssword%3A1@127.0.0.1:{port}", MAIL),
        ("smtp://ada%40acme:wrong@127.0.0.1:{port}", MAIL),
        (PLAIN, MAIL),
        authenticator=inbox.log_in,
        auth_required=True,
        auth_require_tls=False,
        auth_exclude_mechanism={"PLAIN", "LOGIN"} - {mechanism},
    )
    assert (right.outcome, wrong.outcome, nobody.outcome) == ("sent", "held", "held")
    assert "refused the login" in wrong.reply
    assert inbox.logins == [f"{mechanism} ada@acme"] * 2


def test_a_server_without_logins_is_not_used_by_somebody_who_has_one() -> None:
    (receipt,) = talk(Inbox(), ("smtp://ada:secret@127.0.0.1:{port}", MAIL))
    assert receipt.outcome == "held"
    assert "offers no login" in receipt.reply
    assert "secret" not in receipt.reply


def with_script(replies: dict[str, str | list[str]], url: str, mail: Mail = MAIL) -> tuple[Receipt, list[str]]:
    async def run() -> tuple[Receipt, list[str]]:
        async with scripted(Script(replies)) as script, build_mailer(url.format(port=script.port)) as mailer:
            receipt = await mailer.connections[0].send(mail)
        return receipt, script.connections[0].commands

    return asyncio.run(run())


def test_the_password_does_not_go_over_plain_text_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurture.mailers.smtp.options.SmtpOptions.is_local", property(lambda _: False))
    ehlo = {"EHLO": "250-far\r\n250 AUTH PLAIN LOGIN"}
    receipt, commands = with_script({**ehlo}, "smtp://ada:secret@127.0.0.1:{port}?connections=1")
    assert receipt.outcome == "held"
    assert "not sent without" in receipt.reply
    assert not [command for command in commands if command.startswith("AUTH")]
    replies: dict[str, str | list[str]] = {**ehlo, "AUTH": "235 2.7.0 welcome"}
    receipt, commands = with_script(replies, "smtp://ada:secret@127.0.0.1:{port}?connections=1&insecure=1")
    assert receipt.outcome == "sent"


def test_words_slipped_in_before_tls_are_not_taken_for_the_servers() -> None:
    replies: dict[str, str | list[str]] = {
        "EHLO": "250-far\r\n250 STARTTLS",
        "STARTTLS": "220 go\r\n250-fake\r\n250 AUTH PLAIN",
    }
    receipt, _ = with_script(replies, "smtp://127.0.0.1:{port}?connections=1")
    assert receipt.outcome == "held"
    assert "before TLS" in receipt.reply


def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way() -> None:
    receipt, commands = with_script(
        {"EHLO": "502 5.5.1 what?"}, "smtp://127.0.0.1:{port}?connections=1&helo=me.example"
    )
    assert receipt.outcome == "sent"
    assert commands[:3] == ["EHLO me.example", "HELO me.example", "MAIL FROM:<ada@news.acme.example>"]


def test_we_call_ourselves_by_our_address() -> None:
    _, commands = with_script({}, "smtp://127.0.0.1:{port}?connections=1")
    assert commands[0] == "EHLO [127.0.0.1]"


@pytest.mark.parametrize(
    ("mail", "ehlo", "outcome", "words"),
    [
        (a_mail(b"x" * 5000 + b"\r\n"), "SIZE 1000", "refused", "5002 octets, the server takes 1000"),
        (a_mail(b"x" * 5000 + b"\r\n"), "SIZE 0", "sent", ""),
        (a_mail(b"x" * 5000 + b"\r\n"), "SIZE", "sent", ""),
        (a_mail("grüße\r\n".encode()), "SIZE 0", "refused", "7-bit"),
        (a_mail("grüße\r\n".encode()), "8BITMIME", "sent", ""),
        (a_mail(to="jörg@example.com"), "8BITMIME", "refused", "SMTPUTF8"),
        (a_mail(to="jörg@example.com"), "SMTPUTF8", "sent", ""),
        (a_mail(to="a@b.example>\r\nRCPT TO:<c@d.example"), "SMTPUTF8", "refused", "cannot be written"),
        (a_mail(to=""), "SMTPUTF8", "refused", "cannot be written"),
    ],
)
def test_what_the_server_cannot_take_is_not_begun(mail: Mail, ehlo: str, outcome: str, words: str) -> None:
    receipt, commands = with_script({"EHLO": f"250-far\r\n250 {ehlo}"}, "smtp://127.0.0.1:{port}", mail)
    assert receipt.outcome == outcome
    assert words in receipt.reply
    assert any(command.startswith("MAIL") for command in commands) == (outcome == "sent")
    if outcome == "sent" and ehlo in {"8BITMIME", "SMTPUTF8"}:
        expected = "BODY=8BITMIME" if ehlo == "8BITMIME" else "SMTPUTF8"
        assert expected in next(command for command in commands if command.startswith("MAIL"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://mail.example", "begins with smtp://, smtps://"),
        ("smtp://", "names no host"),
        ("smtp://mail.example:99999", "cannot be read"),
        ("smtp://mail.example/inbox", "nothing behind the host"),
        ("smtp://mail.example?conections=3", "did you mean `connections`"),
        ("smtp://mail.example?connections=0", "allowed are 1 to 64"),
        ("smtp://mail.example?connections=many", "allowed are 1 to 64"),
        ("smtp://mail.example?tls=maybe", "allowed are auto, require, never"),
        ("smtps://mail.example?tls=auto", "always TLS"),
        ("smtp://mail.example?insecure=yes", "allowed are 0 and 1"),
        ("smtp://mail.example?ca=/no/such/file", "is no file"),
    ],
)
def test_a_wrong_url_is_one_clear_line(url: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        build_mailer(url.replace("://", "://ada:topsecret@", 1) if "mail" in url else url)
    assert str(caught.value).startswith("MAIL_URL")
    assert words in str(caught.value)
    assert "topsecret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("smtp://relay.example", 25),
        ("smtp://ada:secret@relay.example", 587),
        ("smtps://relay.example", 465),
        ("smtp://relay.example:2525", 2525),
    ],
)
def test_ports(url: str, port: int) -> None:
    mailer: Any = build_mailer(url)
    assert mailer.options.port == port
    assert "secret" not in repr(mailer.options)
