"""`report grades`: the mix of what was handed over, and how each grade fared. Definitions stand in docs/reports.md."""

from collections.abc import Sequence
from datetime import datetime

from nurture.app import App
from nurture.reports.counting import make
from nurture.reports.figures import Figure, Form
from nurture.reports.handed import HANDOFFS, OPEN
from nurture.reports.report import Report, Span

_H = HANDOFFS.name
FORM = Form(
    "grades",
    (HANDOFFS,),
    (
        Figure("handed_over", "count", "Handoffs offered.", _H),
        Figure("share", "mix", "Of all that was handed over.", part_of="handed_over", over=("grade",)),
        Figure("hand_raised", "count", "Of these, the lead asked for sales itself.", _H, "f.hand_raise", shown=False),
        Figure("accepted", "count", "Accepted.", _H, "f.sal_at IS NOT NULL"),
        Figure("qualified", "count", "Qualified by sales.", _H, "f.sql_at IS NOT NULL", shown=False),
        Figure("rejected", "count", "Rejected.", _H, "f.state = 'rejected'"),
        Figure("returned", "count", "Returned by the SLA.", _H, "f.state = 'returned'", shown=False),
        Figure("won", "count", "Won.", _H, "f.state = 'won'"),
        Figure("lost", "count", "Lost.", _H, "f.state = 'lost'"),
        Figure("open", "count", "Not closed yet.", _H, OPEN, shown=False),
        Figure("accept_rate", "share", "Accepted, of what was handed over.", _H, "true", "f.sal_at IS NOT NULL"),
        Figure("win_rate", "share", "Won of won and lost.", _H, "f.state IN ('won', 'lost')", "f.state = 'won'"),
    ),
    by=(),
    may_be_by=("source", "campaign", "cycle", "rep", "month", "week"),
    fixed=("grade",),
    erased=("handoffs", "won"),
)


def grades(
    app: App, *, since: datetime | None, until: datetime | None, now: datetime, by: Sequence[str] | None = None
) -> Report:
    """What grades were handed over in this time, as they were then, and what became of them.

    Raises:
        UsageError: It is no report by that.
    """
    return make(app, FORM, Span(since, until), by=by, now=now)
