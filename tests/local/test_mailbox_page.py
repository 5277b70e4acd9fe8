"""The mailbox's pages, asked over HTTP."""

import html
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import httpx
import pytest

from nurture.local.mailbox import Mailbox
from nurture.local.mailbox_files import MailboxFiles
from nurture.local.mailbox_page import PER_PAGE


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path) as running:
        yield running


@pytest.fixture
def files(mailbox: Mailbox) -> MailboxFiles:
    return mailbox.files


@pytest.fixture
def page(mailbox: Mailbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=mailbox.addresses.page) as client:
        yield client


def _put(files: MailboxFiles, recipient: str, data: bytes) -> str:
    return files.put(files.draft("news@acme.example", recipient, "me", data))


def _mail(subject: str, rich: str | None = None) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Ada at Acme <ada@news.acme.example>"
    message["Subject"] = subject
    message["Date"] = "Tue, 24 Nov 2026 09:30:00 -0600"
    message.set_content("Plain & simple\n")
    if rich is not None:
        message.add_alternative(rich, subtype="html")
    return message.as_bytes()


def test_an_empty_mailbox_says_so(page: httpx.Client) -> None:
    assert "No mail yet" in page.get("/").text


def test_the_newest_mail_stands_first_by_its_own_date(files: MailboxFiles, page: httpx.Client) -> None:
    _put(files, "one@x.example", _mail("First"))
    _put(files, "two@x.example", _mail("Zweite Fräge"))
    text = page.get("/").text
    assert text.index("Zweite Fräge") < text.index("First")
    assert "24 Nov 2026 09:30" in text


def test_a_recipient_can_be_picked_out_by_a_part_of_the_address(files: MailboxFiles, page: httpx.Client) -> None:
    _put(files, "Ada@acme.example", _mail("For Ada"))
    _put(files, "bob@acme.example", _mail("For Bob"))
    for asked in ("ada@", "ADA@ACME.example"):
        text = page.get("/", params={"to": asked}).text
        assert "For Ada" in text
        assert "For Bob" not in text
    assert "No mail for" in page.get("/", params={"to": "nobody"}).text


def test_older_mails_are_a_page_further_and_none_is_shown_twice(files: MailboxFiles, page: httpx.Client) -> None:
    for n in range(PER_PAGE + 3):
        _put(files, "a@x.example", _mail(f"Mail no {n}."))
    first = page.get("/").text
    older = page.get(html.unescape(first[first.rindex('href="/?') + 6 : first.rindex('">Older')])).text
    for n in range(PER_PAGE + 3):
        assert (f"Mail no {n}." in first) != (f"Mail no {n}." in older)


def test_one_mail_shows_headers_text_and_its_html_in_a_sandbox(files: MailboxFiles, page: httpx.Client) -> None:
    name = _put(
        files, "a@x.example", _mail("Look", "<!doctype html><html><head></head><body><h1>Hi</h1></body></html>")
    )
    shown = page.get(f"/mails/{name}")
    assert "Plain &amp; simple" in shown.text
    assert "ada@news.acme.example" in shown.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    inside = page.get(f"/mails/{name}/html")
    assert inside.text.startswith('<!doctype html><html><head><base target="_blank">')
    assert inside.headers["content-security-policy"].startswith("sandbox allow-popups")
    assert "script-src" not in inside.headers["content-security-policy"]


def test_a_mail_without_html_shows_its_text_only(files: MailboxFiles, page: httpx.Client) -> None:
    name = _put(files, "a@x.example", _mail("Plain"))
    assert "<iframe" not in page.get(f"/mails/{name}").text
    assert page.get(f"/mails/{name}/html").status_code == 404


def test_the_bytes_can_be_downloaded(files: MailboxFiles, page: httpx.Client) -> None:
    name = _put(files, "a@x.example", _mail("Raw"))
    answer = page.get(f"/mails/{name}/raw")
    assert answer.content == _mail("Raw")
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_the_list_comes_as_json_newest_first(files: MailboxFiles, page: httpx.Client) -> None:
    names = [_put(files, f"r{n}@x.example", _mail(f"S{n}")) for n in range(3)]
    listed = page.get("/api/mails").json()
    assert [mail["name"] for mail in listed] == names[::-1]
    assert listed[0]["subject"] == "S2"
    assert listed[0]["to"] == "r2@x.example"
    assert page.get(listed[0]["raw"]).content == _mail("S2")
    assert [mail["name"] for mail in page.get("/api/mails", params={"limit": 1, "before": names[2]}).json()] == [
        names[1]
    ]
    assert page.get("/api/mails", params={"to": "r0@"}).json()[0]["name"] == names[0]


@pytest.mark.parametrize("wrong", ["../../etc/passwd", "x", "00000000000000000001.eml", "%2e%2e%2fx"])
def test_what_is_no_mail_is_not_found(page: httpx.Client, wrong: str) -> None:
    assert page.get(f"/mails/{wrong}").status_code == 404


def test_a_hostile_subject_is_only_text(files: MailboxFiles, page: httpx.Client) -> None:
    name = _put(files, "<script>@x.example", _mail("</title><script>alert(1)</script>"))
    for address in ("/", f"/mails/{name}", "/?to=%3C/script%3E%3Cscript%3Ealert(1)"):
        assert "<script>alert(1)" not in page.get(address).text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"no header at all\r\n",
        b"Subject: =?no-such-charset?q?=FF?=\r\nDate: yesterday\r\n\r\nx\r\n",
        b"Content-Type: text/html; charset=no-such\r\n\r\n<p>\xff</p>\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nbroken\r\n",
        b"From: <<<>>>,,;\r\nTo: @\r\nSubject: \xff\xfe\r\n\r\n\x00\x01",
        b"Content-Type: multipart/alternative\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n",
    ],
)
def test_a_broken_mail_breaks_no_page(files: MailboxFiles, page: httpx.Client, data: bytes) -> None:
    name = _put(files, "a@x.example", data)
    for address in ("/", "/api/mails", f"/mails/{name}", f"/mails/{name}/raw"):
        assert page.get(address).status_code == 200
    assert page.get(f"/mails/{name}/html").status_code in (200, 404)


def test_only_names_of_this_machine_are_answered(page: httpx.Client) -> None:
    assert page.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert page.get("/", headers={"Host": "localhost:1080"}).status_code == 200
