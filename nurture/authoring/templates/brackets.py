"""Jinja's brackets one by one, also where they are not in order: Jinja itself stops at the first that is not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nurture.authoring.templates.codes import BRACKETS, JINJA
from nurture.authoring.templates.foreign import Advice, encoded, raw_mustache
from nurture.authoring.templates.statements import WORDS, faults_of

_START = re.compile(
    r"\{\{|\{%|\{#|\{[ \t]+[{%](?=\s*\w)|%7B%7B.{1,200}?%7D%7D"
    r"|(?<![\w{$#])\{\s*(?:lead|company|campaign|step)\.\w+[^{}\n]*\}\}?"
    r"|(?<![\w{$#])\{\s*\w+\.\w+\([^{}\n]*\)\s*\}\}"
    r"|(?<![\w{%])%\s*(?:if|elif|else|endif|for|endfor|import|from|include|extends|end|set|block|endblock|macro"
    r"|endmacro|call|endcall)\b[^{}%\n]*%\}",
    re.IGNORECASE | re.DOTALL,
)
_INNER, _INNER_OVER_LINES = (
    re.compile(
        rf"""(?:[^"'{{}}%]|"[^"{line_end}]*"|'[^'{line_end}]*'|\{{(?:[^{{%#}}\n]|\{{[^{{%#}}\n]*\}})*\}}|%(?!\}}))*?"""
        r"(?P<end>-?\}\}|[-+]?%\})"
    )
    for line_end in (r"\n", "")
)
"""What stands in brackets up to their end. A quote that is missing would swallow the file, were texts of several lines
looked for first."""
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")


@dataclass(frozen=True, slots=True)
class Bracket:
    """One pair of brackets, with what is wrong with it and where."""

    start: int
    end: int
    inner: str
    is_value: bool
    faults: tuple[tuple[Advice, int], ...] = ()

    @property
    def shows(self) -> bool:
        """Whether a mail shows something there: a value does; a statement, or another program's, does not."""
        return self.is_value and self.inner.strip()[:1] not in set("#/^>!") and self.inner.split()[:1] != ["else"]

    @property
    def words(self) -> list[str]:
        """The words of a statement, also of one that was written as if it were a value; of anything else, none."""
        words = self.inner.strip("-+ \t\n").split()
        return words if not self.is_value or (self.faults and words and words[0] in WORDS) else []


def brackets(text: str) -> Iterator[Bracket]:
    """Give every bracket in order, each with what is wrong with it."""
    place = 0
    while found := _START.search(text, place):
        bracket = _bracket(text, found)
        place = max(bracket.end, found.start() + 1)
        if bracket.words[:1] == ["raw"]:
            if end := _RAW_END.search(text, place):
                place = end.end()
                continue
            advice = Advice(JINJA, "{% raw %} is not ended", "{% endraw %} is missing behind it")
            bracket = replace(bracket, faults=((advice, bracket.start),))
        yield bracket


def _bracket(text: str, found: re.Match[str]) -> Bracket:
    start, opening = found.start(), found[0]
    if opening.lower().startswith("%7b"):
        return Bracket(start, found.end(), "", True, ((encoded(opening), start),))
    if opening == "{#":
        return _comment(text, start)
    if opening not in {"{{", "{%"}:
        return _nearly(text, start, found.end())
    if text.startswith("{{{", start):
        return _raw_value(text, start)
    return _pair(text, start, is_value=opening == "{{")


def _comment(text: str, start: int) -> Bracket:
    end = text.find("#}", start)
    if end >= 0:
        return Bracket(start, end + 2, "", False)
    advice = Advice(
        JINJA, "the comment {# does not end", "write #} where it ends; in CSS, write a blank between { and #"
    )
    return Bracket(start, start + 2, "", False, ((advice, start),))


def _nearly(text: str, start: int, found_end: int) -> Bracket:
    """Read `{ { lead.x } }`, `{ lead.x }}`, `{lead.x}`, `% if lead.x %}`."""
    is_statement = text[start:found_end].endswith("%") or text[start] == "%"
    end = re.compile(r"[^{}\n]*(?:%\s*\}|\}[ \t]*\}|\})").match(text, found_end)
    stop = found_end if text[found_end - 1] == "}" else end.end() if end else found_end
    typed = text[start:stop]
    inner = typed.strip("{}% \t")
    right = f"{{% {inner} %}}" if is_statement else f"{{{{ {inner} }}}}"
    advice = Advice(BRACKETS, f"`{typed}` is not read as Jinja: its brackets are not right", f"write {right}")
    return Bracket(start, stop, inner, not is_statement, ((advice, start),))


def _raw_value(text: str, start: int) -> Bracket:
    end = text.find("}}", start)
    stop = len(text) if end < 0 else end + 2 + (text[end + 2 : end + 3] == "}")
    inner = text[start + 3 : end if end >= 0 else stop]
    return Bracket(start, stop, inner, True, ((raw_mustache(inner), start),))


def _pair(text: str, start: int, *, is_value: bool) -> Bracket:
    closing = "}}" if is_value else "%}"
    for pattern in (_INNER, _INNER_OVER_LINES):
        inside = pattern.match(text, start + 2)
        if inside and inside["end"].endswith(closing):
            inner = text[start + 2 : inside.end() - 2]
            faults = tuple(faults_of(inner, start, is_value=is_value))
            if pattern is _INNER or not faults:
                return Bracket(start, inside.end(), inner, is_value, faults)
    plain = text.find(closing, start + 2)
    other = re.compile(r"\{[{%#]|\n[ \t]*\n|<").search(text, start + 2)
    half = re.compile(r"[^{}]*\}(?!\})").match(text, start + 2) if is_value else None
    if plain >= 0 and not half and (other is None or plain < other.start()):
        inner = text[start + 2 : plain]
        faults = tuple(faults_of(inner, start, is_value=is_value))
        return Bracket(start, plain + 2, inner, is_value, faults)
    return _open_end(text, start, other.start() if other else len(text), is_value=is_value)


def _open_end(text: str, start: int, limit: int, *, is_value: bool) -> Bracket:
    """Read a bracket that is closed by half a bracket, by one of another kind, or by none."""
    half = re.compile(r"[^\n{}]*?(%\}|\}\}?|%(?=\s|<))").match(text, start + 2, limit)
    line_end = text.find("\n", start)
    stop = half.end() if half else min(limit, line_end if line_end >= 0 else limit)
    inner = text[start + 2 : stop].strip("}% \t")
    right = f"{{{{ {inner} }}}}" if is_value else f"{{% {inner} %}}"
    what = "}}" if is_value else "%}"
    advice = Advice(BRACKETS, f"`{text[start:stop].rstrip()}` does not end with {what}", f"write {right}")
    return Bracket(start, stop, inner, is_value, ((advice, start),))
