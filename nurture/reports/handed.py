"""Handoffs as reports count them: what Nurture offered to sales, by when it was offered.

One that was closed because its lead turned out to be another one (`merged`) is the other one's twin, and not counted.
"""

from nurture.reports.figures import Facts
from nurture.sheets.deals import NOBODYS

AT_A_STAGE = """
    coalesce(h.accepted_at, h.contacted_at, h.qualified_at, CASE WHEN h.state = 'won' THEN h.closed_at END) AS sal_at,
    coalesce(h.qualified_at, CASE WHEN h.state = 'won' THEN h.closed_at END) AS sql_at,
    CASE WHEN h.state = 'won' THEN h.closed_at END AS won_at
"""
"""When a handoff came to each stage. Sales may say `won` at once: then it was an opportunity, too."""

LAST_CAMPAIGN = """
    (SELECT e.campaign FROM enrollment e WHERE e.lead_id = h.lead_id AND e.started_at <= h.offered_at
     ORDER BY e.started_at DESC, e.n DESC LIMIT 1)
"""
"""The campaign that the lead was taken by last before the handoff."""

CYCLES = "(SELECT count(*) FROM cycle c WHERE c.lead_id = h.lead_id AND c.n <= h.cycle)"
"""Through how many rounds the lead came to this handoff; what was before a first refusal, cycle 0, is one of them."""

_SQL = f"""
    SELECT h.id, h.lead_id, l.email AS lead, h.cycle, h.state, h.grade, h.hand_raise, h.owner AS rep, l.source,
           h.reason, h.note, h.offered_at AS at, h.offered_at, h.accepted_at, h.contacted_at,
           h.qualified_at, h.closed_at, h.accept_due_at, h.attempt_due_at, {AT_A_STAGE},
           to_char(h.offered_at AT TIME ZONE :zone, 'YYYY-MM') AS month,
           to_char(h.offered_at AT TIME ZONE :zone, 'IYYY-"W"IW') AS week,
           {LAST_CAMPAIGN} AS campaign, {CYCLES} AS rounds, h.origin
    FROM handoff h LEFT JOIN lead l ON l.id = h.lead_id
    WHERE h.state <> 'merged' AND h.offered_at >= CAST(:since AS timestamptz)
      AND h.offered_at < CAST(:until AS timestamptz)
"""  # noqa: S608 - constants of this file
OURS = f"{_SQL} AND h.origin = 'nurture'"

KEYS = frozenset({"cycle", "source", "campaign", "grade", "rep", "month", "week"})
LISTED = (
    "id", "lead", "cycle", "source", "grade", "rep", "state", "offered_at", "accepted_at", "closed_at", "reason",
    "note",
)  # fmt: skip

HANDOFFS = Facts("handoffs", OURS, KEYS, LISTED)
"""What Nurture handed over."""

OUTCOMES = Facts("outcomes", _SQL, KEYS, (*LISTED, "origin"))
"""The same, and what was imported from another system with what became of it there."""

SOMEBODYS = f"l.email NOT LIKE '%@{NOBODYS}'"
"""Leads that are more than the other side of a deal that was imported without an address: nobody of these came in."""

OPEN = "f.state IN ('offered', 'accepted', 'contacted', 'qualified')"
