"""`reps`: who sells, when they are in, and how many leads each can work on at once."""

from typing import Annotated

from pydantic import Field
from pydantic.config import JsonDict

from nurture.grammar.quantities import Text
from nurture.grammar.reps import Absences, OpenAtMost
from nurture.grammar.shape import Shape
from nurture.grammar.windows import Weekdays
from nurture.grammar.zones import HolidayCalendar

_MEMBER: JsonDict = {"errorMessage": "write the member ID from the rep's Slack profile, like `U012AB3CD`"}


class Rep(Shape):
    """What is known of one rep. The days are those of `sla.hours.timezone`; whoever is not in is given no lead."""

    name: Text | None = None
    """What the rep is called. Where a file or a page names a rep so, this address is meant.

    Example: Ada Reyes
    """
    at_most: OpenAtMost | None = None
    """With so many open handoffs the rep is given no more. Absent: no limit but that of the line of `assign`.

    Example: 20 open
    """
    days: Weekdays | None = None
    """The rep's weekdays; absent: those of `sla.hours`.

    Example: mon-thu
    """
    holidays: HolidayCalendar | None = None
    """Whose public holidays the rep keeps; absent: those of `sla.hours`.

    Example: GB
    """
    away: Absences = ()
    """When the rep is on holiday: from the first day to the last, both included. `from 2027-03-01` has no end yet.

    Example: [2026-12-21 to 2027-01-02]
    """
    slack: Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{5,20}$", json_schema_extra=_MEMBER)] | None = None
    """The rep's member ID in Slack, so that a message there can call the rep.

    Example: U012AB3CD
    """
