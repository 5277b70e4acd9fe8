"""DKIM signatures (RFC 6376) by RSA and by Ed25519 (RFC 8463), header relaxed and body simple.

By our own hand, because the bodies are ours: they leave with CRLF line ends and no blank before one, so that `simple`
is nearly free and survives every relay that leaves a mail as it is. Only what the RFCs ask of a signer is here.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from nurture.dkim_keys import DkimKey, read_dkim_keys
from nurture.mail_settings import MailSettings

SIGNED = (
    "from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version",
    "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id",
    "auto-submitted",
)  # fmt: skip
"""What is signed where it is there: RFC 6376, section 5.4.1, and both fields of one-click (RFC 8058, section 4)."""

SEALED = ("from", "to", "subject", "date", "reply-to")
"""Signed once more than they are there, so that nobody can add another one on top (RFC 6376, section 8.15)."""

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:([^\r]*(?:\r\n[ \t][^\r]*)*)\r\n")
_BLANKS = re.compile(rb"[ \t]+")
_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs mails for one domain. May be used from any thread.

    Attributes:
        domain: Whose signature it is, `d=`.
        keys: Each key with its selector, `s=`; a mail gets one signature by each.
    """

    domain: str
    keys: tuple[tuple[str, DkimKey], ...] = field(repr=False)

    def signed(self, data: bytes, at: int) -> bytes:
        """Give a whole message with its signatures on top.

        Args:
            data: The message, with CRLF line ends and no lone CR or LF (`Mail.data`).
            at: When it is signed, `t=`: seconds since 1970 by the machine's own clock, which receivers compare.
        """
        head, _, body = data.partition(b"\r\n\r\n")
        names, canonical = _chosen(head + b"\r\n")
        digest = b64encode(sha256(_simple_body(body)).digest()).decode()
        signatures = [self._signature(selector, key, names, canonical, digest, at) for selector, key in self.keys]
        return b"".join([*signatures, data])

    def _signature(
        self, selector: str, key: DkimKey, names: Sequence[str], canonical: bytes, digest: str, at: int
    ) -> bytes:
        kind = "rsa" if isinstance(key, RSAPrivateKey) else "ed25519"
        unsigned = (
            f"v=1; a={kind}-sha256; c=relaxed/simple; d={self.domain};\r\n s={selector}; t={at};\r\n"
            f"{_folded(' h=', names)};\r\n bh={digest};\r\n b="
        ).encode("ascii")
        signing = canonical + b"dkim-signature:" + _relaxed(unsigned)
        if isinstance(key, RSAPrivateKey):
            made = key.sign(signing, PKCS1v15(), SHA256())
        else:
            made = key.sign(sha256(signing).digest())  # RFC 8463, section 3: the hash is what is signed
        written = b64encode(made)
        lines = [written[start : start + _WIDTH] for start in range(0, len(written), _WIDTH)]
        return b"DKIM-Signature: " + unsigned + b"\r\n ".join(lines) + b"\r\n"


def signer_for(settings: MailSettings, sender: str) -> Signer | None:
    """Give the signer that the environment asks for; None where it has no key.

    Args:
        settings: The environment's words on mail.
        sender: The address in `From`, whose domain signs where `DKIM_DOMAIN` names none.
    """
    if settings.dkim_key is None:
        return None
    keys = tuple(zip(settings.dkim_selectors, read_dkim_keys(settings.dkim_key), strict=True))
    return Signer(settings.dkim_domain or sender.rpartition("@")[2].lower(), keys)


def _chosen(head: bytes) -> tuple[list[str], bytes]:
    """Give the names for `h=`, and the fields that they stand for, canonical: of several the last one first (5.4.2)."""
    fields: dict[str, list[bytes]] = {}
    for name, value in _FIELD.findall(head):
        fields.setdefault(name.decode("ascii").lower(), []).insert(0, value)
    names = [name for name in SIGNED for _ in range(len(fields.get(name, ())) + (name in SEALED))]
    chosen = [f"{name}:".encode("ascii") + _relaxed(value) for name in SIGNED for value in fields.get(name, ())]
    return names, b"".join(line + b"\r\n" for line in chosen)


def _relaxed(value: bytes) -> bytes:
    """Give a field's value on one line, each run of blanks a space, none at the ends."""
    return _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _simple_body(body: bytes) -> bytes:
    """Give the body with one line break at its end, whatever stood there (RFC 6376, section 3.4.3)."""
    return body.rstrip(b"\r\n") + b"\r\n"


def _folded(start: str, names: Sequence[str]) -> str:
    lines, line = [], start
    for number, name in enumerate(names):
        word = name if number == 0 else f":{name}"
        if len(line) + len(word) > _WIDTH:
            lines.append(line)
            line = " "
        line += word
    return "\r\n".join([*lines, line])
