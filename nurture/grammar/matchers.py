"""What a signal matches: `{page: "/pricing*"}`, `{track: "Webinar Attended"}`, `{answer: "timing=now"}`, `clicked`."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from pydantic_core import CoreSchema

from nurture.grammar.conditions import Condition, ConditionError, parse_condition
from nurture.grammar.matcher_schema import LONGEST, matcher_schema
from nurture.grammar.mistakes import Mistake, did_you_mean, one_of, quoted
from nurture.grammar.paths import parse_page, path_matches, plain_path
from nurture.grammar.places import SIGNAL
from nurture.grammar.spoken import Spoken

__all__ = ["Matcher", "MatcherMistake", "parse_matcher", "path_matches", "plain_path", "said", "same_name"]

MatcherKind = Literal["page", "track", "click", "open", "reply", "answer"]
WORDS: dict[str, MatcherKind] = {"clicked": "click", "opened": "open", "replied": "reply"}
_KEYS: tuple[MatcherKind, ...] = ("page", "track", "answer")
_EXAMPLE = 'such as `{page: "/pricing*"}` or `clicked`'


class MatcherMistake(Mistake):
    """Nothing that a signal could match."""

    topic = "matcher"


def same_name(name: str) -> str:
    """A track's or a question's name as names are compared: without regard to case and spacing."""
    return " ".join(name.split()).casefold()


@dataclass(frozen=True)
class Matcher:
    """What an event must be.

    Attributes:
        kind: of the event.
        pattern: a page's pattern, a track's name or an answer's question; None where any will do.
        answer: the answer to the question; None where any will do.
        condition: what must hold of the event besides, over `event.*`.
    """

    kind: MatcherKind
    pattern: str | None = None
    answer: str | None = None
    condition: Condition | None = None

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that stay the same while it surely matches the same: spacing and quotes do not change them."""
        pattern = self.pattern
        if pattern is not None:
            pattern = pattern.casefold() if self.kind == "page" else same_name(pattern)
        answer = None if self.answer is None else same_name(self.answer)
        condition = self.condition.canonical if self.condition else None
        parts = json.dumps([self.kind, pattern, answer, condition], ensure_ascii=True)
        return sha256(parts.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        """In plain words, for people."""
        what = {"page": "visited", "track": "did", "answer": "answered"}.get(self.kind)
        if not what:
            return next(word for word, kind in WORDS.items() if kind == self.kind)
        answer = "" if self.answer is None else f" with {self.answer}"
        return f"{what} {self.pattern}{answer}" + (f" where {self.condition}" if self.condition else "")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Read from a word or a mapping."""
        return _MATCHER.__get_pydantic_core_schema__(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: Any) -> dict[str, Any]:
        """A word or a mapping."""
        return _MATCHER.__get_pydantic_json_schema__(core, handler)


def parse_matcher(value: object) -> Matcher:
    """Read what stands in a signal's `when`.

    Raises:
        MatcherMistake: it is neither a known word nor a mapping of one known key.
        Mistake: the page, the answer or the condition in it is none; its `path` says which.
    """
    if isinstance(value, Matcher):
        return value
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, dict):
        return _mapping(value)
    raise MatcherMistake(f"{quoted(value)} is nothing that a lead does", hint=_EXAMPLE)


def _word(word: str) -> Matcher:
    kind = WORDS.get(word.strip())
    if kind:
        return Matcher(kind)
    hint = did_you_mean(word, WORDS) or _EXAMPLE
    raise MatcherMistake(f"{quoted(word)} is nothing that a lead does; there are {one_of([*WORDS, *_KEYS])}", hint=hint)


def _mapping(value: dict[object, object]) -> Matcher:
    for key in value:
        if key not in (*_KEYS, "if"):
            hint = did_you_mean(str(key), (*_KEYS, "if"))
            if key in WORDS:
                hint = f"write `when: {key}`"
            raise MatcherMistake(
                f"{quoted(key)} is not known here; there are {one_of((*_KEYS, 'if'))}", hint=hint
            ).below(str(key), at_key=True)
    kinds = [key for key in _KEYS if key in value]
    if len(kinds) != 1:
        raise MatcherMistake(f"exactly one of {one_of(_KEYS)} is needed here")
    kind = kinds[0]
    condition = _condition(kind, value)
    try:
        pattern, answer = _pattern(kind, value[kind])
    except Mistake as mistake:
        raise mistake.below(kind) from None
    return Matcher(kind, pattern, answer, condition)


def _pattern(kind: MatcherKind, value: object) -> tuple[str, str | None]:
    if kind == "page":
        return parse_page(value), None
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        example = "`Webinar Attended`" if kind == "track" else "`timing=now`"
        raise MatcherMistake(f"`{kind}` takes a text of at most {LONGEST} characters", hint=f"such as {example}")
    if kind == "track":
        return value.strip(), None
    question, equals, answer = (part.strip() for part in value.partition("="))
    if not question or (equals and not answer):
        raise MatcherMistake(
            f"{quoted(value)} names no answer", hint="such as `timing=now`, or `timing` for any answer"
        )
    return question, answer or None


def _condition(kind: MatcherKind, value: dict[object, object]) -> Condition | None:
    if "if" not in value:
        return None
    if kind == "answer":
        raise MatcherMistake("`if` stands only beside `page` and `track`").below("if")
    try:
        return parse_condition(value["if"], SIGNAL)
    except ConditionError as mistake:
        raise mistake.below("if") from None


def said(matcher: Matcher) -> str | dict[str, str]:
    """A matcher as it is written in a file: what `parse_matcher` reads."""
    for word, kind in WORDS.items():
        if matcher.kind == kind:
            return word
    answer = "" if matcher.answer is None else f"={matcher.answer}"
    said = {matcher.kind: f"{matcher.pattern}{answer}"}
    return said | ({"if": str(matcher.condition)} if matcher.condition else {})


_MATCHER = Spoken(parse_matcher, say=said, schema=matcher_schema(_KEYS, tuple(WORDS)))
