"""What the shapes of files say about their keys, read from the source: it is needed only where schemas are made."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from nurture.errors import Problem
from nurture.grammar.shape import Shape
from nurture.workspace.parsing import parse
from nurture.workspace.source import Source

_EXAMPLE = "Example: "


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands below a field: one paragraph, and examples as values of a file."""

    description: str
    examples: tuple[Any, ...]


def explanations(shape: type[Shape]) -> dict[str, Explanation]:
    """What stands below each field of a shape, its parents' included, by the key as it is written in files."""
    found: dict[str, Explanation] = {}
    for part in reversed(shape.__mro__):
        if issubclass(part, Shape) and part is not Shape:
            found |= _own(part)
    return found


def _own(shape: type[Shape]) -> dict[str, Explanation]:
    tree = ast.parse(inspect.getsource(shape))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    found = {}
    for statement, following in pairwise(body):
        text = _text(following)
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and text:
            field = shape.model_fields[statement.target.id]
            found[field.alias or statement.target.id] = _explanation(text)
    return found


def shapes_below(shape: type[Shape]) -> Iterator[type[Shape]]:
    """A shape and every one that its fields are made of."""
    yield shape
    for field in shape.model_fields.values():
        for part in _parts(field.annotation):
            yield from shapes_below(part)


def _parts(annotation: Any) -> Iterator[type[Shape]]:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def _text(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return inspect.cleandoc(str(statement.value.value))
    return None


def _explanation(text: str) -> Explanation:
    lines = text.split("\n")
    words = " ".join(line for line in lines if line and not line.startswith(_EXAMPLE))
    return Explanation(words, tuple(_value(line) for line in lines if line.startswith(_EXAMPLE)))


def _value(line: str) -> Any:
    """An example, read as a file would be."""
    document, problems = parse(Source("example", Path("example"), line))
    if document is None or problems:
        raise ValueError("; ".join(map(str, problems or [Problem("example", 1, 1, line)])))
    return document.data["Example"]
