"""A mail server that others wrote (aiosmtpd), and keys whose public halves stand in a make-believe DNS."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

import dkim
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import Envelope, Session
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nurture.mailers import send_one
from nurture.messages import Mail, Receipt, Sign

RSA = generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()
_RSA_PUBLIC = b64encode(RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
_ED25519_PUBLIC = b64encode(ED25519.public_key().public_bytes_raw())


def dns(domain: str = "news.acme.example") -> Callable[..., bytes | None]:
    """What the domain publishes: `rsa._domainkey` and `ed._domainkey`; nothing for any other name."""
    published = {
        f"rsa._domainkey.{domain}.".encode(): b"v=DKIM1; k=rsa; p=" + _RSA_PUBLIC,
        f"ed._domainkey.{domain}.".encode(): b"v=DKIM1; k=ed25519; p=" + _ED25519_PUBLIC,
    }
    return lambda name, timeout=5: published.get(name)


def verified(data: bytes, domain: str = "news.acme.example") -> list[bool]:
    """Whether each signature of a mail holds, by dkimpy, from the top."""
    count = data.partition(b"\r\n\r\n")[0].lower().count(b"dkim-signature:")
    return [_holds(data, number, domain) for number in range(count)]


def _holds(data: bytes, number: int, domain: str) -> bool:
    try:
        return bool(dkim.DKIM(data, logger=_Quiet()).verify(number, dnsfunc=dns(domain)))
    except dkim.ValidationError:
        return False


class _Quiet:
    """dkimpy tells its log of every mail that does not verify."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_args: None


class Inbox:
    """Keeps what comes, as it comes."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []

    async def handle_DATA(self, _server: Server, _session: Session, envelope: Envelope) -> str:
        """Take all."""
        self.mails.append(envelope)
        return "250 2.0.0 taken"


def received(mails: Sequence[Mail], sign: Sign | None = None) -> list[Envelope]:
    """Send mails by our SMTP mailer, and give them as another program's server has them."""
    inbox = Inbox()

    async def run() -> list[Receipt]:
        running = await asyncio.get_running_loop().create_server(lambda: Server(inbox), "127.0.0.1", 0)
        url = f"smtp://127.0.0.1:{running.sockets[0].getsockname()[1]}"
        try:
            return [await asyncio.to_thread(send_one, url, mail, sign=sign) for mail in mails]
        finally:
            running.close()

    receipts = asyncio.run(run())
    assert [receipt.outcome for receipt in receipts] == ["sent"] * len(mails)
    return inbox.mails


def octets(envelope: Envelope) -> bytes:
    """The mail's octets."""
    content: Any = envelope.content
    assert isinstance(content, bytes)
    return content
