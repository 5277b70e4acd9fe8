"""What can change for a lead when files do."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "another_step", "runs_out", "resumes", "leaves", "stays", "stops", "starts", "no_day", "earlier", "later",
    "other_hour", "ends_elsewhere", "ends_earlier", "ends_later", "gets", "loses", "text", "taken", "not_taken",
    "taken_elsewhere", "qualifies", "grade", "cannot_tell",
]  # fmt: skip
"""What can change for a lead; `plan_words` says each in plain words."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changes for a lead. `was` is what stood in its place; `becomes`, where that is no step."""

    kind: Kind
    campaign: str | None = None
    step: str | None = None
    was: str | None = None
    becomes: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A change, and by how many local days it moves a mail or an end, where it does."""

    change: Change
    days: int = 0
