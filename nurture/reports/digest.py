"""What the weekly digest tells, in figures: the same as `nurture report` gives for the same days, from the same code.

People stand in it by the numbers of their handoffs alone. Names and notes are read when the letter is made
(`store.digest`), so nothing of a person is kept here that would outlive an erasure.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from nurture.app import App
from nurture.db import transaction
from nurture.reports.funnel import funnel
from nurture.reports.interest import interest
from nurture.reports.recycled import recycled
from nurture.reports.rejects import rejects
from nurture.reports.report import Report
from nurture.reports.sla import sla
from nurture.rules import calendar
from nurture.rules.calendar import DAY
from nurture.rules.digest import Issue, end_of_working_days
from nurture.store import promises

LONG = 90
"""Days of the longer look back that stands beside the week."""
MOST = 25
"""So many leads and notes stand in a letter; of the rest it says how many there are."""
REASONS = 5
WORKING_DAYS = 2
"""So far ahead goes the list of leads on which sales is about to be late; today is the first while work lasts."""

_VOLUMES = {
    "mql": "Handed over",
    "sal": "accepted",
    "sql": "qualified",
    "won": "won",
    "lost": "lost",
    "rejected": "rejected",
    "returned": "returned",
    "open": "still open",
}
"""The funnel's columns, and what the letter calls them: of what was handed over in these days."""

_Spans = Mapping[str, tuple[datetime, datetime]]


def figures(app: App, issue: Issue, now: datetime) -> dict[str, Any]:
    """The figures of one issue, JSON-ready, as they are at `now`; the same for everybody who gets a letter.

    Counted are whole days of the zone in which sales works: `week`, the seven days that the issue tells of; `before`,
    the seven before those; `long`, the ninety that end with the week.
    """
    spans = {
        "week": (issue.since_at, issue.until_at),
        "before": (_midnight(issue, -14), issue.since_at),
        "long": (_midnight(issue, -LONG), issue.until_at),
    }
    funnels = _over(app, funnel, spans, now, ["source"])
    refused = _over(app, rejects, spans, now, [])
    kept = _over(app, sla, spans, now, ["rep"])
    return {
        "week": issue.week,
        "since": issue.since.isoformat(),
        "until": issue.until.isoformat(),
        "zone": issue.zone,
        "since_at": issue.since_at.isoformat(),
        "until_at": issue.until_at.isoformat(),
        "company": app.agreement.company.name,
        "names": {address: rep.name for address, rep in app.agreement.reps.items() if rep.name},
        "volumes": [
            {"name": name, "label": label, **{span: made.total[name] for span, made in funnels.items()}}
            for name, label in _VOLUMES.items()
        ],
        "refused": {
            how: {span: made.total[how] for span, made in refused.items()} for how in ("rejected", "returned", "lost")
        },
        "reasons": _reasons(refused),
        "notes": _notes(refused["week"]),
        "won": _won(app, spans["week"], now),
        "sla": _sla(kept),
        "soon": _soon(app, now),
        "targets": _targets(app, spans, kept, now),
    }


def _midnight(issue: Issue, days: int) -> datetime:
    return calendar.first_instant(issue.until + DAY * days, time.min, issue.zone)


def _over(
    app: App, report: Callable[..., Report], spans: _Spans, now: datetime, by: Sequence[str] | None
) -> dict[str, Report]:
    return {name: report(app, since=since, until=until, now=now, by=by) for name, (since, until) in spans.items()}


def _reasons(refused: Mapping[str, Report]) -> list[dict[str, Any]]:
    """The reasons given most often in the week, then over the longer look back."""
    labels = refused["long"].beside["labels"]
    counts = {name: {row["reason"]: row["refusals"] for row in made.rows} for name, made in refused.items()}
    total = refused["week"].total["refusals"]
    order = sorted(counts["long"], key=lambda code: (-counts["week"].get(code, 0), -counts["long"][code], str(code)))
    return [
        {
            "reason": code,
            "label": labels.get(code, code),
            "share": counts["week"].get(code, 0) / total if total else None,
            **{name: found.get(code, 0) for name, found in counts.items()},
        }
        for code in order[:REASONS]
    ]


def _notes(week: Report) -> dict[str, Any]:
    """What reps wrote when they refused a lead, by the numbers of its handoffs."""
    rows = [row for row in week.rows_of("with_note").rows if row["handoff"] is not None]
    shown = [
        {"handoff": row["handoff"], "reason": row["reason"], "label": week.beside["labels"].get(row["reason"])}
        for row in reversed(rows[-MOST:])
    ]
    return {"shown": shown, "left_out": max(0, len(rows) - MOST)}


def _won(app: App, span: tuple[datetime, datetime], now: datetime) -> dict[str, Any]:
    """What was won in the week, whenever it was handed over."""
    rows = funnel(app, since=None, until=None, now=now, by=["source"]).rows_of("won").rows
    won = [row["id"] for row in rows if row["closed_at"] and span[0] <= row["closed_at"] < span[1]]
    return {"shown": [{"handoff": handoff_id} for handoff_id in won[:MOST]], "count": len(won)}


def _sla(kept: Mapping[str, Report]) -> dict[str, Any]:
    columns = ("volume", "met", "breached", "pending", "sla_met", "accept_minutes", "attempt_minutes")
    return {
        "reps": [{"rep": row["rep"], **{name: row[name] for name in columns}} for row in kept["week"].rows],
        **{span: {name: made.total[name] for name in columns} for span, made in kept.items()},
    }


def _soon(app: App, now: datetime) -> dict[str, Any]:
    """On which leads sales is late, or will be within the next working days if nothing is done."""
    terms = app.agreement.sla
    until = end_of_working_days(terms.hours, now, WORKING_DAYS)
    with transaction(app.engine) as db:
        late = promises.late(db, terms, until)
    rows = []
    for handoff_id, pledges in late.items():
        due_at, promise = min((pledge.due_at(terms), pledge.promise) for pledge in pledges)
        rows.append({"handoff": handoff_id, "promise": promise, "due_at": due_at.isoformat(), "late": due_at < now})
    rows.sort(key=lambda row: (datetime.fromisoformat(str(row["due_at"])), row["handoff"]))
    is_late = sum(1 for row in rows if row["late"])
    coming = [row for row in rows if not row["late"]]
    shown = [*coming[:MOST], *[row for row in rows if row["late"]][: MOST - len(coming[:MOST])]]
    return {
        "shown": sorted(shown, key=lambda row: (datetime.fromisoformat(str(row["due_at"])), row["handoff"])),
        "left_out": len(rows) - len(shown),
        "late": is_late,
        "coming": len(coming),
        "until": until.isoformat(),
    }


def _targets(app: App, spans: _Spans, kept: Mapping[str, Report], now: datetime) -> list[dict[str, Any]]:
    """What the agreement aims at, and what was reached; None where there was nothing to reach it with."""
    active = _over(app, interest, spans, now, ["source"])
    again = _over(app, recycled, spans, now, [])
    wanted = app.agreement.targets
    held = (
        ("sla_met", "Promises kept", wanted.sla_met, kept, "sla_met"),
        ("active_share", "Leads that came by themselves", wanted.active_share, active, "active"),
        ("recycled_share", "Handed over after a refusal", wanted.recycled_share, again, "recycled"),
    )
    return [
        {
            "name": name,
            "label": label,
            "target": None if target is None else target / 100,
            **{span: made.total[column] for span, made in reports.items()},
        }
        for name, label, target, reports, column in held
    ]
