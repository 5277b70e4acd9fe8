"""What `MAIL_URL` says, as far as it can be known without asking anybody: the way out, and who we are there.

The mailers read the options behind its `?` (`nurture.mailers`). Whoever sends by Amazon SES may name the key in AWS's
own variables; it is written into the URL here, so that a mailer needs nothing else.
"""

import difflib
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, quote, urlsplit

from nurture.errors import SettingsError

MAIL_SCHEMES = ("smtp", "smtps", "postmark", "sendgrid", "mailgun", "ses", "resend")
AWS_SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
EXAMPLES = {
    "smtp": "smtp://user:password@host:587",
    "smtps": "smtps://user:password@host",
    "postmark": "postmark://SERVER-TOKEN",
    "sendgrid": "sendgrid://KEY",
    "mailgun": "mailgun://KEY@news.acme.example",
    "ses": "ses://eu-west-1",
    "resend": "resend://KEY",
}
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+){1,3}-[0-9]{1,2}")


def read_mail_url(given: Mapping[str, str]) -> str | None:
    """Read and check `MAIL_URL`; None where it is not set.

    Raises:
        SettingsError: It names no way to send mail, or says too little for it. No key and no password is shown.
    """
    text = given.get("MAIL_URL")
    if text is None:
        return None
    address = _split(text)
    if not address.netloc or (address.scheme in ("smtp", "smtps") and not address.hostname):
        raise _wrong(f"says nothing after {address.scheme}://; say {EXAMPLES[address.scheme]}")
    if address.scheme in ("postmark", "sendgrid", "resend") and (address.username is not None or address.path):
        raise _wrong(f"is not {EXAMPLES[address.scheme]} (percent-encode :/?#@ in a key)")
    if address.scheme == "mailgun":
        _check_mailgun(address)
    return _with_aws_key(address, given) if address.scheme == "ses" else text


def _split(text: str) -> SplitResult:
    try:
        address = urlsplit(text)
        _ = address.port if address.scheme in ("smtp", "smtps") else None  # is checked only when asked for
    except ValueError:
        raise _wrong(f"is malformed (percent-encode :/?#@ in a password); say {EXAMPLES['smtp']}") from None
    if not address.scheme or "://" not in text:
        raise _wrong(f"is no address; say {EXAMPLES['smtp']}")
    if address.scheme not in MAIL_SCHEMES:
        near = difflib.get_close_matches(address.scheme, MAIL_SCHEMES, n=1)
        hint = f"; did you mean {near[0]}://?" if near else ""
        raise _wrong(f"{address.scheme}:// is unknown; known are {', '.join(MAIL_SCHEMES)}{hint}")
    return address


def _check_mailgun(address: SplitResult) -> None:
    key, at, domain = address.netloc.rpartition("@")
    if not at or not key:
        raise _wrong(f"names no key; say {EXAMPLES['mailgun']}")
    if not _DOMAIN.fullmatch(domain):
        raise _wrong(f"names no domain of Mailgun; say {EXAMPLES['mailgun']}")


def _with_aws_key(address: SplitResult, given: Mapping[str, str]) -> str:
    """The URL with a key in it: its own, or AWS's variables'."""
    login, at, region = address.netloc.rpartition("@")
    if not _REGION.fullmatch(region) or address.path:
        raise _wrong(f"names no region of AWS; say {EXAMPLES['ses']} (percent-encode :/?#@ in a secret)")
    key, _, secret = login.partition(":")
    if at:
        if not key or not secret:
            raise _wrong("names half a key; say ses://KEY:SECRET@eu-west-1, or set AWS_ACCESS_KEY_ID and its secret")
        return address.geturl()
    key, secret, token = (given.get(name, "") for name in AWS_SECRETS)
    if not key or not secret:
        missing = " and ".join(name for name, value in zip(AWS_SECRETS, (key, secret), strict=False) if not value)
        raise _wrong(f"names no key of AWS, and {missing} {'are' if ' and ' in missing else 'is'} not set")
    more = "&".join(part for part in (address.query, f"session_token={quote(token, safe='')}" if token else "") if part)
    return f"ses://{quote(key, safe='')}:{quote(secret, safe='')}@{region}{'?' if more else ''}{more}"


def _wrong(what: str) -> SettingsError:
    return SettingsError(f"MAIL_URL: {what}")
