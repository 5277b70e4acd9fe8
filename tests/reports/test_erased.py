"""What reports say once people are erased: nothing of them, and how much that was."""

from datetime import timedelta

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.erase import erase
from nurture.reports.funnel import funnel
from nurture.reports.grades import grades
from tests.flows.apps import add_lead
from tests.flows.reports import add_mail
from tests.reports.histories import insert
from tests.rules.examples import NOW


def test_erased_people_are_in_no_figure_and_told_beside_it(app: App) -> None:
    for email in ("jo@buyer.example", "al@buyer.example"):
        lead = add_lead(app, email)
        with transaction(app.engine) as db:
            for days in (1, 2):
                insert(
                    db, "handoff", lead_id=lead, cycle=1, state="won", grade="A", score_micro=1, because="",
                    offered_at=NOW + timedelta(days=days), closed_at=NOW + timedelta(days=days),
                )  # fmt: skip
    later = NOW + timedelta(days=30)
    before = funnel(app, since=None, until=None, now=later)
    assert (before.total["won"], before.notes) == (4, ())
    erase(app, "jo@buyer.example", by="ann", now=later)
    erase(app, "jo@buyer.example", by="ann", now=later)
    after = funnel(app, since=None, until=None, now=later)
    assert (after.total["inquiry"], after.total["won"]) == (1, 2)
    assert after.beside["erased"] == {"leads": 1, "handoffs": 2, "won": 2}
    assert after.notes == ("not in these figures, of people who were erased since: 1 lead, 2 handoffs, 2 wins",)
    day = NOW.replace(hour=0) + timedelta(days=2)
    of_a_day = grades(app, since=day, until=day + timedelta(days=1), now=later)
    assert of_a_day.beside["erased"] == {"handoffs": 1, "won": 1}


def test_mails_to_erased_people_are_told_too(app: App) -> None:
    lead = add_lead(app)
    add_mail(app, lead, at=NOW)
    erase(app, "jo@buyer.example", by="ann", now=NOW)
    with transaction(app.engine) as db:
        assert db.execute(text("SELECT what, day, n FROM erased_tally WHERE what = 'mails'")).all() == [
            ("mails", NOW.date(), 1)
        ]
