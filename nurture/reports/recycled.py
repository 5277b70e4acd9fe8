"""`report recycled`: what comes of leads that sales refused before. Definitions stand in docs/reports.md."""

from collections.abc import Sequence
from datetime import datetime

from nurture.app import App
from nurture.reports.counting import make, told
from nurture.reports.figures import Facts, Figure, Form
from nurture.reports.handed import KEYS, LISTED, OURS
from nurture.reports.report import Report, Span

_SQL = f"""
    SELECT h.*, CASE WHEN h.rounds <= 1 THEN '1' WHEN h.rounds = 2 THEN '2' ELSE '3+' END AS cycles FROM ({OURS}) h
"""  # noqa: S608 - a constant of ours
HANDOFFS = Facts("handoffs", _SQL, (KEYS - {"cycle"}) | {"cycles"}, ("cycles", *LISTED))

_H = HANDOFFS.name
_BEFORE = "f.cycles <> '1'"
FORM = Form(
    "recycled",
    (HANDOFFS,),
    (
        Figure("handed_over", "count", "Handoffs offered.", _H),
        Figure("share_of_handed_over", "mix", "Of all that was handed over.", part_of="handed_over", over=("cycles",)),
        Figure("won", "count", "Won.", _H, "f.state = 'won'"),
        Figure("share_of_won", "mix", "Of all that was won.", part_of="won", over=("cycles",)),
        Figure("lost", "count", "Lost.", _H, "f.state = 'lost'", shown=False),
        Figure("win_rate", "share", "Won of won and lost.", _H, "f.state IN ('won', 'lost')", "f.state = 'won'"),
        Figure(
            "recycled", "share", "Of what was handed over, refused before.", _H, "true", _BEFORE, shown=False
        ),
        Figure(
            "recycled_won", "share", "Of what was won, refused before.", _H, "f.state = 'won'", _BEFORE, shown=False
        ),
    ),
    by=(),
    may_be_by=("source", "campaign", "grade", "rep", "month", "week"),
    fixed=("cycles",),
    erased=("handoffs", "won"),
)  # fmt: skip


def recycled(
    app: App, *, since: datetime | None, until: datetime | None, now: datetime, by: Sequence[str] | None = None
) -> Report:
    """Through how many rounds what was handed over, and what of it was won, came.

    `total["recycled"]` is what the agreement's target is held against, `total["recycled_won"]` the field's figure.

    Raises:
        UsageError: It is no report by that.
    """
    report = make(app, FORM, Span(since, until), by=by, now=now)
    target = app.agreement.targets.recycled_share
    return told(report, target={"recycled_share": None if target is None else target / 100})
