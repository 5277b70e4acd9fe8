"""What a warm-up would hold back of a simulated story. The story is told as if it held back nothing."""

from collections.abc import Mapping
from datetime import date

from nurture.agreement import Agreement
from nurture.rules.ramp import most_on


def held_back(agreement: Agreement, per_day: Mapping[date, int]) -> list[tuple[date, int, int]]:
    """The days with more mails than the warm-up lets go: the day, its mails, and how many may leave."""
    days = [(day, mails, most_on(agreement, day)) for day, mails in sorted(per_day.items())]
    return [(day, mails, most) for day, mails, most in days if most is not None and mails > most]


def in_words(agreement: Agreement, per_day: Mapping[date, int]) -> str:
    """One sentence for people; empty where nothing is held back."""
    days = held_back(agreement, per_day)
    if not days:
        return ""
    over = sum(mails - most for _, mails, most in days)
    day, mails, most = days[0]
    counted = "one day has" if len(days) == 1 else f"{len(days)} days have"
    return (
        f"{counted} more mails than the warm-up lets go: {over:,} mails would wait for later slots, first on "
        f"{day.isoformat()} ({most:,} of {mails:,} may leave); the simulation holds back none of them"
    )
