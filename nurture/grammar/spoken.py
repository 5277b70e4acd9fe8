"""Makes a pydantic type out of a function that reads text, so that a file's words become values once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, eq=False)
class Spoken:
    """The metadata of an `Annotated` type: read by `read`, written back by `say`, told to editors by `schema`.

    `read` takes whatever stands in the file, or a value that is already what it makes, and raises `Mistake`.
    """

    read: Callable[[Any], Any]
    say: Callable[[Any], Any] = str
    schema: JsonSchemaValue | None = None

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        """Validate with `read` alone."""
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(self.say),
        )

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """What an editor may complete and check."""
        return dict(self.schema or {"type": "string"})
