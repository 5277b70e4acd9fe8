"""The mail server: what it takes, what it refuses, and that what it took is in its files."""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.errors import LocalServerError
from nurture.local.mailbox import Mailbox, mailbox_process
from nurture.local.mailbox_files import MailboxFiles

MAIL = b"Subject: Hello\r\nTo: ada@acme.example\r\n\r\nHello\r\n"


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path) as running:
        yield running


def _port(mailbox: Mailbox) -> int:
    return int(mailbox.addresses.smtp.rpartition(":")[2])


def _client(mailbox: Mailbox) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", _port(mailbox), timeout=10)


def _held(mailbox: Mailbox) -> list[bytes]:
    return [mailbox.files.read(name).data for name in mailbox.files.names()]


class _Talk:
    """A conversation by hand."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.socket = socket.create_connection(("127.0.0.1", _port(mailbox)), timeout=10)
        self._lines = self.socket.makefile("rb")

    def __enter__(self) -> "_Talk":
        assert self.answer().startswith("220")
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self.socket.close()

    def say(self, *lines: bytes) -> None:
        self.socket.sendall(b"".join(line + b"\r\n" for line in lines))

    def answer(self) -> str:
        while True:
            line = self._lines.readline().decode()
            if line[3:4] != "-":
                return line.strip()

    def ask(self, *lines: bytes) -> str:
        self.say(*lines)
        return self.answer()


def test_an_accepted_mail_is_a_file_that_holds_it_byte_for_byte(mailbox: Mailbox) -> None:
    mail = b"Subject: x\r\n\r\n.\r\n..two\r\n.. \r\nla\xc3\xa4st\r\n.x"
    with _client(mailbox) as client:
        client.sendmail("Bounce+1@Acme.example", ["Ada@Acme.example"], mail, mail_options=["BODY=8BITMIME"])
    [name] = mailbox.files.names()
    stored = mailbox.files.read(name)
    assert stored.data == mail + b"\r\n"
    assert (stored.sender, stored.recipient) == ("Bounce+1@Acme.example", "Ada@Acme.example")
    assert stored.message()["Subject"] == "x"


def test_each_recipient_gets_a_file(mailbox: Mailbox) -> None:
    with _client(mailbox) as client:
        client.sendmail("a@x.example", ["b@x.example", "c@x.example"], MAIL)
    held = [mailbox.files.read(name) for name in mailbox.files.names()]
    assert [mail.recipient for mail in held] == ["b@x.example", "c@x.example"]


def test_names_sort_by_arrival_and_tell_what_is_new(mailbox: Mailbox) -> None:
    with _client(mailbox) as client:
        for n in range(20):
            client.sendmail("a@x.example", [f"r{n}@x.example"], MAIL)
            if n == 9:
                last = mailbox.files.names()[-1]
    assert [mailbox.files.read(name).recipient for name in mailbox.files.names(after=last)] == [
        f"r{n}@x.example" for n in range(10, 20)
    ]


def test_names_go_on_rising_after_a_restart_whatever_the_clock_says(tmp_path: Path) -> None:
    future = "09999999999999999999.eml"
    files = MailboxFiles(tmp_path)
    files.put(files.draft("a@x.example", "b@x.example", "me", MAIL))
    (tmp_path / "new" / files.names()[0]).rename(tmp_path / "new" / future)
    again = MailboxFiles(tmp_path)
    assert again.put(again.draft("a@x.example", "c@x.example", "me", MAIL)) > future


def test_a_mail_is_stored_before_it_is_acknowledged(mailbox: Mailbox) -> None:
    with _client(mailbox) as client:
        for n in range(10):
            client.sendmail("a@x.example", ["b@x.example"], MAIL)
            assert len(mailbox.files.names()) == n + 1


def test_everything_may_be_said_in_one_breath(mailbox: Mailbox) -> None:
    """RFC 2920: the group of commands, the message, and the next group behind it, without waiting."""
    with _Talk(mailbox) as talk:
        assert talk.ask(b"EHLO me").startswith("250")
        one = (b"MAIL FROM:<a@x.example> BODY=8BITMIME", b"RCPT TO:<b@x.example>", b"DATA", MAIL + b".")
        talk.say(*one, *one, b"QUIT")
        assert [talk.answer()[:3] for _ in range(9)] == ["250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert _held(mailbox) == [MAIL, MAIL]


def test_what_the_server_can_do_is_said(mailbox: Mailbox) -> None:
    with _client(mailbox) as client:
        client.ehlo("me")
        assert {"pipelining", "8bitmime", "smtputf8", "size", "enhancedstatuscodes"} <= set(client.esmtp_features)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\r", b".").replace(b"\n", b".")), max_size=8),
    cuts=st.lists(st.integers(1, 40), min_size=1, max_size=10),
)
def test_any_message_arrives_as_it_is_however_it_is_cut_into_packets(
    mailbox: Mailbox, lines: list[bytes], cuts: list[int]
) -> None:
    message = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)
    before = mailbox.files.names()
    with _Talk(mailbox) as talk:
        stream = b"HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n" + stuffed + b".\r\nQUIT\r\n"
        at = 0
        for n in range(len(stream)):
            step = cuts[n % len(cuts)]
            talk.socket.sendall(stream[at : at + step])
            at += step
            if at >= len(stream):
                break
        assert [talk.answer()[:3] for _ in range(6)] == ["250", "250", "250", "354", "250", "221"]
    [name] = [name for name in mailbox.files.names() if name not in before]
    assert mailbox.files.read(name).data == message
    assert mailbox.files.read(name).sender == ""


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ([b"MAIL FROM:<a@x>"], "503 5.5.1 not now"),
        ([b"EHLO"], "501 5.5.4 say your name"),
        ([b"EHLO me", b"MAIL a@x"], "501 5.5.4 say MAIL FROM:<address>"),
        ([b"EHLO me", b"MAIL FROM:<a@x>", b"MAIL FROM:<a@x>"], "503 5.5.1 not now"),
        ([b"EHLO me", b"RCPT TO:<a@x>"], "503 5.5.1 MAIL first"),
        ([b"EHLO me", b"MAIL FROM:<a@x>", b"RCPT TO:<>"], "501 5.5.4 say RCPT TO:<address>"),
        ([b"EHLO me", b"MAIL FROM:<a@x>", b"DATA"], "503 5.5.1 RCPT first"),
        ([b"EHLO me", b"MAIL FROM:<a@x>", b"RSET", b"RCPT TO:<a@x>"], "503 5.5.1 MAIL first"),
        ([b"EHLO me", b"MAIL FROM:<a@x> SIZE=99999999999"], "552 5.3.4 too large, at most 33554432 octets"),
        ([b"STARTTLS"], "502 5.5.1 no such command"),
        ([b"noop"], "250 2.0.0 OK"),
    ],
)
def test_commands_out_of_order_or_malformed_are_refused(mailbox: Mailbox, said: list[bytes], answer: str) -> None:
    with _Talk(mailbox) as talk:
        assert [talk.ask(line) for line in said][-1] == answer


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"x" * 999 + b"\r\n", "550 5.6.0 a line is longer than 998 octets"),
        (b"one\ntwo\r\n", "550 5.6.0 a line ends in something else than CRLF"),
        (b"one\rtwo\r\n", "550 5.6.0 a line ends in something else than CRLF"),
    ],
)
def test_a_message_that_strict_servers_refuse_is_refused_and_the_connection_goes_on(
    mailbox: Mailbox, body: bytes, answer: str
) -> None:
    with _Talk(mailbox) as talk:
        talk.ask(b"EHLO me")
        for line in (b"MAIL FROM:<a@x>", b"RCPT TO:<b@x>", b"DATA"):
            talk.ask(line)
        talk.socket.sendall(body)
        assert talk.ask(b".") == answer
        assert talk.ask(b"MAIL FROM:<a@x>") == "250 2.1.0 OK"
    assert _held(mailbox) == []


def test_a_line_as_long_as_allowed_is_taken_even_if_it_begins_with_a_dot(mailbox: Mailbox) -> None:
    with _client(mailbox) as client:
        client.sendmail("a@x", ["b@x"], b"." + b"x" * 997 + b"\r\n")
    assert len(_held(mailbox)[0]) == 1000


def test_a_mail_that_is_too_large_is_refused_once_it_has_ended(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nurture.local.smtp_server.LARGEST_MAIL", 10_000)
    group = b"MAIL FROM:<a@x>", b"RCPT TO:<b@x>", b"DATA"
    with _Talk(mailbox) as talk:
        assert [talk.ask(line)[:3] for line in (b"EHLO me", *group)] == ["250", "250", "250", "354"]
        talk.say(*[b"y" * 70] * 2000, b".")
        assert talk.answer().startswith("552 5.3.4 too large")
        assert [talk.ask(line)[:3] for line in (*group, MAIL + b".")] == ["250", "250", "354", "250"]
    assert _held(mailbox) == [MAIL]


def test_a_line_without_an_end_is_cut_off(mailbox: Mailbox) -> None:
    with _Talk(mailbox) as talk:
        talk.socket.sendall(b"x" * 5000)
        assert talk.answer() == "500 5.5.2 line too long"
        assert talk.answer() == ""


@pytest.mark.parametrize("said", [b"Subject: x\r\n\r\nhalf", b"Subject: x\r\n\r\nall but the dot\r\n", b"x\r\n."])
def test_a_mail_whose_end_never_came_is_not_held(mailbox: Mailbox, said: bytes) -> None:
    with _Talk(mailbox) as talk:
        for line in (b"EHLO me", b"MAIL FROM:<a@x>", b"RCPT TO:<b@x>", b"DATA"):
            talk.ask(line)
        talk.socket.sendall(said)
    with _client(mailbox) as client:
        client.noop()
    assert _held(mailbox) == []


def test_a_mail_whose_sender_is_gone_after_the_dot_is_held(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox, _Talk(mailbox) as talk:
        for line in (b"EHLO me", b"MAIL FROM:<a@x>", b"RCPT TO:<b@x>", b"DATA"):
            talk.ask(line)
        talk.socket.sendall(MAIL + b".\r\n")
        talk.socket.shutdown(socket.SHUT_RDWR)
    assert _held(mailbox) == [MAIL]


def test_whom_the_address_asks_to_refuse_is_refused(mailbox: Mailbox) -> None:
    with _client(mailbox) as client:
        refused = client.sendmail("a@x", ["dead+refuse@x.example", "slow+later@x.example", "b@x.example"], MAIL)
    assert refused == {
        "dead+refuse@x.example": (550, b"5.1.1 no such mailbox"),
        "slow+later@x.example": (451, b"4.7.1 not now, try again later"),
    }
    assert len(_held(mailbox)) == 1


def test_a_full_disk_is_a_passing_refusal(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mailbox.files, "draft", fail)
    with _client(mailbox) as client, pytest.raises(smtplib.SMTPDataError, match=r"451.*No space left"):
        client.sendmail("a@x", ["b@x"], MAIL)


def test_many_connections_at_once_lose_and_double_nothing(mailbox: Mailbox) -> None:
    def send(sender: int) -> None:
        with _client(mailbox) as client:
            for n in range(40):
                client.sendmail("a@x.example", [f"r{sender}.{n}@x.example"], MAIL)

    senders = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    recipients = [mailbox.files.read(name).recipient for name in mailbox.files.names()]
    assert sorted(recipients) == sorted(f"r{sender}.{n}@x.example" for sender in range(8) for n in range(40))


def test_stopping_hangs_up_on_clients_that_stay(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox:
        talk = _Talk(mailbox).__enter__()
        talk.ask(b"EHLO me")
    assert talk.answer() == ""
    talk.__exit__()


def test_a_strange_file_in_the_directory_is_no_mail(tmp_path: Path) -> None:
    files = MailboxFiles(tmp_path)
    (tmp_path / "new/notes.txt").write_text("x")
    (tmp_path / "new/00000000000000000001.eml").write_text("no trace")
    assert files.names() == ["00000000000000000001.eml"]
    for name in ("00000000000000000001.eml", "../secret", "notes.txt"):
        with pytest.raises(FileNotFoundError):
            files.read(name)


def test_a_mailbox_in_its_own_process_serves_and_ends_with_the_block(tmp_path: Path) -> None:
    with mailbox_process(tmp_path) as addresses:
        with smtplib.SMTP("127.0.0.1", int(addresses.smtp.rpartition(":")[2])) as client:
            client.sendmail("a@x", ["b@x"], MAIL)
        with urllib.request.urlopen(f"{addresses.page}api/mails") as answer:
            assert [mail["to"] for mail in json.load(answer)] == ["b@x"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(addresses.smtp.rpartition(":")[2])))
    assert len(MailboxFiles(tmp_path).names()) == 1


def test_a_mailbox_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from nurture.local.mailbox import mailbox_process\n"
        "with mailbox_process(Path(sys.argv[1])) as addresses: print(addresses.smtp, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        port = int(starter.stdout.readline().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.recv(100)
            os.kill(starter.pid, signal.SIGKILL)
            assert connection.recv(100) == b""


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LocalServerError, match=f"--smtp-port: port {port} cannot be had"):
            Mailbox(tmp_path, smtp_port=port)
