"""One lead's score: the rows it is the sum of, the grade's criteria, what is missing, and what is not there."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, text

from nurture.agreement import Agreement
from nurture.app import App
from nurture.db import transaction
from nurture.errors import UsageError
from nurture.facts import MICRO, LeadState, Score, ScoreRow
from nurture.reports.adoption import is_adopted
from nurture.reports.found import lead_with
from nurture.rules import grading, qualification, scoring
from nurture.rules.book import Rulebook
from nurture.rules.known import known
from nurture.rules.offering import NEVER_OFFERED
from nurture.store import matchers, walks

_ROW = ("signal", "day", "count", "counted", "points", "age_days")
_OTHER_CYCLES = text(
    """
    SELECT s.cycle, sum(s.count) AS count FROM signal_day s JOIN lead l ON l.id = s.lead_id
    WHERE s.lead_id = :id AND s.cycle <> l.cycle AND s.matcher = ANY(:matchers) GROUP BY s.cycle ORDER BY s.cycle
    """
)


def score_report(app: App, email: str, now: datetime, *, on: date | None = None) -> dict[str, Any]:
    """How a lead's score comes about on a UTC day, JSON-ready but for its dates; points are whole or fractional.

    Args:
        app: the app.
        email: whose.
        now: business time.
        on: another day than today, of the lead's current cycle: as if nothing else happened up to then, by the grade
            that the lead has now.

    Raises:
        NotFound: There is no such lead.
        UsageError: Its cycle had not begun on that day.
    """
    day = now.date() if on is None else on
    with transaction(app.engine) as db:
        book = app.book_in(db)
        lead_id, state = lead_with(db, book, email, min(now, datetime.combine(day, time(), UTC)))
        state = _as_of(state, day, now)
        scored = scoring.score(book.agreement, state.counts, day)
        return {
            "lead": state.profile.email,
            "day": scored.day,
            "score": scored.micro / MICRO,
            "stage": state.stage,
            "cycle": state.cycle,
            "cycle_began": state.cycles[-1][1],
            "rows": [_row(row) for row in scored.rows],
            "no_rows": _no_rows(app, book, scored),
            "tomorrow": scoring.score(book.agreement, state.counts, day + timedelta(days=1)).micro / MICRO,
            "other_cycles": _other_cycles(db, book, lead_id),
            **_fit(book, state, now, scored),
            "recount": _recount(db, app),
            "adopted": is_adopted(db, app),
        }


def _as_of(state: LeadState, day: date, now: datetime) -> LeadState:
    """The lead with what it had done by the end of that day."""
    if day >= now.date():
        return state
    began = state.cycles[-1][1].date()
    if day < began:
        raise UsageError(
            f"--on: the lead's cycle {state.cycle} began on {began}; its score is that of this cycle alone"
        )
    return replace(state, counts=tuple(count for count in state.counts if count.day <= day))


def _row(row: ScoreRow) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in _ROW}, "worth": row.worth / MICRO}


def _no_rows(app: App, book: Rulebook, scored: Score) -> list[dict[str, Any]]:
    """The signals that there are besides, and what they would be worth."""
    seen = {row.signal for row in scored.rows}
    return [
        {
            "signal": name,
            "asks_for": str(signal.when),
            "points": signal.points,
            "at_most": signal.at_most,
            "half_life_days": (signal.half_life or app.agreement.half_life).days,
            "hand_raise": signal.hand_raise,
        }
        for name, signal in book.agreement.signals.items()
        if name not in seen
    ]


def _other_cycles(db: Connection, book: Rulebook, lead_id: int) -> list[dict[str, Any]]:
    """What the lead did in other cycles, which counts nothing now."""
    worth = [signal.when.fingerprint for signal in book.agreement.signals.values() if signal.points]
    rows = db.execute(_OTHER_CYCLES, {"id": lead_id, "matchers": worth})
    return [{"cycle": row.cycle, "count": row._mapping["count"]} for row in rows]


def _fit(book: Rulebook, state: LeadState, now: datetime, scored: Score) -> dict[str, Any]:
    graded = grading.grade(book.agreement, known(book, state, now))
    barred = state.suppressed in NEVER_OFFERED
    decision = qualification.decide(book.agreement, graded, scored, hand_raise=None, barred=barred)
    return {
        "grade": graded.grade,
        "fit_points": graded.points,
        "grade_because": _grade_because(book.agreement, graded, known_at_all=_is_known(book, state, now)),
        "fit": [
            {"name": row.name, "points": row.points, "grade": row.grade, "holds": row.holds, "because": row.because}
            for row in graded.rows
        ],
        "qualifies": decision.qualifies,
        "because": decision.because,
        "missing": list(decision.missing),
    }


def _is_known(book: Rulebook, state: LeadState, now: datetime) -> bool:
    return grading.is_known(book.agreement, known(book, state, now))


def _grade_because(agreement: Agreement, graded: grading.Grading, *, known_at_all: bool) -> str:
    """Why it is this grade, in a sentence."""
    if graded.decided_alone:
        names = [row.name for row in graded.rows if row.holds and row.grade == graded.grade]
        return f"“{names[0]}” alone makes it so"
    if not known_at_all:
        return "nothing but the address is known of it"
    grades = agreement.grades
    bounds = {
        "A": f"A from {grades.A}",
        "B": f"B from {grades.B}",
        "C": f"C from {grades.C}",
        "D": f"D below {grades.C}",
    }
    return f"{graded.points} points of fit; {bounds[graded.grade]}"


def _recount(db: Connection, app: App) -> dict[str, Any] | None:
    """What is being counted anew after a change of the agreement; None where nothing is."""
    counted = matchers.load(db)
    walk = walks.find(db, walks.AGREEMENT)
    if walk is None:
        return None
    changed = [
        {
            "signal": name,
            "rules_now": str(counted.matchers[one.former]) if one.former else None,
            "will_rule": str(counted.matchers[one.fingerprint]),
        }
        for name, one in counted.signals.items()
        if one.fingerprint in counted.counting
    ]
    total = walk.leads + walks.leads_left(db, walk.after_id)
    return {"parts": list(walk.parts), "leads_done": walk.leads, "leads": total, "signals": changed}
