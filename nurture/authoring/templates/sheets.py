"""Reads style sheets as far as a lint needs it: what stands before each `{`, and each declaration, with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(r"""/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|[(){};]""", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CONDITION = re.compile(r"@(media|supports|container)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """One declaration, at-rule or selector, where its text begins.

    `is_conditional`: it is meant for programs that know `@media`. `is_nested`: it stands within another rule.
    """

    kind: Literal["declaration", "rule", "selector"]
    text: str
    start: int
    is_conditional: bool = False
    is_nested: bool = False


def read_sheet(sheet: str) -> Iterator[Written]:
    """Give what is written in a style sheet, or in a `style` attribute; never fails, whatever stands there.

    Of the grammar (CSS Syntax Module Level 3) comments, strings, brackets and blocks matter here.
    """
    blocks: list[str] = []
    start = brackets = 0
    for token in _TOKEN.finditer(sheet):
        sign = token[0]
        if sign in "()":
            brackets = max(brackets + (1 if sign == "(" else -1), 0)
        elif sign in "{};" and not (brackets and sign == ";"):
            brackets = 0
            yield from _written(sheet[start : token.start()], start, blocks, opens=sign == "{")
            if sign == "{":
                blocks.append(_plain(sheet[start : token.start()]).strip())
            elif sign == "}" and blocks:
                blocks.pop()
            start = token.end()
    yield from _written(sheet[start:], start, blocks, opens=False)


def _written(raw: str, start: int, blocks: list[str], *, opens: bool) -> Iterator[Written]:
    text = _plain(raw)
    shown = text.strip()
    if not shown:
        return
    start += len(text) - len(text.lstrip())
    conditional = any(_CONDITION.match(block) for block in blocks)
    if shown.startswith("@"):
        yield Written("rule", shown, start, conditional)
    elif opens:
        nested = any(not block.startswith("@") for block in blocks)
        yield Written("selector", shown, start, conditional, nested)
    elif ":" in shown:
        yield Written("declaration", shown, start, conditional)


def _plain(text: str) -> str:
    """The text with blanks where comments stand, so that places stay."""
    return _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), text)
