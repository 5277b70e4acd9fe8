"""AWS Signature Version 4, as far as sending a mail needs it: one request, its whole body known, no query.

The algorithm is AWS's, published as "Create a signed AWS API request". AWS's own library weighs thirty megabytes and
blocks; the tests ask it whether it would have signed the same.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

SERVICE = "ses"
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. `session_token` belongs to keys that expire."""

    key_id: str
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be signed: a request to `https://{host}{path}`. `headers` are sent and signed beside `Host`."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def signed(request: Request, credentials: Credentials, *, region: str, at: datetime) -> dict[str, str]:
    """Give all headers of the request, `Authorization` among them. `at` is the real time."""
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {name.lower(): " ".join(value.split()) for name, value in request.headers.items()}
    headers |= {"host": request.host, "x-amz-date": moment}
    if credentials.session_token:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(headers))
    scope = f"{moment[:8]}/{region}/{SERVICE}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, scope, _sha256(_canonical(request, headers, names).encode())))
    signature = _hmac(_key(credentials.secret, moment[:8], region), to_sign).hex()
    proof = f"Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return headers | {"authorization": f"{_ALGORITHM} {proof}"}


def _canonical(request: Request, headers: Mapping[str, str], names: str) -> str:
    """The request in the one form that both sides can compute; the empty line is the query."""
    lines = (f"{name}:{headers[name]}" for name in sorted(headers))
    return "\n".join((request.method, quote(request.path, safe="/~"), "", *lines, "", names, _sha256(request.body)))


def _key(secret: str, day: str, region: str) -> bytes:
    """Derive the day's key, so that what is computed with it is of no use anywhere else."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, SERVICE, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
