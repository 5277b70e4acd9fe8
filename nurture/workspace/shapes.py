"""What a file may hold at a path, read from the shapes themselves."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from nurture.grammar.shape import Shape
from nurture.workspace.document import Path


def keys_at(shape: type[Shape], path: Path) -> list[str]:
    """The keys that a mapping at this path may have, in the order of the shape; none where any are allowed."""
    found: Any = shape
    for part in path:
        found = _below(found, part)
    holder = _shape(found)
    return [] if holder is None else keys_of(holder)


def keys_of(shape: type[Shape]) -> list[str]:
    """The keys of a shape as they are written in files."""
    return [info.alias or name for name, info in shape.model_fields.items()]


def _below(annotation: Any, part: str | int) -> Any:
    holder = _shape(annotation)
    if holder is not None:
        for name, info in holder.model_fields.items():
            if part in (name, info.alias):
                return info.annotation
        return None
    for choice in _choices(annotation):
        arguments = get_args(choice)
        if get_origin(choice) is tuple and isinstance(part, int):
            return arguments[0]
        if get_origin(choice) is dict:
            return arguments[1]
    return None


def _shape(annotation: Any) -> type[Shape] | None:
    for choice in _choices(annotation):
        if isinstance(choice, type) and issubclass(choice, Shape):
            return choice
    return None


def _choices(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [choice for part in get_args(annotation) for choice in _choices(part)]
    return [annotation]
