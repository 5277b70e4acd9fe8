"""`targets`: what the reports hold the figures against."""

from nurture.grammar.quantities import Percent
from nurture.grammar.shape import Shape


class Targets(Shape):
    """What the reports hold the figures against."""

    active_share: Percent | None = None
    """Of the new leads, so many came to us by themselves."""
    sla_met: Percent | None = None
    """Of the handoffs whose promises have fallen due, so many had every one kept.

    Example: 90%
    """
    recycled_share: Percent | None = None
    """Of the leads handed over, so many had been refused before.

    Example: 20%
    """
