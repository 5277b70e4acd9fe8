"""`assign`: whom a handoff goes to."""

from nurture.grammar.assignees import Assignees
from nurture.grammar.conditions import AssignCondition
from nurture.grammar.reps import OpenAtMost
from nurture.grammar.shape import Shape


class Assignment(Shape):
    """One line of `assign`: whom a handoff goes to. A word, or addresses that take turns."""

    when: AssignCondition | None = None
    """For which leads the line is; absent: for all."""
    to: Assignees
    """`previous` (who had the lead before), `owner` (the lead's own), `colleague` (who has an open lead of the same
    company), or addresses that take turns."""
    at_most: OpenAtMost | None = None
    """Whoever has so many open handoffs is given none by this line. A rep's own `at_most` under `reps` holds too.

    Example: 20 open
    """
