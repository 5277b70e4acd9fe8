"""The private keys out of `DKIM_KEY`: one, or an RSA and an Ed25519 key side by side.

A key is taken as people have it: a PEM block (PKCS #8 or PKCS #1), the same without its first and last line, or the 32
octets of an Ed25519 key in base64 (RFC 8463, section 3), which is how some tools write it.
"""

import binascii
import re
from base64 import b64decode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from nurture.errors import SettingsError

DkimKey = RSAPrivateKey | Ed25519PrivateKey

FEWEST_BITS = 1024
"""What an RSA key must have (RFC 8301, section 3.2); 2048 is what it should have."""

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_SAY = "say a private key of RSA or Ed25519, as PEM or in base64"


def read_dkim_keys(text: str) -> tuple[DkimKey, ...]:
    r"""Read the keys in their order.

    Args:
        text: PEM blocks one after the other, or keys in base64 with commas between. Line ends may be spelled `\n`, as
            some platforms keep them.

    Raises:
        SettingsError: It is none, or one that cannot sign mails; the message shows nothing of it.
    """
    text = text.replace("\\n", "\n").strip()
    blocks = _PEM.findall(text)
    if _PEM.sub("", text).strip(" \t\r\n,") and blocks:
        raise SettingsError(f"DKIM_KEY: has something beside its PEM blocks; {_SAY}")
    return tuple(_key(body, label) for label, body in blocks or [("", part) for part in text.split(",")])


def _key(text: str, label: str) -> DkimKey:
    if "PUBLIC" in label or "CERTIFICATE" in label:
        raise SettingsError("DKIM_KEY: is the public half, which belongs into the DNS; say the private one")
    if "ENCRYPTED" in label or "ENCRYPTED" in text:
        raise SettingsError("DKIM_KEY: is locked by a password; say it without (openssl pkey -in KEY)")
    try:
        data = b64decode("".join(text.split()), validate=True)
        if len(data) == 32 and not label:
            return Ed25519PrivateKey.from_private_bytes(data)
        key = load_der_private_key(data, password=None)
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm):
        # `from None`: what was read of it could stand in the error
        raise SettingsError(f"DKIM_KEY: cannot be read; {_SAY}") from None
    return _fit(key)


def _fit(key: object) -> DkimKey:
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise SettingsError(f"DKIM_KEY: is of a kind that DKIM does not know; {_SAY}")
    if isinstance(key, RSAPrivateKey) and key.key_size < FEWEST_BITS:
        raise SettingsError(f"DKIM_KEY: has {key.key_size} bits; RSA needs {FEWEST_BITS} at least, 2048 is right")
    return key
