"""A template's source as a row of pieces: plain text, and what stands in Jinja's brackets, each with its own line.

Jinja's own lexer cuts, so strings, comments, `{% raw %}` and the blank-eating `-` mean what they always mean.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from jinja2 import TemplateSyntaxError, nodes

from nurture.errors import TemplateError
from nurture.mail.environment import SUBJECTS
from nurture.workspace import TemplateFile


def file_of(template: TemplateFile) -> str:
    """Give the file's path below the workspace, for messages."""
    ending = f".{template.kind}"
    return f"templates/{template.name.removesuffix(ending)}{ending}"


PieceKind = Literal["text", "expression", "statement"]
Topic = Literal[
    "mail", "front", "no front", "key", "subject", "line", "jinja", "name", "tool", "part", "place", "tag", "element",
    "nesting", "depth", "style", "link", "footer",
]  # fmt: skip
"""The kinds of mistakes: each is one code of a check."""
_BRACKETS: Mapping[str, tuple[PieceKind, str]] = {
    "variable_begin": ("expression", "variable_end"),
    "block_begin": ("statement", "block_end"),
}
BLOCKS = frozenset({"if", "for", "with", "block", "macro", "call", "filter", "autoescape"})
_LINE_END = re.compile(r"\r\n|\r|\n")
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"})


@dataclass(frozen=True, slots=True)
class Place:
    """A character of a file, for messages. Lines and columns count from 1."""

    file: str
    line: int
    column: int = 1

    def error(self, what: str, *, hint: str | None = None, topic: Topic = "mail") -> TemplateError:
        """What is wrong there, and what to write instead."""
        return TemplateError(self.file, self.line, what, column=self.column, hint=hint, topic=topic)

    def after(self, text: str) -> "Place":
        """Where a text ends that begins here."""
        lines = text.count("\n")
        if lines:
            return Place(self.file, self.line + lines, len(text) - text.rfind("\n"))
        return Place(self.file, self.line, self.column + len(text))


class Paragraph(Place):
    """Where a paragraph begins that was made of its author's, so that no character of it has a place of its own."""

    __slots__ = ()

    def after(self, text: str) -> Place:
        """Give the same place."""
        return self


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a template. `text` is what stands between the brackets, trimmed, or the plain text itself."""

    kind: PieceKind
    text: str
    place: Place

    @property
    def word(self) -> str:
        """The word a statement starts with; of anything else, nothing."""
        return self.text.split(None, 1)[0] if self.kind == "statement" and self.text.strip() else ""


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an expression or a statement, white space included."""

    kind: str
    text: str


def cut(text: str, start: Place) -> list[Piece]:
    """Cut what an author wrote from `start` on into pieces; comments vanish.

    Raises:
        TemplateError: A bracket or a block does not end, or Jinja cannot read it, at its line.
    """
    return list(_cut(text, start))


@lru_cache(maxsize=64)
def _cut(text: str, start: Place) -> tuple[Piece, ...]:
    """Cut; remembered, because all mails of a workspace share their layout and their macros."""
    pieces: list[Piece] = []
    try:
        for kind, place, inner in _runs("\n".join(_LINE_END.split(text)), start):
            pieces.append(Piece(kind, inner, place))
            if kind != "text":
                _check_own_names(pieces[-1])
    except TemplateSyntaxError as error:
        raise Place(start.file, error.lineno + start.line - 1).error(in_our_words(error), topic="jinja") from None
    _check_blocks(pieces)
    return tuple(pieces)


def _runs(text: str, start: Place) -> Iterator[tuple[PieceKind, Place, str]]:
    tokens = _placed_tokens(text, start)
    for place, name, token in tokens:
        if name == "data":
            yield "text", place, token
        elif name in _BRACKETS:
            kind, end = _BRACKETS[name]
            inner = _up_to(end, place.line - start.line + 1, tokens)
            # a piece begins where its first word does, so that its places are places of the file
            blank = inner[: len(inner) - len(inner.lstrip())]
            yield kind, place.after(token + blank), inner.strip()


