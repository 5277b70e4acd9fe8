"""Words for leads, in one language or in several, and what is called by them: topics, questions and their answers."""

import re
from typing import Annotated

from pydantic import Field
from pydantic.config import JsonDict

from nurture.grammar.mistakes import Mistake, quoted
from nurture.grammar.quantities import Identifier
from nurture.grammar.shape import Shape
from nurture.grammar.spoken import Spoken

ANY_LANGUAGE = ""
"""The language of words that are written once, for everybody."""
LONGEST = 500
_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
_ONCE: JsonDict = {"type": "string", "minLength": 1, "maxLength": LONGEST}


class LabelMistake(Mistake):
    """No words."""


def language_tag(text: str) -> str | None:
    """A language as it is written in file names and profiles (`de`, `de_AT`, `pt-BR.UTF-8`), as a tag in lower case."""
    tag = text.strip().split(".")[0].split("@")[0].replace("_", "-").lower()
    return tag if _TAG.fullmatch(tag) else None


def parse_label(value: object) -> dict[str, str]:
    """Read words, or the same in several languages: `{en: Product news, de: Neues vom Produkt}`.

    Raises:
        LabelMistake: it is neither; says which language is wrong.
    """
    if isinstance(value, str):
        return {ANY_LANGUAGE: _words(value)}
    if not isinstance(value, dict) or not value:
        raise LabelMistake("words for people are a text, or one for each language", hint="{en: …, de: …}")
    found: dict[str, str] = {}
    for language, words in value.items():
        tag = language_tag(str(language)) if language else ANY_LANGUAGE
        if tag is None:
            raise LabelMistake(f"{quoted(language)} is no language", hint="write it like `en` or `pt-BR`").below(
                str(language), at_key=True
            )
        try:
            found[tag] = _words(words)
        except LabelMistake as mistake:
            raise mistake.below(str(language)) from None
    return found


def say_label(label: dict[str, str]) -> str | dict[str, str]:
    """Write words as they are written in files."""
    return label[ANY_LANGUAGE] if set(label) == {ANY_LANGUAGE} else label


def in_language(label: dict[str, str], language: str) -> str:
    """The words in this language, else in the one that it is a kind of, in English, or the first there are."""
    tag = language
    while tag:
        if tag in label:
            return label[tag]
        tag = tag.rpartition("-")[0]
    return label.get(ANY_LANGUAGE) or label.get("en") or next(iter(label.values()))


def _words(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > LONGEST:
        raise LabelMistake(f"{quoted(value)} are no words for people", hint=f"a text of 1 to {LONGEST} characters")
    return value


Label = Annotated[
    dict[str, str],
    Spoken(
        parse_label,
        say=say_label,
        schema={
            "anyOf": [
                _ONCE,
                {
                    "type": "object",
                    "patternProperties": {r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*([.@].*)?$": dict(_ONCE)},
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ],
            "errorMessage": "write words, or one line for each language: {en: …, de: …}",
        },
    ),
]
"""Words for people, by language."""


class Topic(Shape):
    """What campaigns are about, as leads read it where they choose what they get."""

    label: Label
    """The topic's name for leads; one text, or one for each language.

    Example: Product news
    Example: {en: Product news, de: Neues vom Produkt}
    """
    description: Label | None = None
    """What they get with it, in a sentence.

    Example: What is new in our robots, about once a month.
    """


class Question(Shape):
    """A survey's question, as leads read it where they answer. Its name is what `answer_url` and signals call it."""

    label: Label
    """The question, as it is put to leads.

    Example: When could a first robot become real for you?
    """
    answers: dict[Identifier, Label] = Field(default_factory=dict)
    """The answers in words, by the codes that `answer_url` gives them; one that is not here is shown as its code.

    Example: {now: In the next 3 months, next_year: Next year or later}
    """
