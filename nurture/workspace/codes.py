"""The stable code of every problem that can be found in a workspace. A code is never given a second meaning.

N10x the file itself · N11x keys and kinds of values · N12x values of the grammar · N13x conditions · N14x what refers
to something else · N15x what contradicts itself · N16x warnings
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of problem: its code, and what it is in a few words."""

    code: str
    title: str


UNREADABLE = Code("N101", "the file cannot be read")
NOT_UTF8 = Code("N102", "the file is not UTF-8")
TOO_LARGE = Code("N103", "the file is too large")
EMPTY = Code("N104", "the file is empty")
SYNTAX = Code("N105", "the file is not valid YAML")
DUPLICATE_KEY = Code("N106", "a key stands twice in one mapping")
TOO_COMPLEX = Code("N107", "too deep, or too much once its aliases are written out")
FOREIGN_YAML = Code("N108", "YAML that has no meaning here: tags, several documents, keys that are not text")
NO_AGREEMENT = Code("N109", "there is no agreement, or no campaign")

UNKNOWN_KEY = Code("N110", "a key that is not known there")
MISSING_KEY = Code("N111", "a key that must be there is not")
WRONG_KIND = Code("N112", "a value of the wrong kind: a list where a mapping must be, text where a number must be")
NOT_ALLOWED = Code("N113", "a word that is not one of those allowed")
OUT_OF_RANGE = Code("N114", "too small, too large, too short or too long")
BAD_IDENTIFIER = Code("N115", "an id with characters that ids do not have")

DURATION = Code("N120", "no duration")
WEEKDAYS = Code("N121", "no weekdays")
TIME = Code("N122", "no time of day, or no hours")
AGAIN = Code("N123", "no `again`")
ZONE = Code("N124", "no time zone")
HOLIDAYS = Code("N125", "no holiday calendar")
ADDRESS = Code("N126", "no e-mail address")
QUANTITY = Code("N127", "no quantity")
MATCHER = Code("N128", "nothing that a signal could match")
ASSIGNEES = Code("N129", "nobody to assign to")

CONDITION = Code("N130", "a condition that cannot be understood, or names what does not exist")
CONDITION_STEP = Code("N131", "a condition that asks about a step that the campaign does not have")

UNKNOWN_REASON = Code("N140", "a reject reason that the agreement does not have")
UNKNOWN_TEMPLATE = Code("N141", "a template that does not exist")
UNKNOWN_CAMPAIGN = Code("N142", "a campaign that does not exist")
DUPLICATE_STEP = Code("N143", "an id that two steps share")
REASON_LEADS_NOWHERE = Code("N144", "a reject reason that leads to nurture, and no live campaign takes it")
AMBIGUOUS_TEMPLATE = Code("N145", "two templates of one name")
MISPLACED_FILE = Code("N146", "a file whose name or place means that it would be passed over")

CONTRADICTION = Code("N150", "values that do not go together")

PROBABLE_TYPO = Code("N160", "a name in a condition that is probably misspelt")
REASON_NEVER_COMES = Code("N161", "a campaign takes a reason whose leads are never nurtured")

ALL: tuple[Code, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Code))

BY_TOPIC: dict[str, Code] = {
    "value": CONTRADICTION,
    "duration": DURATION,
    "weekdays": WEEKDAYS,
    "time": TIME,
    "again": AGAIN,
    "zone": ZONE,
    "holidays": HOLIDAYS,
    "address": ADDRESS,
    "assignees": ASSIGNEES,
    "quantity": QUANTITY,
    "matcher": MATCHER,
    "page": MATCHER,
    "condition": CONDITION,
}
"""The code of a `Mistake`, by its topic."""
