"""What one cell says: a head count, a yes or no, a stage, a reason, a day.

Each function takes the text of a cell that is not empty, and raises `Mistake` where it says none of what it could.
"""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time

from nurture.facts import BASES, STAGES, Basis, Stage
from nurture.grammar.mistakes import Mistake, did_you_mean, one_of, quoted
from nurture.rules.calendar import first_instant, zone_info

LONGEST_FIELD = 500
"""Characters of a name, a title, a company. What is longer is something else, such as rows behind a stray quote."""
MOST_EMPLOYEES = 100_000_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

_WHOLE = re.compile(r"(?P<digits>[0-9]{1,12})([.,]0{1,2})?")
_GROUPED = re.compile(r"(?P<digits>[0-9]{1,3}(?P<mark>[ ,.'’\u00a0\u202f])[0-9]{3}((?P=mark)[0-9]{3})*)([.,]0{1,2})?")
_YES = frozenset(["yes", "y", "true", "t", "1", "x", "on", "unsubscribe", "unsubscribed", "optout", "optedout"])
_NO = frozenset(["no", "n", "false", "f", "0", "off", "subscribe", "subscribed", "optin", "optedin"])
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_BETWEEN_LETTERS = re.compile(r"[^a-z0-9]+")
_BASES: dict[str, Basis] = {
    **{basis: basis for basis in BASES},
    **dict.fromkeys(("opt_in", "optin", "double_opt_in", "express", "express_consent"), "consent"),
    **dict.fromkeys(("legitimate_interests", "li"), "legitimate_interest"),
    **dict.fromkeys(("customer", "soft_opt_in"), "existing_customer"),
    "freely_given_consent_from_contact": "consent",
    "legitimate_interest_prospect_lead": "legitimate_interest",
    "legitimate_interest_existing_customer": "existing_customer",
    "performance_of_a_contract": "contract",
    "enquiry": "inquiry",
}
"""Ours, and those of HubSpot's property "Legal basis for processing contact's data"."""


def words(text: str) -> str:
    """Text on one line, single spaces between words.

    Raises:
        Mistake: it is longer than `LONGEST_FIELD`.
    """
    said = " ".join(text.split())
    if len(said) > LONGEST_FIELD:
        raise Mistake(f"it has more than {LONGEST_FIELD} characters")
    return said


def head_count(text: str) -> int:
    """How many people: `1200`, or with marks between thousands: `1,200`, `1.200`, `1 200`, `1'200`.

    A tail of `.0` is dropped. `1.200` is read as one thousand two hundred, since nobody employs a fifth of a person. A
    range (`51-200`) or an estimate (`200+`) is no number, and none is made up for it.

    Raises:
        Mistake: it is none.
    """
    said = _GROUPED.fullmatch(text) or _WHOLE.fullmatch(text)
    if said is None:
        raise Mistake(f"{quoted(text)} is not a whole number", hint="such as `250` or `1,200`")
    count = int(re.sub("[^0-9]", "", said["digits"]))
    if count > MOST_EMPLOYEES:
        raise Mistake(f"{quoted(text)} is more people than a company has")
    return count


def yes_or_no(text: str) -> bool:
    """A flag in the words of spreadsheets and CRMs.

    Raises:
        Mistake: it is neither; a guess could mail somebody who asked for peace.
    """
    said = _BETWEEN_WORDS.sub("", text).casefold()
    if said in _YES or said in _NO:
        return said in _YES
    raise Mistake(f"{quoted(text)} is neither `yes` nor `no`")


def stage(text: str) -> Stage:
    """A stage, in any case.

    Raises:
        Mistake: there is no such stage.
    """
    said = text.strip().casefold()
    if said in STAGES:
        return said
    raise Mistake(f"{quoted(text)} is no stage", hint=did_you_mean(text, STAGES) or f"it is one of {one_of(STAGES)}")


def reject_reason(text: str, reasons: Collection[str]) -> str:
    """A reject reason's code, in any case, words apart or joined.

    Raises:
        Mistake: the agreement does not have it.
    """
    if text in reasons:
        return text
    said = _BETWEEN_WORDS.sub("_", text.strip()).casefold()
    for code in reasons:
        if code.casefold().replace("-", "_") == said:
            return code
    hint = did_you_mean(said, reasons) or f"it has {one_of(sorted(reasons))}"
    raise Mistake(f"{quoted(text)} is no reject reason of the agreement", hint=hint)


def basis(text: str) -> Basis:
    """A ground for mail, in our words or in those of other tools.

    Raises:
        Mistake: it is none; a guess could mail somebody without any.
    """
    said = _BETWEEN_LETTERS.sub("_", text.strip().casefold()).strip("_")
    found = _BASES.get(said)
    if found is None:
        hint = did_you_mean(said, BASES) or f"it is one of {one_of(BASES)}"
        raise Mistake(f"{quoted(text)} is no ground for mail", hint=hint)
    return found


def instant(text: str, zone: str) -> datetime:
    """A date or a time in ISO 8601; a date is its first moment in `zone`, a time without offset is meant there too.

    Raises:
        Mistake: it is none, or from before 1970.
    """
    said = _instant(text, zone)
    if said is None or said < EARLIEST:
        raise Mistake(f"{quoted(text)} is not a date", hint="such as `2026-03-31` or `2026-03-31T14:05:00+02:00`")
    return said


def _instant(text: str, zone: str) -> datetime | None:
    try:
        if len(text) <= len("2026-W13-2"):
            return first_instant(date.fromisoformat(text), time(), zone)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone_info(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
