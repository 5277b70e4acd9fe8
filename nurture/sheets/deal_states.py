"""How other CRMs call the states of a deal, and which of ours that is."""

import re
from collections.abc import Mapping, Sequence

from nurture.errors import UsageError
from nurture.facts import HandoffState
from nurture.grammar.mistakes import Mistake, did_you_mean, one_of, quoted

STATES: tuple[HandoffState, ...] = (
    "offered", "accepted", "contacted", "qualified", "won", "lost", "rejected", "returned",
)  # fmt: skip
"""States that a handoff may be imported in."""
_WORDS: dict[str, HandoffState] = {
    **{state: state for state in STATES},
    **dict.fromkeys(("new", "open", "prospecting", "prospect", "unassigned", "notstarted", "mql"), "offered"),
    **dict.fromkeys(
        ("engaging", "working", "inprogress", "active", "assigned", "attemptedtocontact", "attempting", "sal",
         "qualification", "started"),
        "accepted",
    ),
    **dict.fromkeys(("connected", "workingcontacted", "appointmentscheduled", "meetingscheduled"), "contacted"),
    **dict.fromkeys(
        ("sql", "opportunity", "opendeal", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin",
         "contractsent", "needsanalysis", "valueproposition", "iddecisionmakers", "perceptionanalysis", "proposal",
         "proposalpricequote", "negotiation", "negotiationreview"),
        "qualified",
    ),
    **dict.fromkeys(("closedwon", "customer", "converted", "closedconverted", "success"), "won"),
    **dict.fromkeys(("closedlost", "dead", "failed"), "lost"),
    **dict.fromkeys(("unqualified", "disqualified", "notqualified", "closednotconverted", "badtiming"), "rejected"),
    **dict.fromkeys(("recycled", "nurture", "returnedtomarketing"), "returned"),
}  # fmt: skip
"""Ours, and those that the pipelines of HubSpot and Salesforce begin with."""
_BETWEEN_LETTERS = re.compile(r"[^a-z0-9]+")


def parse_states(said: Sequence[str]) -> dict[str, HandoffState]:
    """Read `WORD=STATE` as given to `--state`, once or more; by the word as `state` compares it.

    Raises:
        UsageError: One is not of this form, or names no state of ours.
    """
    found: dict[str, HandoffState] = {}
    for one in said:
        word, equals, name = (part.strip() for part in one.rpartition("="))
        state = next((state for state in STATES if state == name.casefold()), None)
        if not (word and equals):
            raise UsageError(f"--state takes WORD=STATE, such as 'Verbal yes=qualified'; {one!r} is not that")
        if state is None:
            raise UsageError(f"--state: {quoted(name)} is no state of a handoff; it is one of {one_of(STATES)}")
        found[_fold(word)] = state
    return found


def state(text: str, asked: Mapping[str, HandoffState]) -> HandoffState:
    """The state of ours that this word stands for: as `asked`, else by what the usual pipelines mean by it.

    Raises:
        Mistake: nobody knows.
    """
    word = _fold(text)
    found = asked.get(word) or _WORDS.get(word)
    if found is None:
        near = did_you_mean(text, STATES) or f"it is one of {one_of(STATES)}"
        raise Mistake(f"{quoted(text)} is no state that is known", hint=f"{near}; or say --state '{text[:40]}=STATE'")
    return found


def _fold(word: str) -> str:
    return _BETWEEN_LETTERS.sub("", word.casefold())
