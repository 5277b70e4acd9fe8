"""`company` and `limits`: who sends, and how often at most."""

from typing import Annotated, Literal

from pydantic import Field

from nurture.grammar.addresses import Address, Mailbox
from nurture.grammar.quantities import Text, Whole
from nurture.grammar.shape import Shape
from nurture.grammar.zones import HolidayCalendar, Zone


class Company(Shape):
    """Who sends."""

    name: Text
    """Your company's name, in the frame and the footer of every mail.

    Example: Acme Robotics
    """
    address: Text
    """Your postal address, in the footer of every mail. The law of most countries asks for it.

    Example: 1 Main Street, Springfield, IL 62701, USA
    """
    sender: Mailbox
    """Who the mails are from: a name and an address of a domain that you may send for."""
    reply_to: Address
    """Where replies to the mails go."""
    timezone: Zone
    """The time zone of leads whose own is unknown."""
    holidays: HolidayCalendar | None = None
    """Whose public holidays are kept: no nurture mail goes on these days."""


class Limits(Shape):
    """Nurture mails to one lead over all campaigns, in local days."""

    per_day: Literal[1] = 1
    """Always 1: nobody gets two nurture mails on one day."""
    per_7_days: Annotated[Whole, Field(ge=1)] | None = None
    """At most so many in any 7 days.

    Example: 2
    """
    per_30_days: Annotated[Whole, Field(ge=1)] | None = None
    """At most so many in any 30 days.

    Example: 6
    """
