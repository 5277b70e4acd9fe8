"""From a document to the agreement or the campaign that it means."""

from collections.abc import Iterator
from typing import TypeVar

from pydantic import ValidationError

from nurture.errors import Problem
from nurture.grammar.shape import Shape
from nurture.workspace.codes import UNKNOWN_KEY, WRONG_KIND
from nurture.workspace.document import Document, Mapping
from nurture.workspace.findings import findings
from nurture.workspace.shapes import keys_at
from nurture.workspace.words import empty_words

AnyShape = TypeVar("AnyShape", bound=Shape)


def shaped(shape: type[AnyShape], document: Document, **given: str) -> tuple[AnyShape | None, list[Problem]]:
    """The document as a shape, or None and what is wrong with it.

    Args:
        shape: what the file is to be.
        document: the file.
        given: values of the shape that come from outside, and must not stand in the file.
    """
    if not isinstance(document.root, Mapping):
        message = "the file must be a mapping, not a list" if document.is_list else "the file must be a mapping"
        return None, [document.source.problem(WRONG_KIND, document.root.start, message, "lines of `key: value`")]
    problems = [_not_here(document, key) for key in given if key in document.root.entries]
    problems += _empty(document, shape)
    try:
        return shape.model_validate(document.data | given), problems
    except ValidationError as error:
        return None, list(dict.fromkeys([*problems, *findings(error, document, shape, given)]))


def _empty(document: Document, shape: type[Shape]) -> Iterator[Problem]:
    """Keys after which nothing stands: `when:` would mean no condition at all, and hardly anybody means that."""
    for path in document.empty():
        if path and path[-1] in keys_at(shape, path[:-1]):
            yield document.source.problem(WRONG_KIND, document.offset(path, at_key=True), *empty_words(path))


def _not_here(document: Document, key: str) -> Problem:
    offset = document.offset((key,), at_key=True)
    return document.source.problem(
        UNKNOWN_KEY, offset, f"`{key}` is not written: it is the file's name", "leave it out"
    )
