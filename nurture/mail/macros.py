"""Macros as text: a call becomes the macro's body with its arguments put in where the parameters stood.

An argument that is the same in every mail (a label, a URL, a colour) becomes plain text there, so MJML sees it. Any
other is put in as the expression it is. Only where that could change its meaning (it names a loop's variable, or the
body uses the parameter's name for something else) does a `{% with %}` carry it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import escape

from nurture.mail.pieces import Piece, Place, Token, constant, tokens_of, variables

OWN_PAGES: tuple[str, ...] = ("unsubscribe_url", "preferences_url")
"""The pages of ours that every mail can lead to; they record what happens there themselves."""

KNOWN: tuple[str, ...] = ("lead", "company", "campaign", "step", "answer_url", *OWN_PAGES, "subject")
"""The names that every template knows, and that none may use for anything else."""

_WORD = re.compile(r"[A-Za-z_]\w*")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro as written: its parameters with their defaults' code, its body, and where the names in it are known."""

    name: str
    parameters: Mapping[str, str | None]
    body: Sequence[Piece]
    home: object
    place: Place


@dataclass(frozen=True, slots=True)
class Call:
    """`name(…)`, `file.name(…)`: the code of each argument, by its place or its name; `code` is all of it."""

    name: str
    arguments: tuple[tuple[str | None, str], ...]
    code: str


def read_macro(piece: Piece, body: Sequence[Piece], home: object) -> Macro:
    """Read `{% macro name(label, href="…") %}` and its body."""
    call = call_in(piece.text.removeprefix("macro"))
    if call is None or not _WORD.fullmatch(call.name):
        raise piece.place.error("a macro is written {% macro name(first, second='…') %}", topic="part")
    parameters: dict[str, str | None] = {}
    for name, code in call.arguments:
        parameter, default = (code, None) if name is None else (name, code)
        if not _WORD.fullmatch(parameter) or parameter in KNOWN or parameter in parameters:
            raise piece.place.error(f"`{parameter}` cannot be a parameter's name", topic="part")
        parameters[parameter] = default
    return Macro(call.name, parameters, body, home, piece.place)


@lru_cache(maxsize=1024)
def call_in(code: str) -> Call | None:
    """Read an expression that is one call and nothing else."""
    tokens = [token for token in tokens_of(code) if token.kind != "whitespace"]
    start = next((n for n, token in enumerate(tokens) if token.text == "("), 0)
    name = code.partition("(")[0].strip()
    if not re.fullmatch(r"\w+(\.\w+)?", name) or _closing(tokens, start) != len(tokens) - 1:
        return None
    groups = _groups(_inside(code))
    return Call(name, tuple(_argument(group) for group in groups), code)


def bind(macro: Macro, call: Call, place: Place) -> list[Piece]:
    """Give the macro's body with the call's arguments in it.

    Raises:
        TemplateError: An argument is missing, or there is no such parameter.
    """
    given = _matched(macro, call, place)
    carried = {name: code for name, code in given.items() if _must_be_carried(name, code, macro.body)}
    texts = {name: code for name, code in given.items() if name not in carried}
    written_at = {name: _argument_place(code, call, place) for name, code in texts.items()}
    body = [_put_in(piece, texts, written_at) for piece in macro.body]
    if carried:
        assignments = ", ".join(f"{parameter}=({code})" for parameter, code in carried.items())
        body = [Piece("statement", f"with {assignments}", place), *body, Piece("statement", "endwith", place)]
    return body


def _matched(macro: Macro, call: Call, place: Place) -> dict[str, str]:
    """Give every parameter its code: the argument's, else the default's."""
    unnamed = iter(macro.parameters)
    given: dict[str, str] = {}
    for name, code in call.arguments:
        parameter = name or next(unnamed, code)
        if parameter not in macro.parameters:
            allowed = ", ".join(macro.parameters) or "none"
            what = f"`{macro.name}` has no parameter for `{parameter}`; its parameters: {allowed}"
            raise place.error(what, topic="part")
        if parameter in given:
            raise place.error(f"`{macro.name}` is given `{parameter}` twice", topic="part")
        given[parameter] = code
    matched = {name: given.get(name, default) for name, default in macro.parameters.items()}
    for name, code_or_none in matched.items():
        if code_or_none is None:
            raise place.error(f"`{macro.name}` needs `{name}`", topic="part")
    return {name: code for name, code in matched.items() if code is not None}


def _must_be_carried(parameter: str, code: str, body: Sequence[Piece]) -> bool:
    tokens = tokens_of(code)
    if any(tokens[place].text not in KNOWN for place in variables(tokens)):
        return True
    target = re.compile(rf"(set|with|for)\b[^=]*\b{parameter}\b")
    return any(piece.kind == "statement" and target.match(piece.text) for piece in body)


def _argument_place(code: str, call: Call, called_at: Place) -> Place:
    """Find an argument in its call; a default, which stands in the macro, counts as written where the call begins."""
    offset = call.code.find(code, call.code.find("("))
    if offset < 0:
        return called_at
    quoted = code[0] in "\"'"
    return called_at.after(call.code[: offset + quoted])


def _put_in(piece: Piece, arguments: Mapping[str, str], written_at: Mapping[str, Place]) -> Piece:
    if piece.kind == "text":
        return piece
    if piece.kind == "expression" and piece.text in arguments:
        value = constant(arguments[piece.text])
        if value is None:
            return Piece("expression", arguments[piece.text], written_at[piece.text])
        return Piece("text", str(escape(value)), written_at[piece.text])
    tokens = tokens_of(piece.text)
    texts = [token.text for token in tokens]
    for n in variables(tokens):
        code = arguments.get(tokens[n].text)
        if code is not None:
            texts[n] = code if len(tokens_of(code)) == 1 else f"({code})"
    return Piece(piece.kind, "".join(texts), piece.place)


def _closing(tokens: Sequence[Token], start: int) -> int | None:
    depth = 0
    for place in range(start, len(tokens)):
        depth += _BRACKETS.get(tokens[place].text, 0)
        if depth == 0:
            return place if place > start else None
    return None


def _inside(code: str) -> Sequence[Token]:
    tokens = tokens_of(code.strip())
    start = next(n for n, token in enumerate(tokens) if token.text == "(")
    return tokens[start + 1 : -1]


def _groups(tokens: Sequence[Token]) -> list[list[Token]]:
    groups: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += _BRACKETS.get(token.text, 0)
        if token.text == "," and depth == 0:
            groups.append([])
        else:
            groups[-1].append(token)
    return [group for group in groups if any(token.kind != "whitespace" for token in group)]


def _argument(group: Sequence[Token]) -> tuple[str | None, str]:
    words = [token for token in group if token.kind != "whitespace"]
    text = "".join(token.text for token in group).strip()
    if len(words) > 2 and words[0].kind == "name" and words[1].text == "=":
        return words[0].text, text.partition("=")[2].strip()
    return None, text
