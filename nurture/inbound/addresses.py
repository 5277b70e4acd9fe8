"""Addresses as they stand in reports: with brackets, a type before them, a display name, in any case."""

import re
from email.utils import getaddresses

_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
ADDRESS = re.compile(
    rf"(?<!{_LOCAL}){_LOCAL}{{1,128}}@(?:[A-Za-z0-9][A-Za-z0-9.\-]{{0,250}}[A-Za-z0-9]|\[[0-9A-Za-z.:]{{3,60}}\])"
)
"""A mail address within a text. Begins where no letter of an address stands before, so that a search stays linear."""

_QUOTED = re.compile(r'"([^"\s@]{1,64})"@([A-Za-z0-9][A-Za-z0-9.-]{0,250})')
_LABEL = re.compile(r"^(?:smtp|rfc822|mailto)=", re.IGNORECASE)
_TYPED = re.compile(r"^\s*[\w.-]{1,30}\s*;\s*")
_DAEMONS = re.compile(
    r"^(?:mailer[-_.]?daemon|post[-_.]?master|(?:\w|-){0,30}daemon|double-bounce|mailadmin|mail-admin|root|daemon|abuse"
    r"|null|nobody|hostmaster|no-?reply|do-?not-?reply|symantec_antivirus.*|virus.*|scanner|avgate|amavis.*)$",
    re.IGNORECASE,
)


def addresses_in(text: str) -> list[str]:
    """Give the addresses of a text, lower case, each once, in order."""
    found = [match[0] for match in ADDRESS.finditer(text)]
    found += [f"{match[1]}@{match[2]}" for match in _QUOTED.finditer(text)]
    return list(dict.fromkeys(plain(address) for address in found))


def plain(address: str) -> str:
    """Give an address lower case and without what sentences leave at its ends."""
    return _LABEL.sub("", address.strip("<>'\"`.,;:*").lower())


def address_in(value: str) -> str | None:
    """Give the address of a field such as `rfc822; <Ada@example.com>`; None where it holds none."""
    found = addresses_in(_TYPED.sub("", value))
    return found[0] if found else None


def recipients_of(values: list[str]) -> tuple[str, ...]:
    """Give the addresses of `To` and its like."""
    try:
        pairs = getaddresses(values)
    except (ValueError, IndexError, TypeError):
        pairs = []
    found = [plain(address) for _, address in pairs if ADDRESS.fullmatch(address.strip())]
    return tuple(dict.fromkeys(found or addresses_in(" ".join(values))))


def is_daemon(address: str) -> bool:
    """Tell whether a program sits behind an address: postmaster, mailer-daemon and their like."""
    return _DAEMONS.match(address.partition("@")[0]) is not None
