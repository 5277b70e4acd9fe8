"""A webhook's name may not lead into our own network, unless somebody said so."""

import base64
import socket
import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from nurture.errors import NotifierError, SettingsError
from nurture.notifiers import post
from nurture.notifiers.guard import Guard
from nurture.notifiers.webhook import WebhookNotifier
from tests.notifiers.packets import notice
from tests.notifiers.receiver import receiver

SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the DNS says; every other name and address is itself."""
    said: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host, *args, **kwargs):
        return [found for one in said.get(host, [host]) for found in real(one, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return said


@pytest.mark.parametrize(
    ("host", "addresses", "allowed", "goes"),
    [
        ("crm.acme.com", ["93.184.216.34"], "", True),
        ("crm.acme.com", ["2606:2800:220:1::1"], "", True),
        ("crm.acme.com", ["127.0.0.1"], "", False),
        ("crm.acme.com", ["10.1.2.3"], "", False),
        ("crm.acme.com", ["93.184.216.34", "10.1.2.3"], "", False),
        ("crm.acme.com", ["::ffff:10.1.2.3"], "", False),
        ("crm.acme.com", ["fd12::1"], "", False),
        ("crm.acme.com", ["64:ff9b::a01:203"], "", False),  # 10.1.2.3 behind a gateway (RFC 6052)
        ("crm.acme.com", ["64:ff9b::a9fe:a9fe"], "", False),
        ("crm.acme.com", ["2002:a01:203::1"], "", False),  # and by 6to4
        ("crm.acme.com", ["::127.0.0.1"], "", False),
        ("crm.acme.com", ["64:ff9b::5db8:d822"], "", True),
        ("crm.acme.com", ["100.64.0.1"], "", False),
        ("crm.acme.com", ["0.0.0.0"], "", False),
        ("crm.acme.com", ["10.1.2.3"], "crm.acme.com", True),
        ("CRM.acme.com.", ["10.1.2.3"], "crm.acme.com", True),
        ("crm.acme.com", ["10.1.2.3"], "192.168.0.0/16, 10.0.0.0/8", True),
        ("crm.acme.com", ["10.1.2.3"], "other.acme.com", False),
        ("crm.internal", ["10.1.2.3"], "", True),
        ("crm", ["10.1.2.3"], "", True),
        ("localhost", ["127.0.0.1"], "", True),
        ("10.1.2.3", ["10.1.2.3"], "", True),
        ("[::1]", ["::1"], "", True),
        ("169.254.169.254", ["169.254.169.254"], "", False),
        ("metadata.internal", ["169.254.169.254"], "", False),
        ("169.254.169.254", ["169.254.169.254"], "169.254.169.254", True),
    ],
)
def test_who_may_be_posted_to(names, host, addresses, allowed, goes):
    names[host.lower().strip("[]").rstrip(".")] = addresses
    guard, url = Guard(allowed), httpx.URL(f"https://{host}/hook")
    if goes:
        assert guard.addresses(url) == addresses
    else:
        with pytest.raises(NotifierError, match="private network") as caught:
            guard.addresses(url)
        assert not caught.value.permanent
        assert host not in str(caught.value)


@pytest.mark.parametrize("allowed", ["10.0.0.0/99", "http://crm.acme.com", "crm/hook"])
def test_what_is_neither_a_name_nor_a_network_is_refused_at_the_start(allowed):
    with pytest.raises(SettingsError, match="HANDOFF_WEBHOOK_ALLOW"):
        Guard(allowed)


def test_a_proxy_finds_the_address_itself(monkeypatch, names):
    monkeypatch.setenv("https_proxy", "http://proxy.acme.com:3128")
    monkeypatch.setenv("no_proxy", "crm.acme.com")
    names["crm.acme.com"] = ["93.184.216.34"]
    assert Guard().addresses(httpx.URL("https://other.acme.com/")) is None
    assert Guard().addresses(httpx.URL("https://crm.acme.com/")) == ["93.184.216.34"]


@pytest.fixture
def certified(tmp_path, monkeypatch):
    """A server with a certificate for `crm.internal`, trusted here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "crm.internal")])
    began = datetime(2020, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(began).not_valid_after(began + timedelta(days=36_500))
    names = x509.SubjectAlternativeName([x509.DNSName("crm.internal")])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = tmp_path / "pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    monkeypatch.setattr(
        post, "_trusted", lambda: ssl.create_default_context(cadata=pem.read_text().split("KEY-----\n")[-1])
    )
    return server


def test_a_certificate_is_still_asked_for_the_name(certified, names):
    names["crm.internal"] = names["other.internal"] = ["127.0.0.1"]
    with receiver(tls=certified) as hook:
        port = httpx.URL(hook.url).port
        WebhookNotifier(f"https://crm.internal:{port}/hook", [SECRET]).notify(notice())
        with pytest.raises(NotifierError, match="could not be reached"):
            WebhookNotifier(f"https://other.internal:{port}/hook", [SECRET]).notify(notice())
    assert len(hook.got) == 1


def test_what_was_checked_is_what_is_posted_to_and_the_host_is_still_named(names):
    """The name leads to two addresses: at the first nobody listens."""
    with receiver() as hook:
        port = httpx.URL(hook.url).port
        names["crm.internal"] = ["127.0.0.9", "127.0.0.1"]
        WebhookNotifier(f"http://crm.internal:{port}/hook", [SECRET]).notify(notice())
    [request] = hook.got
    assert request.headers["host"] == f"crm.internal:{port}"


def test_a_name_without_an_address_is_tried_again_later(names):
    names["crm.acme.com"] = ["no-such-name.invalid"]
    with pytest.raises(NotifierError, match="has no address") as caught:
        WebhookNotifier("https://crm.acme.com/hook", [SECRET]).notify(notice())
    assert not caught.value.permanent
