"""Whom a mail goes to, for APIs that read a list of mailboxes where we write one address."""

import re

_ONE = re.compile(r"[^\x00-\x20\x7f<>@,;:\"\\()\[\]]{1,64}@[^\x00-\x20\x7f<>@,;:\"\\()\[\]]{1,255}")


def is_one_address(text: str) -> bool:
    """Tell whether this is a single bare address, which nobody can read as two, or as a name with one.

    Leads' addresses were checked when they came in (`grammar.addresses`); this looks once more, where a second
    recipient would be somebody else's mail.
    """
    return _ONE.fullmatch(text) is not None
