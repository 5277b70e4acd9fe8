"""DKIM (RFC 6376): does the DNS hold the public half of the key that signs?"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from nurture.dkim_keys import DkimKey, read_dkim_keys
from nurture.doctor.case import HTTP_PROVIDERS, Case
from nurture.doctor.finding import Finding, ok, problem, skipped, warning

SHORT = 2048
"""Bits below which an RSA key is short (RFC 8301, section 3.2)."""
USUAL_SELECTORS = {
    "sendgrid": ("s1", "s2"),
    "mailgun": ("mx", "smtp", "k1", "pic", "mailo", "krs", "email", "mta"),
    "resend": ("resend",),
}
"""Where providers usually have a domain's key put; Postmark and Amazon give each domain selectors of its own."""


def dkim(case: Case) -> Iterator[Finding]:
    """Look at the record of each selector."""
    domain = case.signing_domain
    if domain is not None:
        keys = read_dkim_keys(case.settings.mail.dkim_key or "")
        for selector, key in zip(case.settings.mail.dkim_selectors, keys, strict=False):
            yield _judged(case, f"{selector}._domainkey.{domain}", key)
    elif case.sends_by_smtp:
        yield warning(
            "dkim",
            "mails are not signed here, for DKIM_KEY is not set",
            "set DKIM_KEY and DKIM_SELECTOR, unless your mail server signs for your domain",
        )
    else:
        yield from _by_provider(case)


def _judged(case: Case, name: str, key: DkimKey) -> Finding:
    record = public_record(key)
    texts = [text for text in case.names.texts(name) if "p=" in text]
    if not texts:
        return problem("dkim", f"{name} has no key", f"add TXT to {name}: {record}")
    tags = tags_of(texts[0])
    if not tags.get("p"):
        return problem("dkim", f"the key at {name} is revoked (p= is empty)", f"put there: {record}")
    if not _same(tags["p"], key):
        return problem("dkim", f"the key at {name} is not that of DKIM_KEY", f"put there: {record}")
    if "y" in tags.get("t", "").split(":"):
        return warning(
            "dkim", f"{name} says that it is a test (t=y)", "drop t=y: receivers take no heed of the signature"
        )
    if isinstance(key, RSAPrivateKey) and key.key_size < SHORT:
        return warning(
            "dkim", f"{name}: the key has {key.key_size} bits", "make one of 2048 bits, under a new selector"
        )
    return ok("dkim", f"{name} has the public half of DKIM_KEY")


def tags_of(record: str) -> dict[str, str]:
    """Read `k=v; …` (section 3.2)."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): re.sub(r"\s", "", value) for name, equals, value in pairs if equals}


def public_record(key: DkimKey) -> str:
    """Give what belongs into the DNS."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    kind = "rsa" if isinstance(key, RSAPrivateKey) else "ed25519"
    if kind == "rsa":
        data = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        data = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; p={binascii.b2a_base64(data, newline=False).decode()}"


def _same(published: str, key: DkimKey) -> bool:
    """Tell whether a published key belongs to ours; RSA keys come with and without their wrapping (erratum 3017)."""
    try:
        data = b64decode(published, validate=True)
        if isinstance(key, RSAPrivateKey):
            found = load_der_public_key(data)
            return isinstance(found, RSAPublicKey) and found.public_numbers() == key.public_key().public_numbers()
        return Ed25519PublicKey.from_public_bytes(data) == key.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False


def _by_provider(case: Case) -> Iterator[Finding]:
    provider = HTTP_PROVIDERS.get(case.scheme, "")
    selectors = USUAL_SELECTORS.get(case.scheme)
    if not provider or case.from_domain is None:
        return
    if selectors is None:
        yield skipped(
            "dkim",
            f"{provider} signs, under a selector of its own; its site says whether {case.from_domain} is verified",
        )
        return
    for selector in selectors:
        if any("p=" in text for text in case.names.texts(f"{selector}._domainkey.{case.from_domain}")):
            yield ok("dkim", f"{selector}._domainkey.{case.from_domain} has a key; {provider} signs")
            return
    yield warning(
        "dkim",
        f"none of {provider}'s usual selectors has a key at {case.from_domain}",
        f"verify {case.from_domain} with {provider}, unless it signs under another selector",
    )
