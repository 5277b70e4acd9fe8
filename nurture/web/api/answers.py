"""What a route may answer, for its description: a shape with an example, or a problem."""

import json
from typing import Any

from pydantic import BaseModel

from nurture.web.api.problems import Kind

Responses = dict[int | str, dict[str, Any]]


def answers(shape: type[BaseModel], example: Any, *, status: int = 200, description: str = "As asked.") -> Responses:
    """A good answer. The framework would take what is null out of the example, so it goes past it as text."""
    text = json.dumps(example)
    return {status: {"model": shape, "description": description, "content": {"application/json": {"example": text}}}}


def answers_problem(*kinds: Kind) -> Responses:
    """Problems that this route has beside those of every call. What each looks like is added to the document."""
    return {kind.status: {"description": kind.title} for kind in kinds}
