"""Every header of a mail, as others' programs have it: sent by our mailer to aiosmtpd, read by the standard library,
signatures verified by dkimpy. Nothing here is read by what wrote it, but our own tokens."""

import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from aiosmtpd.smtp import Envelope

from nurture.mail import links
from nurture.mail.dkim import Signer
from nurture.mail.letters import Letters
from nurture.mail_settings import MailSettings
from nurture.messages import Mail
from nurture.workspace import load_workspace
from tests.campaigns.shipped import LEADS, MAILS
from tests.mail.making import NOW, SECRET, text_mail
from tests.mail.making import sent as rendered
from tests.mail.receiving import ED25519, RSA, octets, received, verified
from tests.mail.test_letters import ROOT, SETTINGS, row

INBOUND = "in@in.acme.example"
DOMAIN = "news.acme.example"
SIGNER = Signer(DOMAIN, (("rsa", RSA), ("ed", ED25519)))
FIELDS = (
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "List-Unsubscribe",
    "List-Unsubscribe-Post", "List-Id", "Feedback-ID",
)  # fmt: skip


def _columns(lead: object) -> dict[str, object]:
    return {name: getattr(lead, name) for name in ("email", "first_name", "last_name", "title", "company", "country")}


@pytest.fixture(scope="module")
def mails() -> list[Mail]:
    """Each shipped mail, for leads of whom much, little and nonsense is known."""
    mail = MailSettings(inbound_address=INBOUND)
    letters = Letters(load_workspace(ROOT), replace(SETTINGS, mail=mail, base_url=f"https://{'go-' * 18}acme.example"))
    every = [(name, lead) for name in MAILS for lead in LEADS.values()]
    return [
        letters.mail(row(name, **_columns(lead), delivery_id=1_000_000 + n, lead_id=n), NOW)
        for n, (name, lead) in enumerate(every)
    ]


@pytest.fixture(scope="module")
def arrived(mails: list[Mail]) -> list[tuple[Envelope, EmailMessage]]:
    """The same as aiosmtpd has them, and as the standard library reads them."""
    envelopes = received(mails, lambda data: SIGNER.signed(data, 1772550000))
    return [(envelope, _read(octets(envelope))) for envelope in envelopes]


def _read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _line(data: bytes, name: str) -> str:
    """A field's one physical line; fails where it is folded or there twice."""
    head = data.partition(b"\r\n\r\n")[0].decode("ascii")
    (line,) = re.findall(rf"^{name}:(.*)\r\n(?![ \t])", head, re.MULTILINE | re.IGNORECASE)
    return str(line).strip()


def test_every_field_is_there_once_and_the_library_finds_no_fault(arrived: list[tuple[Envelope, EmailMessage]]) -> None:
    for _, message in arrived:
        assert message.defects == []
        for name in FIELDS:
            (value,) = message.get_all(name)  # type: ignore[misc]
            assert not getattr(value, "defects", ())
        assert [part.defects for part in message.walk()] == [[], [], []]


