"""Signatures of SNS: RSA with PKCS #1 v1.5, the key in a certificate."""

from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate

HASHES: Mapping[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
"""By the version of the signature."""


def is_signed(pem: bytes, signature: bytes, data: bytes, version: str, now: datetime) -> bool:
    """Whether this is the signature of these octets by the key of a certificate that is valid now."""
    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    if not valid or not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, data, PKCS1v15(), HASHES[version]())
    except InvalidSignature:
        return False
    return True
