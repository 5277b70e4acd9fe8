"""The stable code of every problem that can be found in a workspace. A code is never given a second meaning.

N10x the file itself · N11x keys and kinds of values · N12x values of the grammar · N13x conditions · N14x what refers
to something else · N15x what contradicts itself, or can never happen · N16x, N17x, N18x warnings
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
REASON_LEADS_NOWHERE = Code("N144", "a reject reason that leads to nurture, and no campaign takes it")
AMBIGUOUS_TEMPLATE = Code("N145", "two templates of one name")
MISPLACED_FILE = Code("N146", "a file whose name or place means that it would be passed over")

CONTRADICTION = Code("N150", "values that do not go together")
NEVER_HOLDS = Code("N151", "a condition that can never hold")
STEP_NEVER = Code("N152", "a step that no lead can ever receive")
NOBODY_ENTERS = Code("N153", "a campaign that no lead can ever enter")
SCORE_OUT_OF_REACH = Code("N154", "a score, or a number of signals, that no lead can reach")
GRADE_OUT_OF_REACH = Code("N155", "a grade that no lead can have")
LINE_NEVER_REACHED = Code("N156", "a line of `assign` that is never reached")
SUCCESSOR_REFUSES = Code("N157", "a `finish.then` that can never take a lead of this campaign")
RETENTION = Code("N158", "events that would be dropped while they are needed")

PROBABLE_TYPO = Code("N160", "a name in a condition that is probably misspelt")
REASON_NEVER_COMES = Code("N161", "a campaign takes a reason whose leads are never nurtured")
ONLY_BY_HAND = Code("N162", "a live campaign that leads enter only by hand")
ALWAYS_HOLDS = Code("N163", "a condition that holds for everybody")
STEP_HARDLY = Code("N164", "a step that hardly any lead can receive")
NO_EFFECT = Code("N165", "something that changes nothing")
OVER_THE_LIMITS = Code("N166", "a cadence that the agreement's limits slow down")
SHORT_HOURS = Code("N167", "hours so short that mails will miss them")
IN_CIRCLES = Code("N168", "`finish.then` that leads round in a circle")
SUCCESSOR_TAKES_NOBODY = Code("N169", "a `finish.then` that takes nobody as things are")
SAME_MAIL = Code("N170", "a mail that one lead could get twice")
SAME_SIGNAL = Code("N171", "two signals that count the same events")
NEVER_ASKED = Code("N172", "an answer that no survey offers")
SAME_PRIORITY = Code("N173", "two campaigns that would take the same leads at the same priority")
SCORE_HARDLY = Code("N174", "a score that hardly any lead can reach")
STAGE_WITH_SALES = Code("N175", "a stage from which no campaign takes leads")
TWICE_IN_A_LIST = Code("N176", "something that stands twice in one list")
REASON_FOR_CUSTOMERS = Code("N177", "a reject reason that only customers' campaigns take")
HARDLY_A_VALUE = Code("N178", "a value that a field hardly has")
REASON_PAUSED = Code("N179", "a reject reason that only a paused campaign takes")
LINE_HARDLY = Code("N180", "a line of `assign` that gets leads only while others are away")
NOBODYS_LEADS = Code("N181", "leads that no line of `assign` gives to anybody")
REP_OF_NO_LINE = Code("N182", "a rep whom no line of `assign` names")
SHARED_NAME = Code("N183", "a name that two reps share")

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
    "retention": RETENTION,
    "page": MATCHER,
    "condition": CONDITION,
}
"""The code of a `Mistake`, by its topic."""
