"""`sending`: how fast mails leave."""

from typing import Annotated

from pydantic import Field

from nurture.grammar.quantities import Whole
from nurture.grammar.shape import Shape
from nurture.grammar.warming import Day, Growth


class WarmUp(Shape):
    """A new sender begins with little and sends more each day, so that receivers come to know it."""

    start: Annotated[Day, Field(alias="from")]
    """The first day, in the company's time zone. Before it nothing is held back.

    Example: 2026-12-01
    """
    first_day: Annotated[Whole, Field(ge=1, le=1_000_000)]
    """So many nurture mails leave on the first day at most, all campaigns together.

    Example: 50
    """
    grow: Growth = 30
    """So many more on each day than on the day before; 30% where absent. What is over waits for its next slot.

    Example: 30% a day
    """


class Sending(Shape):
    """How fast nurture mails leave, all workers together."""

    per_second: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    """At most so many mails a second; absent: as fast as the mail server takes them.

    Example: 14
    """
    warm_up: WarmUp | None = None
    """For a new domain or address: a few mails on the first day, more on each day after; absent: none is held back.

    Example: {from: 2026-12-01, first_day: 50, grow: 30% a day}
    """
