"""What the parts of both kinds of file share."""

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict


class Shape(BaseModel):
    """Nothing unknown is allowed, nothing changes after it was read.

    What stands below a field in quotes explains its key to whoever writes the file: editors show it (`nurture schema`).
    A line of it that begins with `Example:` is written as it would be in the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


def exactly_one(one: str, other: str) -> JsonDict:
    """For editors: one of these keys is there, and not both. `errorMessage` is what they say; others pass over it."""
    return {
        "if": {"required": [one]},
        "then": {"properties": {other: False}, "errorMessage": f"`{one}` or `{other}`, not both"},
        "else": {"required": [other], "errorMessage": f"`{one}` or `{other}` is missing"},
    }
