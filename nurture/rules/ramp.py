"""How many mails a day of a warm-up may bring.

A new sending domain or address has no name yet with those who receive its mail; it makes one by beginning with little
and sending a little more each day.
"""

from datetime import date, datetime

from nurture.agreement import Agreement
from nurture.rules.calendar import zone_info

ENOUGH = 1_000_000
"""A day that may bring so many is not held back any more."""


def day_of(agreement: Agreement, now: datetime) -> date:
    """Which day it is for the warm-up: that of the company's time zone."""
    return now.astimezone(zone_info(agreement.company.timezone)).date()


def most_on(agreement: Agreement, day: date) -> int | None:
    """How many nurture mails may leave on this day, all workers together; None: as many as there are.

    On the first day `first_day`, then `grow` more each day, rounded down to whole mails. Before the first day, and from
    the day on that may bring a million, nothing is held back.
    """
    warm_up = agreement.sending.warm_up
    if warm_up is None or day < warm_up.start:
        return None
    most = float(warm_up.first_day)
    for _ in range((day - warm_up.start).days):
        most *= 1 + warm_up.grow / 100
        if most >= ENOUGH:
            return None
    return int(most + 1e-9)
