"""`reject_reasons`: why sales may refuse a lead, and what becomes of it then."""

from typing import Literal

from pydantic import model_validator
from pydantic.config import JsonDict

from nurture.grammar.durations import CalendarDuration
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Text
from nurture.grammar.shape import Shape

BUILT_IN_REASONS: tuple[str, ...] = ("no_follow_up", "unreachable", "no_outcome")
"""Reasons that the SLA gives; all lead to nurture, each names itself."""

_WAITS_FOR_MAIL: JsonDict = {
    "if": {"required": ["wait"]},
    "then": {"properties": {"then": {"const": "nurture", "errorMessage": "`wait` goes only with `then: nurture`"}}},
}


class RejectReason(Shape, json_schema_extra=_WAITS_FOR_MAIL):
    """Why sales refuses, and what becomes of the lead then. The name is a code, for files and reports."""

    label: Text
    """What the rep reads and picks.

    Example: No budget this year
    """
    then: Literal["nurture", "sales", "disqualify", "suppress"]
    """What becomes of the lead. `nurture`: the campaign that lists the reason takes it. `sales`: the rep keeps it, and
    nurture is silent. `disqualify`: it is over. `suppress`: it is over, and the address is never mailed again."""
    wait: CalendarDuration | None = None
    """The first mail waits so long. What the lead does meanwhile counts, and it may qualify."""

    @model_validator(mode="after")
    def _waits_for_mail(self) -> "RejectReason":
        if self.wait and self.then != "nurture":
            raise Mistake(f"`wait` puts off the first mail, and `then: {self.then}` sends none").below("wait")
        return self
