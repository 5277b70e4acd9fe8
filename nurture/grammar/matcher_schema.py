"""What editors are told of a signal's `when`."""

from collections.abc import Sequence
from typing import Any

from nurture.grammar.mistakes import one_of
from nurture.grammar.patterns import BLANK, NOT_BLANK, spoken

LONGEST = 200
"""Characters of a tracked event's name, and of a question with its answer."""

_PAGE = {
    "description": "A page that was seen. `*` stands for anything; what follows a `?` or `#` is not looked at.",
    **spoken(
        rf"(?!.*://)[/*][^?#{BLANK[1:-1]}]{{0,499}}",
        ["/pricing*", "/blog/*"],
        "write the path of a page without its site, like `/pricing*`",
    ),
}
_TRACK = {
    "description": "The name of a tracked event, as your site or product sends it. Case and spacing do not matter.",
    "type": "string",
    "pattern": NOT_BLANK,
    "maxLength": LONGEST,
    "examples": ["Webinar Attended", "Demo Requested"],
}
_ANSWER = {
    "description": "An answer to a survey's question: `timing=now`, or `timing` for any answer to that question.",
    "type": "string",
    "pattern": rf"^[^=]*[^={BLANK[1:-1]}][^=]*(?:=[\s\S]*{NOT_BLANK}[\s\S]*)?$",
    "errorMessage": "write a question and an answer, like `timing=now`, or the question alone",
    "maxLength": LONGEST,
    "examples": ["timing=now", "timing"],
}
_IF = {
    "description": "What must hold besides, of the event's own properties (`event.…`) or of the lead.",
    "type": "string",
    "pattern": NOT_BLANK,
    "examples": ["event.minutes >= 20", "event.plan == 'team'"],
}


def matcher_schema(keys: Sequence[str], words: Sequence[str]) -> dict[str, Any]:
    """A mapping of one of the keys, or one of the words."""
    instead = f"write {one_of(keys)} and what it must be, or {one_of(words)}"
    return {
        "anyOf": [
            _keyed(instead, page=_PAGE, **{"if": _IF}),
            _keyed(instead, track=_TRACK, **{"if": _IF}),
            _keyed(instead, answer=_ANSWER),
            spoken("|".join(words), list(words), instead),
        ],
        "examples": ["clicked"],
        "defaultSnippets": [
            {"label": "page: a page was seen", "body": {"page": "${1:/pricing*}"}},
            {"label": "track: an event came", "body": {"track": "${1:Webinar Attended}"}},
            {"label": "answer: a survey was answered", "body": {"answer": "${1:timing=now}"}},
        ],
    }


def _keyed(instead: str, **properties: dict[str, Any]) -> dict[str, Any]:
    required = [next(iter(properties))]
    closed = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"title": required[0], **closed, "errorMessage": instead}
