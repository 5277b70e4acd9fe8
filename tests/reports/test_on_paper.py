"""A week of four leads, short enough to be counted on paper, lived through by the flows; each report to the lead.

All are offered on Monday at 9:00 in Chicago, by turns to ONE, TWO, ONE, TWO.

- ann (website): ONE accepts at 10:00 and reaches her at 11:00; qualified on Tuesday, won on Thursday, both at 9:00.
- bob (a bought list): TWO is reminded at 13:00 and rejects him at 15:00, with a note. On the next Monday at 9:00 he is
  ready again; ONE accepts at 9:10 and has not called him by noon, which is when reports are made.
- cid (source unknown): nobody answers. Monday 13:00 reminded, 17:00 told to the manager and reminded of the first
  attempt; Tuesday 13:00 given to TWO, 17:00 taken back.
- dee (website): TWO accepts at 9:30, mails at 10:30, and loses her on Wednesday at 9:00.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from nurture.app import App
from nurture.db import transaction
from nurture.flows import follow_up
from nurture.flows.ingest import ingest
from nurture.flows.keep_promises import keep_promises
from nurture.reports.catalogue import REPORTS
from nurture.reports.report import Report
from tests.flows.apps import add_lead, make_app, one, page, track
from tests.reports.conftest import SOURCES
from tests.reports.histories import insert
from tests.rules.examples import AGREEMENT, utc
from tests.rules.lives import book_of, campaign_of

ONE, TWO = "one@acme.example", "two@acme.example"
MONDAY = utc(2026, 3, 2, 15)
"""9:00 in Chicago."""
NEXT = utc(2026, 3, 9, 14)
"""A week later at 9:00; clocks have changed on the Sunday."""
NOON = NEXT + timedelta(hours=3)
LADDER = ["remind", "escalate", "reassign", "return_to_nurture"]

Told = Callable[..., Report]


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker looks all week: ask for it before `told`."""
    monkeypatch.setitem(globals(), "_climb", lambda app, until: None)


@pytest.fixture
def told(clean_db: Engine, db_url: str, tmp_path: Path) -> Told:
    """The week, once it was lived through."""
    takes = campaign_of(enroll={"reasons": ["not_ready", "no_follow_up"], "unready": True})
    sla = {**AGREEMENT["sla"], "on_breach": LADDER}
    book = book_of(takes, sources=SOURCES, sla=sla, assign=[{"to": [ONE, TWO]}])
    app = make_app(clean_db, db_url, tmp_path, book)
    _live(app)

    def report(name: str, *by: str) -> Report:
        return REPORTS[name](app, since=None, until=None, now=NOON, by=by or None)

    return report


def _live(app: App) -> None:
    ann = _ready(app, "ann", "website")
    bob = _ready(app, "bob", "content syndication")
    _ready(app, "cid", None)
    dee = _ready(app, "dee", "website")
    _says(app, follow_up.accept, dee, TWO, MONDAY + timedelta(minutes=30))
    _says(app, follow_up.accept, ann, ONE, MONDAY + timedelta(hours=1))
    _says(app, follow_up.attempt, dee, TWO, MONDAY + timedelta(hours=1.5), kind="mail", outcome="not_reached", note="")
    _says(app, follow_up.attempt, ann, ONE, MONDAY + timedelta(hours=2), kind="call", outcome="reached", note="")
    _says(app, follow_up.reject, bob, TWO, MONDAY + timedelta(hours=6), reason="not_ready", note="in spring")
    _says(app, follow_up.outcome, ann, ONE, MONDAY + timedelta(days=1), state="qualified", reason=None, note="")
    _says(app, follow_up.outcome, dee, TWO, MONDAY + timedelta(days=2), state="lost", reason="not_ready", note="")
    _says(app, follow_up.outcome, ann, ONE, MONDAY + timedelta(days=3), state="won", reason=None, note="")
    _mails(app)
    _climb(app, NEXT)
    again = _ready(app, "bob", "content syndication", NEXT)
    _says(app, follow_up.accept, again, ONE, NEXT + timedelta(minutes=10))
    _climb(app, NOON)


def _ready(app: App, name: str, source: str | None, at: datetime = MONDAY) -> int:
    email = f"{name}@{name}.example"
    if at == MONDAY:
        add_lead(app, email, at, source=source)
    ingest(app, [track("Webinar Attended", at, email=email, properties={"minutes": 45})], at)
    ingest(app, [page("/pricing", at, email=email)], at)
    query = "SELECT max(h.id) FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE l.email = :email"
    return int(one(app, query, email=email))


def _says(app: App, act: Callable[..., None], handoff: int, by: str, at: datetime, **more: Any) -> None:
    _climb(app, at)
    act(app, handoff, by=by, now=at, **more)


def _climb(app: App, until: datetime) -> None:
    """Look whenever it is time to, as the clock does."""
    while (look_at := one(app, "SELECT min(look_at) FROM handoff")) is not None and look_at <= until:
        keep_promises(app, look_at)


def _mails(app: App) -> None:
    """Bob got two in his second round: a person clicked the first, a program the second."""
    lead = one(app, "SELECT id FROM lead WHERE email = 'bob@bob.example'")
    enrollment = one(app, "SELECT id FROM enrollment WHERE lead_id = :lead AND cycle = 2", lead=lead)
    with transaction(app.engine) as db:
        for n, verdict in enumerate(("human", "automated"), 1):
            at = MONDAY + timedelta(days=2 + n)
            mail = insert(
                db, "delivery", lead_id=lead, enrollment_id=enrollment, campaign="not-ready", step=f"s{n}", cycle=2,
                template="t/x", state="sent", slot_at=at, slot_until=at + timedelta(hours=2), zone="UTC", queued_at=at,
                local_on=at.date(), sending_at=at, sent_at=at + timedelta(minutes=n),
            )  # fmt: skip
            insert(
                db, "event", month=at.date().replace(day=1), source="test", message_id=f"click {n}",
                message_md5=f"{n:032x}", lead_id=lead, kind="click", verdict=verdict, delivery_id=mail,
                occurred_at=at + timedelta(hours=1), received_at=at + timedelta(hours=1),
            )  # fmt: skip


