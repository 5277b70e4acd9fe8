"""SendGrid's signatures: ECDSA on P-256 with SHA-256."""

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key


def is_signed(key: str, signature: bytes, data: bytes) -> bool:
    """Whether this is the signature of these octets by the private part of a key; never where there is no such key."""
    public = _public_key(key)
    if public is None:
        return False
    try:
        public.verify(signature, data, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=8)
def _public_key(key: str) -> EllipticCurvePublicKey | None:
    """Read a verification key as SendGrid shows it: base64 of SubjectPublicKeyInfo, with or without PEM around."""
    try:
        if "BEGIN" in key:
            found = load_pem_public_key(key.replace("\\n", "\n").encode())
        else:
            found = load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, EllipticCurvePublicKey) else None