def _placed_tokens(text: str, start: Place) -> Iterator[tuple[Place, str, str]]:
    """Give Jinja's tokens, each with its place: Jinja's lexer tells the line alone, and drops blanks before `{%-`."""
    place, done = start, 0
    for _, name, token in SUBJECTS.lexer.tokeniter(text, start.file):
        offset = text.index(token, done)
        place = place.after(text[done:offset])
        yield place, name, token
        place, done = place.after(token), offset + len(token)


def _up_to(end: str, line: int, tokens: Iterator[tuple[Place, str, str]]) -> str:
    inner: list[str] = []
    for _, name, text in tokens:
        if name == end:
            return "".join(inner)
        inner.append(text)
    raise TemplateSyntaxError(f"the closing bracket {'}}' if end == 'variable_end' else '%}'} is missing", line)


def _check_blocks(pieces: Sequence[Piece]) -> None:
    """Check that what begins in this file ends in it, in order."""
    opened: list[Piece] = []
    for piece in pieces:
        if piece.word in BLOCKS:
            opened.append(piece)
        elif piece.word.removeprefix("end") in BLOCKS:
            if not opened:
                raise piece.place.error(f"{{% {piece.word} %}} ends nothing", topic="jinja")
            start = opened.pop()
            if piece.word != f"end{start.word}":
                raise piece.place.error(
                    f"{{% {piece.word} %}} cannot end {{% {start.word} %}} of line {start.place.line}", topic="jinja"
                )
    if opened:
        word = opened[-1].word
        raise opened[-1].place.error(f"{{% {word} %}} is not ended by {{% end{word} %}}", topic="jinja")


def _check_own_names(piece: Piece) -> None:
    tokens = tokens_of(piece.text)
    for place in variables(tokens):
        if tokens[place].text.startswith("_"):
            before = "".join(token.text for token in tokens[:place])
            what = f"`{tokens[place].text}` is not known here; names with _ in front are not for mails"
            raise piece.place.after(before).error(what, topic="name")


@lru_cache(maxsize=4096)
def tokens_of(code: str) -> tuple[Token, ...]:
    """Split what stands in brackets into tokens, white space included."""
    row = SUBJECTS.lexer.tokeniter("{{" + code + "}}", None)
    return tuple(Token(kind, text) for _, kind, text in row)[1:-1]


def variables(tokens: Sequence[Token]) -> Iterator[int]:
    """Give the places of the tokens that name a variable: no attribute, no filter, no argument's name, no keyword."""
    words = [place for place, token in enumerate(tokens) if token.kind != "whitespace"]
    for n, place in enumerate(words):
        before = tokens[words[n - 1]].text if n else ""
        after = tokens[words[n + 1]].text if n + 1 < len(words) else ""
        named = before in {".", "|", "is"} or (after == "=" and before in {"(", ","})
        if tokens[place].kind == "name" and tokens[place].text not in _KEYWORDS and not named:
            yield place


@lru_cache(maxsize=1024)
def constant(code: str) -> str | int | float | None:
    """Give the value of an expression that is the same in every mail; None where it is not, or is no text or number."""
    try:
        output = SUBJECTS.parse("{{" + code + "}}").body[0]
        value = next(output.iter_child_nodes()).as_const()  # type: ignore[attr-defined]
    except (TemplateSyntaxError, nodes.Impossible):
        return None
    return value if isinstance(value, (str, int, float)) else None


_JINJAS_WORDS = (
    (re.compile(r"Encountered unknown tag '(\w+)'.*", re.DOTALL), r"{% \1 %} cannot stand here"),
    (re.compile(r"'?end of (print|statement) (statement|block)'?"), "the closing bracket"),
)


def in_our_words(error: TemplateSyntaxError) -> str:
    """Say what Jinja says, as a mail's author would."""
    message = str(error.message)
    for pattern, words in _JINJAS_WORDS:
        message = pattern.sub(words, message)
    return message.rstrip(".")
