"""What is wrong with the code in one pair of Jinja's brackets, and what to write instead."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import TemplateSyntaxError

from nurture.authoring.templates.codes import JINJA, UNKNOWN_NAME
from nurture.authoring.templates.foreign import Advice, mustache
from nurture.grammar.mistakes import nearest
from nurture.mail.environment import SUBJECTS
from nurture.mail.pieces import in_our_words, tokens_of, variables

NEEDS_END = ("if", "for", "with", "block", "macro", "call", "filter", "autoescape", "set")
_ALONE = ("include", "import", "from", "extends")
BETWEEN = {"elif": ("if",), "else": ("if", "for")}
WORDS = (*NEEDS_END, *_ALONE, *BETWEEN, *(f"end{word}" for word in NEEDS_END))
_ELSEWHERE = {
    "elsif": "write {% elif … %}", "elseif": "write {% elif … %}", "unless": "write {% if not … %}",
    "endunless": "write {% endif %}", "assign": "write {% set name = … %}", "case": "write {% if … %} … {% elif … %}",
    "end": "write {% endif %}, {% endfor %} or {% endblock %}", "comment": "write {# … #}",
    "fi": "did you mean {% if … %}?",
}  # fmt: skip


def faults_of(inner: str, start: int, *, is_value: bool) -> Iterator[tuple[Advice, int]]:
    """Give what is wrong with what stands between two brackets that open at `start`, each with its own offset."""
    code = inner.strip("-+ \t\n") if not is_value else inner.strip().removeprefix("-").removesuffix("-")
    if is_value:
        advice = mustache(inner)
        if advice:
            yield advice, start
        elif code in WORDS:
            yield _value_fault(code, _Fault("", 0), start)
        elif fault := _syntax(f"{{{{{inner}}}}}", ""):
            yield _value_fault(code, fault, start)
        else:
            yield from _own_names(inner, start + 2)
        return
    word = code.split()[0] if code.split() else ""
    if word in {"raw", "else"} or (word.startswith("end") and word in WORDS):
        return
    if word not in WORDS:
        near = nearest(word, WORDS) if word else None
        hint = _ELSEWHERE.get(word) or (f"did you mean {{% {near} … %}}?" if near else "a value is written {{ … }}")
        yield Advice(JINJA, f"there is no {{% {word} %}}", hint), start
        return
    before = start + 2 + inner.find(code)
    if fault := _syntax(*_whole(word, code)):
        words = f"{{% {code} %}} cannot be read: {fault.words}"
        yield Advice(JINJA, words, _statement_hint(word)), before + max(fault.offset - 3, 0)
    else:
        yield from _own_names(code, before)


def _own_names(code: str, start: int) -> Iterator[tuple[Advice, int]]:
    """Tell names that begin with `_`: they are the mail's own."""
    tokens = tokens_of(code)
    for place in variables(tokens):
        name = tokens[place].text
        if name.startswith("_"):
            offset = start + sum(len(token.text) for token in tokens[:place])
            hint = "names with _ in front are not for mails"
            yield Advice(UNKNOWN_NAME, f"`{name}` is not known here", hint), offset


def _whole(word: str, code: str) -> tuple[str, str]:
    """Give a template that is one statement and its end; the code begins at its fourth character."""
    if word == "elif":
        return f"{{% if  {code[4:]} %}}", "{% endif %}"
    block_set = word == "set" and "=" not in code
    ended = word in NEEDS_END and (word != "set" or block_set)
    return f"{{% {code} %}}", f"{{% end{word} %}}" if ended else ""


@dataclass(frozen=True, slots=True)
class _Fault:
    words: str
    offset: int


@lru_cache(maxsize=4096)
def _syntax(opening: str, ending: str) -> _Fault | None:
    """Give what Jinja says of one bracket, and where in it."""
    try:
        SUBJECTS.parse(opening + ending)
    except TemplateSyntaxError as error:
        return _Fault(_in_words(error), _offset(opening, str(error.message)))
    return None


def _in_words(error: TemplateSyntaxError) -> str:
    """Say where Jinja stumbled, rather than what it had waited for."""
    message = str(error.message)
    if "'end of " in message.partition("got ")[2] or message.startswith("unexpected 'end of "):
        return "something is missing at its end"
    if stumbled := re.search(r"got '(.+?)'|unexpected char '(.+?)' at|unexpected char \"(.+?)\" at", message):
        return f"`{next(filter(None, stumbled.groups()))}` cannot stand there"
    return in_our_words(error)


def _offset(code: str, message: str) -> int:
    if "'end of " in message.partition("got ")[2] or message.startswith("unexpected 'end of "):
        return len(code[:-2].rstrip("- \t\n"))
    if at := re.search(r"at (\d+)$", message):
        return int(at[1])
    if got := re.search(r"got '(.+?)'", message):
        first = re.match(r"\{[{%][-+]?\s*\S+", code)
        behind = code.find(got[1], first.end() if first else 2)
        return behind if behind >= 0 else max(code.find(got[1], 2), 2)
    return len(code) - len(code[2:].lstrip())


def _value_fault(code: str, fault: _Fault, start: int) -> tuple[Advice, int]:
    word = code.split()[0] if code.split() else ""
    if word in WORDS or word in _ELSEWHERE:
        return Advice(JINJA, f"`{{{{ {code} }}}}` is no value", f"write {{% {code} %}}"), start
    words = f"`{{{{ {code} }}}}` cannot be read: {fault.words}"
    return Advice(JINJA, words, "such as {{ lead.company | default('…') }}"), start + fault.offset


def _statement_hint(word: str) -> str:
    return {
        "if": "such as {% if lead.country == 'GB' %}", "elif": "such as {% elif lead.country == 'GB' %}",
        "for": "such as {% for item in lead.items %}", "set": "such as {% set name = 'value' %}",
        "block": "such as {% block letter %}", "macro": "such as {% macro button(label, href) %}",
        "include": 'such as {% include "_part.mjml" %}', "import": 'such as {% import "_blocks.mjml" as ui %}',
        "from": 'such as {% from "_blocks.mjml" import button %}', "extends": 'such as {% extends "_layout.mjml" %}',
    }.get(word, "see the Jinja documentation for how it is written")  # fmt: skip
