"""Calls signed as providers sign them, by other libraries than ours."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook as StandardWebhook

WHSEC = "whsec_" + base64.b64encode(b"a secret of thirty-two octets...").decode()
SIGNING_KEY = "key-of-the-tests"
POSTMARK = "hook:p\u00e4ss:word"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"


@dataclass
class Call:
    """One call to a hook."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def postmark(said: Any, secret: str = POSTMARK) -> Call:
    shown = base64.b64encode(secret.encode()).decode()
    return Call(json.dumps(said).encode(), {"content-type": "application/json", "authorization": f"Basic {shown}"})


@cache
def sendgrid_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """A key of its own for each number."""
    del number
    return ec.generate_private_key(ec.SECP256R1())


def sendgrid_secret(number: int = 0) -> str:
    """The public key as SendGrid shows it."""
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(sendgrid_key(number).public_key().public_bytes(*form)).decode()


def sendgrid(
    said: Any, at: datetime, number: int = 0, body: bytes | None = None, kind: str = "application/json"
) -> Call:
    body = json.dumps(said).encode() if body is None else body
    timestamp = str(int(at.timestamp()))
    signature = sendgrid_key(number).sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return Call(
        body,
        {
            "content-type": kind,
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
            "x-twilio-email-event-webhook-timestamp": timestamp,
        },
    )


def mailgun_signature(at: datetime, token: str = "token", key: str = SIGNING_KEY) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    signature = hmac.new(key.encode(), (timestamp + token).encode(), sha256).hexdigest()
    return {"timestamp": timestamp, "token": token, "signature": signature}


def mailgun(said: Any, at: datetime, token: str = "token", key: str = SIGNING_KEY) -> Call:
    body = {"signature": mailgun_signature(at, token, key), "event-data": said}
    return Call(json.dumps(body).encode(), {"content-type": "application/json"})


def resend(said: Any, at: datetime, secret: str = WHSEC, id_: str = "msg_1") -> Call:
    body = json.dumps(said)
    signature = StandardWebhook(secret).sign(id_, at, body)
    headers = {"svix-id": id_, "svix-timestamp": str(int(at.timestamp())), "svix-signature": signature}
    return Call(body.encode(), {"content-type": "application/json", **headers})


@cache
def _amazon(number: int = 0) -> tuple[rsa.RSAPrivateKey, bytes]:
    del number
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2016, 1, 1)).not_valid_after(datetime(2036, 1, 1))  # noqa: DTZ001 - UTC
    return key, made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def certificate(number: int = 0) -> bytes:
    return _amazon(number)[1]


def sns(message: Any, at: datetime, *, version: str = "2", number: int = 0, **changes: Any) -> Call:
    """An envelope around a message, signed as AWS's guide says; `changes` are made before, `forged` after that."""
    forged = changes.pop("forged", {})
    envelope = {
        "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    } | changes  # fmt: skip
    fields = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if envelope["Type"] != "Notification":
        fields = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{envelope[name]}\n" for name in fields if name in envelope)
    algorithm = {"1": hashes.SHA1, "2": hashes.SHA256}.get(version, hashes.SHA256)()
    signature = _amazon(number)[0].sign(text.encode(), padding.PKCS1v15(), algorithm)
    envelope["Signature"] = base64.b64encode(signature).decode()
    return Call(json.dumps(envelope | forged).encode(), {"content-type": "text/plain; charset=UTF-8"})
