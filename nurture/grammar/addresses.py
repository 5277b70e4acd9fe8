"""E-mail addresses: strict where SMTP would break, sane elsewhere.

An address here is what RFC 5321 calls a mailbox, of dot-atoms and a domain name. Quoted local parts, comments, address
literals and local parts beyond ASCII (which need SMTPUTF8 all the way) are refused: next to nobody has one, and each of
them breaks some program on the way. Domains beyond ASCII become IDNA's `xn--` form.
"""

import re
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr
from functools import lru_cache
from typing import Annotated, Any

from pydantic_core import CoreSchema

from nurture.grammar.mistakes import Mistake
from nurture.grammar.patterns import BLANK, spoken
from nurture.grammar.spoken import Spoken

_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MAILBOX = re.compile(r"\s*(?P<name>.*?)\s*<(?P<address>[^<>]*)>\s*", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BLANKS = " \t\u00a0\u200b\ufeff"
_LONGEST = 254
"""RFC 5321 §4.5.3.1.3: 256 octets with the angle brackets."""
_LONGEST_NAME = 100


class AddressMistake(Mistake):
    """No address that a mail could be sent to."""

    topic = "address"


def parse_address(text: object) -> str:
    """Take one bare address, in lower case, its domain in ASCII. Blanks around it, as spreadsheets leave, are dropped.

    Raises:
        AddressMistake: it is none, with the reason. The reason does not repeat the address.
    """
    address = text.strip(_BLANKS) if isinstance(text, str) else text
    if not isinstance(address, str) or not address:
        raise AddressMistake("an e-mail address is missing" if not address else "that is not an e-mail address")
    if _CONTROL.search(address):
        raise AddressMistake("an e-mail address has no line breaks or control characters")
    if address.split() != [address]:
        raise AddressMistake("an e-mail address has no spaces in it")
    if address.count("@") != 1:
        raise AddressMistake("an e-mail address has one @")
    if len(address) > _LONGEST:
        raise AddressMistake(f"an e-mail address has at most {_LONGEST} characters")
    local, _, domain = address.partition("@")
    whole = f"{_local(local)}@{_domain(domain)}"
    if len(whole) > _LONGEST:
        raise AddressMistake(f"an e-mail address has at most {_LONGEST} characters")
    return whole


def _local(local: str) -> str:
    if not local:
        raise AddressMistake("there is nothing before the @")
    if len(local) > 64:
        raise AddressMistake("there are more than 64 characters before the @")
    if not local.isascii():
        raise AddressMistake("only unaccented letters can stand before the @")
    if not _ATEXT.fullmatch(local):
        wrong = next(character for character in local if not _ATEXT.fullmatch(character))
        raise AddressMistake(f"`{wrong}` cannot stand before the @")
    if local[0] == "." or local[-1] == "." or ".." in local:
        raise AddressMistake("before the @, a dot stands alone and between two other characters")
    return local.lower()


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    if not domain:
        raise AddressMistake("there is nothing after the @")
    try:
        name = domain.lower() if domain.isascii() else domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise AddressMistake("what follows the @ is not a domain name") from None
    labels = name.split(".")
    if len(labels) < 2:
        raise AddressMistake("the domain after the @ has no dot in it")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise AddressMistake("what follows the @ is not a domain name")
    return name


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address, as in a From header. The name may be empty."""

    name: str
    address: str

    def __str__(self) -> str:
        """A valid header value: ASCII, the name quoted or in encoded words (RFC 2047) where it must be."""
        if self.name.isascii():
            return formataddr((self.name, self.address))
        encoded = Header(self.name, "utf-8", maxlinelen=75).encode(linesep="")
        return f"{encoded} <{self.address}>"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Read from text."""
        return _MAILBOX_TYPE.__get_pydantic_core_schema__(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: Any) -> dict[str, Any]:
        """Text."""
        return _MAILBOX_TYPE.__get_pydantic_json_schema__(core, handler)


def parse_mailbox(value: object) -> Mailbox:
    """Read `Ada at Acme <ada@news.acme.example>`, or a bare address.

    Raises:
        AddressMistake: the address is none, or the name could not stand in a header.
    """
    if isinstance(value, Mailbox):
        return value
    parts = _MAILBOX.fullmatch(value) if isinstance(value, str) else None
    if not parts:
        return Mailbox("", parse_address(value))
    name = parts["name"]
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"')
    if _CONTROL.search(name):
        raise AddressMistake("a sender's name has no line breaks or control characters")
    if len(name) > _LONGEST_NAME:
        raise AddressMistake(f"a sender's name has at most {_LONGEST_NAME} characters")
    return Mailbox(name.strip(), parse_address(parts["address"]))


def _say(mailbox: Mailbox) -> str:
    """Write it so that it is read as the same: quotes around a name are no part of it."""
    name = mailbox.name
    if len(name) > 1 and name[0] == name[-1] == '"':
        quoted = name.replace('"', '\\"')
        name = f'"{quoted}"'
    return f"{name} <{mailbox.address}>" if name else mailbox.address


# A pattern of our own: programs mean different things by JSON Schema's `format: email`, and some refuse what is right.
_AT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
_PLAIN_DOMAIN = (
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+(?![0-9]+(?![A-Za-z0-9-]))[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
)
_ANY_DOMAIN = r"(?=[^@<>]*[^\x00-\x7f])[^@<>\x00-\x20]+"
_ADDRESS = rf"[ \t\xa0\u200b\ufeff]*{_AT}(?:{_PLAIN_DOMAIN}|{_ANY_DOMAIN})[ \t\xa0\u200b\ufeff]*"
_NAMED = rf"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*{BLANK}*<{_ADDRESS}>"

_MAILBOX_TYPE = Spoken(
    parse_mailbox,
    say=_say,
    schema=spoken(
        f"{_NAMED}|{_ADDRESS}",
        ["Ada at Acme <ada@news.acme.example>"],
        "write a name and an address, like `Ada at Acme <ada@news.acme.example>`",
    ),
)

ADDRESS_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": f"^{_ADDRESS}$",
    "errorMessage": "write an e-mail address, like `ada@acme.example`",
    "examples": ["ada@acme.example"],
}

Address = Annotated[str, Spoken(parse_address, schema=ADDRESS_SCHEMA)]
"""A bare address in lower case."""