def test_both_signatures_hold_and_cover_one_click(arrived: list[tuple[Envelope, EmailMessage]]) -> None:
    for envelope, message in arrived[:: len(arrived) // 8]:
        assert verified(octets(envelope), DOMAIN) == [True, True]
        for signature in message.get_all("DKIM-Signature"):  # type: ignore[union-attr]
            covered = re.search(r"\bh=([^;]*)", re.sub(r"\s", "", str(signature)))[1].split(":")  # type: ignore[index]
            assert {name.lower() for name in FIELDS} <= set(covered)


def test_one_click_stands_on_one_line_whole_and_names_lead_and_mail(
    arrived: list[tuple[Envelope, EmailMessage]],
) -> None:
    for envelope, message in arrived:
        data = octets(envelope)
        assert _line(data, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        (url,) = re.fullmatch(r"<(https://[^<>\s]+)>", _line(data, "List-Unsubscribe")).groups()  # type: ignore[union-attr]
        assert len(url) > 80
        assert message["List-Unsubscribe"] == f"<{url}>"
        mail = links.read_unsubscribe(SECRET, urlsplit(url).path.removeprefix("/u/"))
        assert mail is not None
        assert links.read_inbound_address(SECRET, str(envelope.mail_from)) == ("b", mail.delivery_id)


def test_what_names_the_mail_names_the_same_everywhere(arrived: list[tuple[Envelope, EmailMessage]]) -> None:
    for n, (envelope, message) in enumerate(arrived):
        delivery_id = 1_000_000 + n
        data = octets(envelope)
        assert links.read_message_id(SECRET, _line(data, "Message-ID")) == delivery_id
        assert message["Message-ID"] == _line(data, "Message-ID")
        (reply,) = message["Reply-To"].addresses
        assert links.read_inbound_address(SECRET, reply.addr_spec) == ("r", delivery_id)
        assert links.read_inbound_address(SECRET, str(envelope.mail_from)) == ("b", delivery_id)
        assert len(reply.username) <= 64
        assert reply.domain == envelope.mail_from.rpartition("@")[2] == "in.acme.example"  # type: ignore[union-attr]


def test_people_and_lists_are_who_they_should_be(arrived: list[tuple[Envelope, EmailMessage]]) -> None:
    leads = list(LEADS.values())
    for n, (envelope, message) in enumerate(arrived):
        lead = leads[n % len(leads)]
        (to,) = message["To"].addresses
        assert to.addr_spec == lead.email == envelope.rcpt_tos[0]
        (sender,) = message["From"].addresses
        assert sender.domain == DOMAIN
        assert re.fullmatch(rf"<not-ready\.{re.escape(DOMAIN)}>", _line(octets(envelope), "List-Id"))
        assert _line(octets(envelope), "Feedback-ID") == "not-ready:roi:nurture:news-acme-example"
        assert parsedate_to_datetime(message["Date"]) == NOW
        assert message["Subject"].strip()


def test_both_parts_say_where_to_leave_and_who_we_are(arrived: list[tuple[Envelope, EmailMessage]]) -> None:
    address = load_workspace(ROOT).agreement.company.address
    for _, message in arrived:
        text, html = message.iter_parts()
        assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        for part in (text, html):
            said = part.get_content()
            assert address in " ".join(said.split())
            token = re.search(r"/u/([\w-]+)", said)[1]  # type: ignore[index]
            assert _line_token(message) == token


def _line_token(message: EmailMessage) -> str:
    return str(message["List-Unsubscribe"]).rpartition("/")[2].removesuffix(">")


def test_lines_are_as_long_as_mail_servers_and_the_encoding_allow(
    arrived: list[tuple[Envelope, EmailMessage]],
) -> None:
    for envelope, _ in arrived:
        head, _, body = octets(envelope).partition(b"\r\n\r\n")
        assert max(map(len, head.split(b"\r\n"))) <= 998
        assert max(map(len, body.split(b"\r\n"))) <= 76
        assert octets(envelope).isascii()


def test_the_mail_arrives_octet_by_octet_under_its_signatures(
    mails: list[Mail], arrived: list[tuple[Envelope, EmailMessage]]
) -> None:
    for mail, (envelope, _) in zip(mails, arrived, strict=True):
        assert octets(envelope).endswith(mail.data)


def test_a_mail_whose_every_line_begins_with_a_dot_arrives_whole() -> None:
    template = text_mail("{{ lead.company }}")
    mail = rendered(template, {"company": ".\r\n..\r\n.\r\nQUIT\r\n" * 5})
    (envelope,) = received([mail], lambda data: SIGNER.signed(data, 1))
    assert octets(envelope).endswith(mail.data)
    assert verified(octets(envelope), DOMAIN) == [True, True]
    assert "QUIT" in _read(octets(envelope)).get_body(("plain",)).get_content()  # type: ignore[union-attr]
