"""The environment's words on mail: the keys that sign, the mailbox, the address that mails carry."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from nurture.dkim_keys import read_dkim_keys
from nurture.errors import SettingsError
from nurture.mail_settings import MailSettings, read_mail_settings

RSA = rsa.generate_private_key(65537, 1024)
ED25519 = ed25519.Ed25519PrivateKey.generate()
BARE_ED25519 = b64encode(ED25519.private_bytes_raw()).decode()


def _written(
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    shape: PrivateFormat = PrivateFormat.PKCS8,
    lock: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(Encoding.PEM, shape, lock or NoEncryption()).decode()


def _bare(pem: str) -> str:
    return "".join(pem.splitlines()[1:-1])


def _read(**given: str) -> MailSettings:
    return read_mail_settings(given)


@pytest.mark.parametrize("shape", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("spelled", [str, _bare, lambda pem: pem.replace("\n", "\\n"), lambda pem: f"\n {pem} \n"])
def test_an_rsa_key_is_taken_as_people_have_it(shape: PrivateFormat, spelled: type[str]) -> None:
    (key,) = read_dkim_keys(spelled(_written(RSA, shape)))
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.private_numbers() == RSA.private_numbers()


@pytest.mark.parametrize(
    "text", [_written(ED25519), _bare(_written(ED25519)), BARE_ED25519], ids=["PEM", "its base64", "the bare key"]
)
def test_an_ed25519_key_is_taken_as_people_have_it(text: str) -> None:
    (key,) = read_dkim_keys(text)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    assert key.private_bytes_raw() == ED25519.private_bytes_raw()


@pytest.mark.parametrize(
    "text", [_written(RSA) + _written(ED25519), f"{_bare(_written(RSA))}, {BARE_ED25519}"], ids=["PEM", "base64"]
)
def test_one_key_of_each_kind_may_sign_together(text: str) -> None:
    assert [type(key).__name__ for key in read_dkim_keys(text)] == ["RSAPrivateKey", "Ed25519PrivateKey"]
    mail = _read(DKIM_KEY=text, DKIM_SELECTOR="rsa, ed", DKIM_DOMAIN="Acme.example")
    assert (mail.dkim_selectors, mail.dkim_domain) == (("rsa", "ed"), "acme.example")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no key", "cannot be read; say a private key of RSA or Ed25519"),
        (BARE_ED25519[:-4], "cannot be read"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "cannot be read"),
        (f"selector {_written(RSA)}", "has something beside its PEM blocks"),
        (RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), "is the public half"),
        (_written(RSA, lock=BestAvailableEncryption(b"pw")), "is locked by a password"),
        (_written(RSA, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"pw")), "is locked by a password"),
        (_written(ec.generate_private_key(ec.SECP256R1())), "is of a kind that DKIM does not know"),
        (_written(RSA) + _written(RSA), "has two keys of one kind"),
    ],
    ids=["no key", "cut off", "empty", "words", "public", "locked", "locked, old", "another kind", "twice"],
)
def test_a_key_that_cannot_sign_is_refused_in_one_line_without_it(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"^DKIM_KEY: {message}") as refused:
        _read(DKIM_KEY=text, DKIM_SELECTOR="a,b" if text.count("BEGIN") > 1 else "a")
    shown = str(refused.value)
    assert "\n" not in shown
    assert not any(part in shown for part in text.split() if len(part) > 20)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"DKIM_KEY": BARE_ED25519}, "DKIM_SELECTOR is not set, but DKIM_KEY is: mails are signed with key and"),
        ({"DKIM_SELECTOR": "s"}, "DKIM_KEY is not set, but DKIM_SELECTOR is"),
        ({"DKIM_DOMAIN": "acme.example"}, "DKIM_KEY is not set, but DKIM_DOMAIN is"),
        ({"DKIM_KEY": BARE_ED25519, "DKIM_SELECTOR": "a b"}, "DKIM_SELECTOR: 'a b' is no name in the DNS"),
        ({"DKIM_KEY": BARE_ED25519, "DKIM_SELECTOR": "a,"}, "DKIM_SELECTOR: '' is no name in the DNS"),
        ({"DKIM_KEY": BARE_ED25519, "DKIM_SELECTOR": "a,b"}, "DKIM_SELECTOR: names 2, but DKIM_KEY has 1; each key"),
        ({"DKIM_KEY": BARE_ED25519, "DKIM_SELECTOR": "a", "DKIM_DOMAIN": "acme"}, "DKIM_DOMAIN: 'acme' is no domain"),
        ({"INBOUND_ADDRESS": "in"}, "INBOUND_ADDRESS: is no plain address; say in@news.acme.example"),
        ({"INBOUND_ADDRESS": "in@acme.example@acme.example"}, "INBOUND_ADDRESS: is no plain address"),
        ({"INBOUND_ADDRESS": "Acme <in@acme.example>"}, "INBOUND_ADDRESS: is no plain address"),
        ({"INBOUND_ADDRESS": "in@acme.example\r\nBcc: x@y.example"}, "INBOUND_ADDRESS: is no plain address"),
        ({"INBOUND_ADDRESS": "in+x@acme.example"}, r"INBOUND_ADDRESS: has a \+ before the @"),
        ({"INBOUND_ADDRESS": "i" * 29 + "@acme.example"}, "INBOUND_ADDRESS: has 29 characters before the @; 28 leave"),
        ({"INBOX_URL": "https://u:pw@h"}, "INBOX_URL: is no mailbox; say imaps://user:password@host/INBOX"),
        ({"INBOX_URL": "imaps://u:pw@h:sesame/INBOX"}, "INBOX_URL: is malformed; say imaps://"),
        ({"INBOX_URL": "imaps://u:a/b@h/INBOX"}, "INBOX_URL: is malformed"),
        ({"INBOX_URL": "imaps://u:pw@[h/INBOX"}, "INBOX_URL: is malformed"),
        ({"INBOX_URL": "imaps:INBOX"}, "INBOX_URL: is no mailbox"),
        ({"INBOX_URL": "imaps://host/INBOX"}, "INBOX_URL: has no user and password"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_that_begins_with_its_name(given: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=f"^{message}") as refused:
        _read(**given)
    shown = str(refused.value)
    assert "\n" not in shown
    assert not any(secret in shown for secret in (BARE_ED25519, "sesame", "u:"))
    assert refused.value.__cause__ is None


def test_what_comes_in_and_signs_is_taken_in_lower_case() -> None:
    mail = _read(INBOUND_ADDRESS="In@News.Acme.example", INBOX_URL="imap://u:p%40@h:143/INBOX")
    assert (mail.inbound_address, mail.inbox_url) == ("in@news.acme.example", "imap://u:p%40@h:143/INBOX")
    assert _read() == MailSettings()


@pytest.mark.parametrize(
    ("name", "text", "say"),
    [
        ("POSTMARK", "sesame-open", "user:password"),
        ("SENDGRID", "sesame-open", "the verification key"),
        ("MAILGUN", "sesame", "the account's HTTP webhook signing key"),
        ("SES", "arn:aws:s3:::sesame", "the topic's ARN"),
        ("SES", "arn:aws:sns:eu-west-1:123456789012:mail, sesame", "the topic's ARN"),
        ("RESEND", "re_sesame", "the webhook's signing secret"),
    ],
)
def test_a_webhooks_secret_that_cannot_be_right_is_refused_without_it(name: str, text: str, say: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}_WEBHOOK_SECRET: .*say {say}") as refused:
        _read(**{f"{name}_WEBHOOK_SECRET": text})
    assert "sesame" not in str(refused.value)


def test_two_secrets_may_hold_while_one_is_changed() -> None:
    topics = "arn:aws:sns:eu-west-1:123456789012:mail,arn:aws-cn:sns:cn-north-1:123456789012:mail"
    assert _read(SES_WEBHOOK_SECRET=topics).webhook_secrets == {"ses": topics}
