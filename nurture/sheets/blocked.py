"""Rows of another tool's list of addresses that must not be mailed: who, and for what reason in our words.

The names of columns and the words in them are those of exports of Mailchimp ("Email Address", `UNSUB_TIME`,
`CLEAN_TIME`), HubSpot ("Unsubscribed from all email"), listmonk (`status`), Postmark (`SuppressionReason`), Amazon SES
(`Reason`), SendGrid and Brevo, as of 2026.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nurture.errors import NurtureError, UsageError
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake, did_you_mean, quoted
from nurture.rules.suppressing import Kind
from nurture.sheets.readings import Reject, Source
from nurture.sheets.table import Broken, Row

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_EMAIL = ("email", "emailaddress", "mail", "address", "recipient", "contactemail", "subscriberemail")
_REASON = ("reason", "suppressionreason", "status", "suppressiontype", "type", "subscriptionstatus")
_TOPIC = ("topic",)
_TELLING: Mapping[str, Kind] = {
    "unsubtime": "unsubscribed",
    "unsubscribedfromallemail": "unsubscribed",
    "optedout": "unsubscribed",
    "cleantime": "bounced",
    "emailhardbouncereason": "bounced",
}
"""Columns that say it by being filled."""
_WORDS: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            "unsubscribed",
            "unsubscribe",
            "unsub",
            "optout",
            "optedout",
            "blocklisted",
            "blacklisted",
            "globalunsubscribe",
        ),
        "unsubscribed",
    ),
    **dict.fromkeys(
        (
            "bounced",
            "bounce",
            "hardbounce",
            "hardbounced",
            "cleaned",
            "invalid",
            "invalidemail",
            "undeliverable",
            "dead",
        ),
        "bounced",
    ),
    **dict.fromkeys(
        ("complained", "complaint", "spamcomplaint", "spam", "spamreport", "abuse", "markedasspam"), "complained"
    ),
    **dict.fromkeys(("manual", "manualsuppression", "blocked", "suppressed", "donotcontact", "dnc"), "manual"),
    "competitor": "competitor",
}
_FINE = frozenset({"enabled", "active", "subscribed", "confirmed", "optin", "optedin"})
_NO = frozenset({"", "no", "false", "0", "n"})


@dataclass(frozen=True, slots=True)
class Blocked:
    """An address that must not be mailed: why, about which topic (`""` for all mail), and where it stands."""

    email: str
    reason: Kind
    topic: str
    source: Source


@dataclass(frozen=True, slots=True)
class Marks:
    """Which columns say what: positions."""

    email: int
    reason: int | None
    topic: int | None
    telling: tuple[tuple[int, Kind], ...]


def find_marks(header: Sequence[str], asked: Mapping[str, str], name: str) -> Marks:
    """Say what each column holds; `asked` (`email`, `reason` or `topic` → column) goes before their own names.

    Raises:
        UsageError: `asked` names something else, or a column that there is not.
        NurtureError: No column holds addresses.
    """
    folded = [_fold(column) for column in header]
    for field, column in asked.items():
        if field not in ("email", "reason", "topic"):
            raise UsageError(f"--map takes email, reason or topic; {field!r} is none of them")
        if column not in header:
            hint = did_you_mean(column, header)
            raise UsageError(f"--map: {name} has no column {column!r}{f' ({hint})' if hint else ''}")
    found: dict[str, int | None] = {}
    for field, names in (("email", _EMAIL), ("reason", _REASON), ("topic", _TOPIC)):
        if field in asked:
            found[field] = list(header).index(asked[field])
        else:
            found[field] = next((folded.index(one) for one in names if one in folded), None)
    email = found["email"]
    if email is None:
        listed = ", ".join(f"`{column}`" for column in header)
        raise NurtureError(
            f"{name}: no column is called `email`; say which with --map email=COLUMN; there are {listed}"
        )
    telling = tuple((place, _TELLING[fold]) for place, fold in enumerate(folded) if fold in _TELLING)
    return Marks(email, found["reason"], found["topic"], telling)


def read_blocked(
    rows: Iterable[Row], header: Sequence[str], marks: Marks, otherwise: Kind | None
) -> Iterator[Blocked | Reject]:
    """Say for each row who must not be mailed, or why it says nothing. `otherwise`: for rows without a reason."""
    for row in rows:
        source = Source(row.line, row.cells, tuple(header))
        if isinstance(row, Broken):
            yield Reject(row.reason, source)
            continue
        try:
            email = parse_address(_cell(row, marks.email))
            yield Blocked(email, _reason(row, marks, otherwise), _cell(row, marks.topic), source)
        except Mistake as mistake:
            yield Reject(str(mistake), source)


def _reason(row: Row, marks: Marks, otherwise: Kind | None) -> Kind:
    said = _cell(row, marks.reason)
    word = _fold(said)
    if word in _FINE:
        raise Mistake(f"{quoted(said)} says that the address may be mailed")
    if word in _WORDS:
        return _WORDS[word]
    for place, kind in marks.telling:
        if _cell(row, place).casefold() not in _NO:
            return kind
    if otherwise is not None:
        return otherwise
    why = f"{quoted(said)} is no reason that is known" if said else "the row gives no reason"
    raise Mistake(why, hint="say --reason for all such rows")


def _cell(row: Row, place: int | None) -> str:
    return row.cells[place].strip() if place is not None and place < len(row.cells) else ""


def _fold(text: str) -> str:
    return _NOT_LETTERS.sub("", text.casefold())
