"""What the parts of both kinds of file share."""

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Nothing unknown is allowed, nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
