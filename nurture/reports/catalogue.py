"""All reports, by their names."""

from collections.abc import Callable, Mapping

from nurture.errors import NotFound
from nurture.grammar.mistakes import did_you_mean
from nurture.reports.campaigns import campaigns
from nurture.reports.delivery import delivery
from nurture.reports.funnel import funnel
from nurture.reports.grades import grades
from nurture.reports.interest import interest
from nurture.reports.recycled import recycled
from nurture.reports.rejects import rejects
from nurture.reports.report import Report
from nurture.reports.sla import sla

Make = Callable[..., Report]

REPORTS: Mapping[str, Make] = {
    "funnel": funnel,
    "rejects": rejects,
    "sla": sla,
    "recycled": recycled,
    "interest": interest,
    "grades": grades,
    "campaigns": campaigns,
    "delivery": delivery,
}


def report_named(name: str) -> Make:
    """What makes the report of this name.

    Raises:
        NotFound: There is none.
    """
    if name not in REPORTS:
        hint = did_you_mean(name, list(REPORTS))
        raise NotFound(f"no report {name!r}{f' ({hint})' if hint else ''}; there are {', '.join(REPORTS)}")
    return REPORTS[name]
