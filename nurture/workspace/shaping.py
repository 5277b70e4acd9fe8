"""From a document to the agreement or the campaign that it means."""

from typing import TypeVar

from pydantic import ValidationError

from nurture.errors import Problem
from nurture.grammar.shape import Shape
from nurture.workspace.codes import UNKNOWN_KEY, WRONG_KIND
from nurture.workspace.document import Document, Mapping
from nurture.workspace.findings import findings

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
    try:
        return shape.model_validate(document.data | given), problems
    except ValidationError as error:
        return None, [*problems, *findings(error, document, shape, given)]


def _not_here(document: Document, key: str) -> Problem:
    offset = document.offset((key,), at_key=True)
    return document.source.problem(
        UNKNOWN_KEY, offset, f"`{key}` is not written: it is the file's name", "leave it out"
    )
