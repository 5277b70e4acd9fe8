"""A condition's source cut into Jinja's tokens, each carrying its offset where Jinja would keep a line number."""

from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError
from jinja2.lexer import Token, operators

from nurture.grammar.mistakes import Mistake

LONGEST = 2_000
_DEEPEST = 20
_MOST_SIGNS = 50
_LARGEST = 10**15
_ARITHMETIC = frozenset({"+", "/", "//", "*", "%", "**", "~"})
_FOREIGN = {"{": "a condition stands without braces", "}": "a condition stands without braces"} | {
    ";": "a condition has no `;`", ":": "a condition has no `:`"
}  # fmt: skip
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t"}

ENVIRONMENT = Environment(autoescape=True)
"""Used for its lexer and parser alone; nothing is ever rendered with it."""


class ConditionError(Mistake):
    """A condition that cannot be understood, or names what does not exist."""

    topic = "condition"


def tokens(source: str) -> list[Token]:
    """Cut the source into tokens whose `lineno` is an offset.

    Raises:
        ConditionError: a character or bracket out of place, too long, too deep, or what a condition cannot say.
    """
    if len(source) > LONGEST:
        raise ConditionError(f"a condition has at most {LONGEST:,} characters, this one {len(source):,}")
    found = list(_read(source))
    if not found:
        raise ConditionError("the condition is empty")
    _bound(found)
    return found


def _read(source: str) -> Iterator[Token]:
    offset = 0
    # Same length, so that offsets stay true: Jinja itself joins line ends of two characters into one.
    flat = source.replace("\r", " ").replace("\n", " ")
    try:
        for _, kind, text in ENVIRONMENT.lexer.tokeniter(flat, None, state="variable"):
            if kind not in ("whitespace", "variable_begin"):
                yield _token(offset, kind, text)
            offset += len(text)
    except TemplateSyntaxError:
        raise ConditionError(_stray(flat, offset), offset=offset) from None


def _stray(source: str, offset: int) -> str:
    character = source[offset : offset + 1]
    if character in ("'", '"'):
        return f"the text that begins here has no closing {character}"
    if character == "!":
        return "`!` alone means nothing here; write `not`"
    if character == "&":
        return "`&` means nothing here; write `and`"
    return f"`{character}` is out of place"


def _token(offset: int, kind: str, text: str) -> Token:
    if kind == "name":
        if not text.isidentifier():
            raise ConditionError(f"`{text[:40]}` is not a name", offset=offset)
        return Token(offset, "name", text)
    if kind == "string":
        return Token(offset, "string", _unquoted(text, offset))
    if kind in ("integer", "float"):
        return Token(offset, kind, _number(text, kind, offset))  # type: ignore[arg-type]
    if kind == "operator":
        if text in _ARITHMETIC:
            raise ConditionError(f"a condition cannot calculate: `{text}`", offset=offset)
        if text in _FOREIGN:
            raise ConditionError(_FOREIGN[text], offset=offset)
        return Token(offset, operators[text], text)
    raise ConditionError(_FOREIGN["}"], offset=offset)


def _unquoted(text: str, offset: int) -> str:
    characters = iter(enumerate(text[1:-1], start=1))
    plain = []
    for index, character in characters:
        if character == "\\":
            _, escaped = next(characters, (0, ""))
            if escaped not in _ESCAPES:
                raise ConditionError(
                    "a backslash stands only before a quote or another backslash", offset=offset + index
                )
            character = _ESCAPES[escaped]
        plain.append(character)
    return "".join(plain)


def _number(text: str, kind: str, offset: int) -> int | float:
    try:
        number = int(text.replace("_", ""), 0) if kind == "integer" else float(text.replace("_", ""))
    except ValueError:
        raise ConditionError(f"`{text[:40]}` is not a number", offset=offset) from None
    if number > _LARGEST:
        raise ConditionError("the number is too large", offset=offset)
    return number


def _bound(found: list[Token]) -> None:
    """Keep Jinja's parser, and every walk over the tree, far from Python's recursion limit."""
    depth = signs = 0
    for token in found:
        depth += token.type in ("lparen", "lbracket")
        depth -= token.type in ("rparen", "rbracket")
        signs += token.type == "sub" or (token.type == "name" and token.value in ("not", "if", "else"))
        if depth > _DEEPEST:
            raise ConditionError(f"brackets nest at most {_DEEPEST} deep", offset=token.lineno)
        if signs > _MOST_SIGNS:
            raise ConditionError("the condition is too long-winded", offset=token.lineno)
