"""By when the next attempt to reach a lead is due, so that all that were promised are made in time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from nurture.agreement import Sla
from nurture.rules.promises import counted
from nurture.rules.sla import at_work


def next_attempt_at(
    terms: Sla,
    *,
    accepted_at: datetime,
    first_due_at: datetime | None,
    due_at: datetime | None,
    made: Iterable[datetime],
) -> datetime | None:
    """When the next attempt is due; None where enough were made.

    The first is due as the agreement says (`first_attempt_within`). From then on they keep an even pace: of six in
    fourteen days, the third by the end of the seventh day, or when sales is next at work. Of one day's attempts two
    count at most.

    Args:
        terms: What sales promised.
        accepted_at: When the lead was accepted.
        first_due_at: When the first attempt is due.
        due_at: When all of them are due.
        made: When there were attempts.
    """
    done = counted(terms, made)
    if done == 0:
        return first_due_at
    if due_at is None or done >= terms.attempts.count:
        return None
    share: timedelta = (due_at - accepted_at) * (done + 1) / terms.attempts.count
    return min(at_work(terms.hours, accepted_at + share), due_at)
