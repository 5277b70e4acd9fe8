"""`digest`: the weekly mail to sales and to marketing."""

from pydantic import model_validator

from nurture.grammar.addresses import Address
from nurture.grammar.mistakes import Mistake
from nurture.grammar.shape import Shape
from nurture.grammar.weekday import Weekday
from nurture.grammar.windows import ClockTime


class Digest(Shape):
    """The weekly mail: what was handed over and what came of it, by the clock of `sla.hours.timezone`."""

    day: Weekday
    """On which weekday it goes. It tells of the seven days before; on a holiday of `sla.hours` it waits for the next
    working day.

    Example: mon
    """
    at: ClockTime
    """When, in quotes, by the clock of `sla.hours.timezone`.

    Example: "08:00"
    """
    sales: tuple[Address, ...] = ()
    """Who gets the letter for sales: promises kept and broken by rep, leads about to breach.

    Example: [sales-manager@acme.example]
    """
    marketing: tuple[Address, ...] = ()
    """Who gets the letter for marketing: why leads were refused, in the reps' own words, and what became of them.

    Example: [marketing@acme.example]
    """

    @model_validator(mode="after")
    def _goes_to_somebody(self) -> "Digest":
        if not (self.sales or self.marketing):
            raise Mistake("nobody gets it", hint="write addresses under `sales` or `marketing`").below("day")
        for audience, addresses in (("sales", self.sales), ("marketing", self.marketing)):
            seen: set[str] = set()
            for index, address in enumerate(addresses):
                if address in seen:
                    raise Mistake(f"{address} stands here twice", hint="leave one out").below(audience, index)
                seen.add(address)
        return self
