"""One rule, asked of one lead."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule that was asked, whether it holds for this lead, and why."""

    rule: str
    holds: bool
    because: str