def figures(row: Any, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def leads(report: Report, column: str, **where: str) -> list[str]:
    """Whose the rows behind a number are, by their first names."""
    return sorted(row["lead"].partition("@")[0] for row in report.rows_of(column, where).rows)


def test_funnel(told: Told) -> None:
    whole = told("funnel")
    stages = ("inquiry", "nurture", "mql", "sal", "sql", "won", "lost", "rejected", "returned", "open")
    assert figures(whole.total, *stages) == (4, 7, 5, 3, 1, 1, 1, 1, 1, 1)
    assert {(row["cycle"], row["source"]): figures(row, "mql", "sal", "won") for row in whole.rows if row["mql"]} == {
        (1, "website"): (2, 2, 1), (1, "content syndication"): (1, 0, 0), (1, None): (1, 0, 0),
        (2, "content syndication"): (1, 1, 0),
    }  # fmt: skip
    assert leads(whole, "sal") == ["ann", "bob", "dee"]
    assert leads(whole, "nurture") == ["ann", "bob", "bob", "cid", "cid", "dee", "dee"]
    assert leads(whole, "mql", cycle="1", source="") == ["cid"]
    rates = ("inquiry_to_nurture", "nurture_to_mql", "mql_to_sal", "sal_to_sql", "sql_to_won")
    assert figures(whole.total, *rates) == pytest.approx((1, 5 / 7, 3 / 5, 1 / 3, 1))
    assert whole.total["days_mql_to_sal"] == pytest.approx(0.5 / 24), "10, 30 and 60 minutes"
    assert whole.total["days_sql_to_won"] == pytest.approx(2)
    names = ("handed_over", "won", "lost", "win_rate", "win_rate_of")
    reps = {row["rep"]: figures(row, *names) for row in told("funnel", "rep").rows}
    assert reps == {ONE: (2, 1, 0, 1, 1), TWO: (3, 0, 1, 0, 1)}, "neither rejected nor open ones are decided"


def test_rejects(told: Told) -> None:
    report = told("rejects")
    names = ("refusals", "rejected", "returned", "lost", "refused", "with_note")
    assert {row["reason"]: figures(row, *names) for row in report.rows} == {
        "not_ready": (2, 1, 0, 1, 0, 1), "no_follow_up": (1, 0, 1, 0, 0, 0),
    }  # fmt: skip
    assert [row["note"] for row in report.rows_of("with_note", {}).rows] == ["in spring"]


def test_sla(told: Told) -> None:
    report = told("sla", "rep")
    names = ("volume", "met", "breached", "pending", "sla_met", "attempts")
    assert figures(report.total, *names) == (5, 2, 2, 1, 0.5, 2)
    assert {row["rep"]: figures(row, *names) for row in report.rows} == {
        ONE: (3, 1, 1, 1, 0.5, 1),  # ann, cid who was ONE's when the promise was broken, bob again
        TWO: (2, 1, 1, 0, 0.5, 1),
    }
    assert leads(report, "breached", rep=ONE) == ["cid"]
    assert leads(report, "pending") == ["bob"]
    assert figures(report.total, "accept_minutes", "attempt_minutes") == (45, 105), "10, 30, 60, 360; 90, 120"
    assert report.total["attempts_per_lead"] == pytest.approx(2 / 3)
    assert figures(report.total, "reminded", "escalated", "reassigned", "returned") == (3, 1, 1, 1)


@pytest.mark.usefixtures("unwatched")
def test_who_is_late_is_late_also_where_no_worker_looked(told: Told) -> None:
    report = told("sla", "rep")
    assert figures(report.total, "volume", "met", "breached", "pending", "reminded") == (5, 2, 2, 1, 0)
    assert leads(report, "breached") == ["bob", "cid"]


def test_recycled(told: Told) -> None:
    report = told("recycled")
    names = ("handed_over", "share_of_handed_over", "won", "lost")
    assert {row["cycles"]: figures(row, *names) for row in report.rows} == {"1": (4, 0.8, 1, 1), "2": (1, 0.2, 0, 0)}
    assert figures(report.total, "recycled", "recycled_won") == (0.2, 0)


def test_interest(told: Told) -> None:
    report = told("interest")
    names = ("leads", "share", "handed_over", "won")
    assert {(row["interest"], row["source"]): figures(row, *names) for row in report.rows} == {
        ("active", "website"): (2, 0.5, 2, 1), ("passive", "content syndication"): (1, 0.25, 1, 0),
        ("unknown", None): (1, 0.25, 1, 0),
    }  # fmt: skip
    assert report.total["active"] == 0.5


def test_grades(told: Told) -> None:
    (row,) = told("grades").rows
    names = ("grade", "handed_over", "accepted", "rejected", "returned", "won", "lost", "open", "win_rate")
    assert figures(row, *names) == ("A", 5, 3, 1, 1, 1, 1, 1, 0.5)


def test_campaigns_and_delivery(told: Told) -> None:
    report = told("campaigns")
    names = ("sent", "clicked", "requalified", "click_rate")
    assert {row["step"]: figures(row, *names) for row in report.rows} == {"s1": (1, 1, 0, 1), "s2": (1, 0, 1, 0)}
    assert figures(told("delivery").total, "sent", "slot_to_sent") == (2, 1.5)
