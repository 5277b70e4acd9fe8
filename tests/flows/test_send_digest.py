"""The weekly digest: queued once a week and audience, with the figures that the reports give."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from nurture.app import App
from nurture.db import transaction
from nurture.flows import follow_up
from nurture.flows.erase import erase
from nurture.flows.ingest import ingest
from nurture.flows.send_digest import AUDIENCES, Queued, send_digest, waiting
from nurture.flows.tell import digest_people
from nurture.notifiers.digest import plain
from nurture.reports.digest import figures
from nurture.reports.funnel import funnel
from nurture.reports.interest import interest
from nurture.reports.recycled import recycled
from nurture.reports.rejects import rejects
from nurture.reports.sla import sla
from nurture.rules.digest import Issue, issue_due
from tests.flows.apps import add_lead, rows, track

MONDAY = datetime(2026, 3, 16, 13, tzinfo=UTC)
"""8:00 in Chicago; daylight saving began eight days ago, amid the week before."""
REP, OTHER = "rep.one@acme.example", "rep.two@acme.example"
ZONE = ZoneInfo("America/Chicago")
TERMS = {"day": "mon", "at": "08:00", "sales": ["boss@acme.example", REP], "marketing": ["ada@acme.example"]}
TARGETS = {"active_share": "50%", "sla_met": "90%"}


@pytest.fixture
def app(app_with: Callable[..., App]) -> App:
    return app_with(
        digest=TERMS,
        targets=TARGETS,
        assign=[{"to": [REP, OTHER]}],
        sources={"website": "active"},
        reps={REP: {"name": "Ada Reyes"}},
    )


def hand_over(app: App, name: str, at: datetime, **profile: Any) -> int:
    """A lead that asks for a demo; the number of its handoff."""
    email = f"{name}@buyer.example"
    lead_id = add_lead(app, email, at - timedelta(days=1), first_name=name.title(), company="Buyer Inc.", **profile)
    ingest(app, [track("Demo Requested", at, email=email)], at)
    [row] = rows(app, "SELECT id FROM handoff WHERE lead_id = :id", id=lead_id)
    return int(row.id)


@pytest.fixture
def week(app: App) -> dict[str, int]:
    """What a week can hold: answered in time and late, refused with words, won, lost, open, about to be late."""
    tuesday = MONDAY - timedelta(days=6)
    names = ("ada", "bob", "cleo", "dan", "eve", "finn")
    made = {name: hand_over(app, name, tuesday + timedelta(hours=n), source="website") for n, name in enumerate(names)}
    soon = tuesday + timedelta(hours=6, minutes=30)
    for name in ("ada", "bob", "cleo"):
        follow_up.accept(app, made[name], by=REP, now=soon)
        follow_up.attempt(
            app, made[name], kind="call", outcome="reached", note="", by=REP, now=soon + timedelta(minutes=5)
        )
    day = timedelta(days=1)
    follow_up.outcome(app, made["ada"], state="won", reason=None, note="", by=REP, now=soon + day)
    follow_up.outcome(app, made["bob"], state="lost", reason="no_budget", note="<No> money", by=REP, now=soon + day)
    follow_up.reject(app, made["dan"], reason="not_ready", note="Wants a call in May", by=OTHER, now=soon + 2 * day)
    made["gus"] = hand_over(app, "gus", tuesday - timedelta(days=9))
    follow_up.reject(app, made["gus"], reason="not_ready", note="", by=OTHER, now=soon)
    made["hal"] = hand_over(app, "hal", MONDAY - timedelta(hours=15))
    return made


def issue(app: App, now: datetime = MONDAY) -> Issue:
    found = issue_due(app.agreement, now)
    assert found is not None
    return found


def test_each_address_gets_one_letter_a_week_whoever_looks(app: App, week: dict[str, int]) -> None:
    assert waiting(app, MONDAY - timedelta(minutes=1)) is not None  # last week's, for nobody looked
    assert send_digest(app, MONDAY, figures=figures) == Queued("2026-W12", AUDIENCES)
    assert send_digest(app, MONDAY, figures=figures) == Queued()
    assert waiting(app, MONDAY + timedelta(days=6)) is None
    queued = rows(app, "SELECT about, kind, channel, recipient FROM notice WHERE kind LIKE 'digest.%' ORDER BY id")
    assert [tuple(row) for row in queued] == [
        ("digest:sales/2026-W12", "digest.sales", "email", "boss@acme.example"),
        ("digest:sales/2026-W12", "digest.sales", "email", REP),
        ("digest:marketing/2026-W12", "digest.marketing", "email", "ada@acme.example"),
    ]
    assert send_digest(app, MONDAY + timedelta(days=7), figures=figures).week == "2026-W13"


def test_of_many_clocks_at_once_each_letter_is_queued_once(app: App, week: dict[str, int]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: send_digest(app, MONDAY, figures=figures), range(4)))
    assert rows(app, "SELECT count(*) AS n FROM notice WHERE kind LIKE 'digest.%'")[0].n == 3


def test_nobody_is_told_where_nothing_was_ever_handed_over(app: App) -> None:
    assert send_digest(app, MONDAY, figures=figures) == Queued()


def test_without_a_digest_in_the_agreement_none_is_sent(app_with: Callable[..., App]) -> None:
    app = app_with()
    hand_over(app, "ada", MONDAY - timedelta(days=3))
    assert waiting(app, MONDAY) is None


def test_the_clock_asks_little(app: App, week: dict[str, int]) -> None:
    send_digest(app, MONDAY, figures=figures)
    asked: list[str] = []
    event.listen(app.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    waiting(app, MONDAY)
    assert len(asked) == 2


def test_every_figure_is_the_reports_own(app: App, week: dict[str, int]) -> None:
    now, one = MONDAY, issue(app)
    told = figures(app, one, now)
    span = {"since": datetime(2026, 3, 9, 5, tzinfo=UTC), "until": datetime(2026, 3, 16, 5, tzinfo=UTC), "now": now}
    assert (one.since_at, one.until_at) == (span["since"], span["until"])
    volumes = {row["name"]: row["week"] for row in told["volumes"]}
    total = funnel(app, **span).total
    assert volumes == {name: total[name] for name in volumes}
    assert (volumes["mql"], volumes["won"], volumes["lost"], volumes["rejected"]) == (7, 1, 1, 1)
    refused = rejects(app, **span)
    assert {how: told["refused"][how]["week"] for how in ("rejected", "returned", "lost")} == {
        how: refused.total[how] for how in ("rejected", "returned", "lost")
    }
    assert told["refused"]["rejected"]["week"] == 2
    assert [(row["reason"], row["week"], row["share"]) for row in told["reasons"]] == [
        (row["reason"], row["refusals"], row["share"]) for row in refused.rows
    ]
    kept = sla(app, **span, by=["rep"])
    assert [(row["rep"], row["met"], row["breached"]) for row in told["sla"]["reps"]] == [
        (row["rep"], row["met"], row["breached"]) for row in kept.rows
    ]
    reached = {row["name"]: row["week"] for row in told["targets"]}
    assert reached == {
        "sla_met": kept.total["sla_met"],
        "active_share": interest(app, **span).total["active"],
        "recycled_share": recycled(app, **span).total["recycled"],
    }
    assert [row["target"] for row in told["targets"]] == [0.9, 0.5, None]


def test_what_is_about_to_be_late_stands_there_before_it_is(app: App, week: dict[str, int]) -> None:
    soon = figures(app, issue(app), MONDAY)["soon"]
    shown = {one["handoff"]: (one["promise"], one["late"]) for one in soon["shown"]}
    assert shown[week["hal"]] == ("accept", False)
    assert shown[week["eve"]] == ("accept", True)
    assert week["cleo"] not in shown  # in touch, and the outcome is due in three months
    assert (soon["late"], soon["coming"], soon["left_out"]) == (2, 1, 0)


def test_the_letter_has_the_reps_own_words_and_nothing_of_people_is_kept(app: App, week: dict[str, int]) -> None:
    told = {"audience": "marketing", **figures(app, issue(app), MONDAY)}
    kept = repr(told)
    for said in ("buyer.example", "Dan", "call in May", "money"):
        assert said not in kept
    with transaction(app.engine) as db:
        filled = digest_people(db, app, told, MONDAY)
    text = plain(filled, ZONE)
    assert "/h/" not in text  # marketing answers for nobody
    for said in (
        "Dan, Buyer Inc.: Not ready to buy",
        '"Wants a call in May"',
        '"<No> money"',
        "Ada, Buyer Inc. (Ada Reyes)",
        "the week for marketing, 9 to 15 Mar 2026",
        "7 handed over, 2 rejected, 1 won",
        "nurture report sla --since 2026-03-09T00:00-05:00 --until 2026-03-16T00:00-05:00",
    ):
        assert said in text, said


def test_who_was_erased_meanwhile_is_in_no_letter(app: App, week: dict[str, int]) -> None:
    told = {"audience": "marketing", **figures(app, issue(app), MONDAY)}
    erase(app, "dan@buyer.example", by="Ada", now=MONDAY)
    with transaction(app.engine) as db:
        text = plain(digest_people(db, app, told, MONDAY), ZONE)
    assert "Dan" not in text
    assert "Wants a call in May" not in text


def test_a_week_in_which_nothing_happened_is_told_too(app: App) -> None:
    hand_over(app, "ada", MONDAY - timedelta(days=100))
    told = {"audience": "sales", **figures(app, issue(app), MONDAY)}
    with transaction(app.engine) as db:
        text = plain(digest_people(db, app, told, MONDAY), ZONE)
    assert "0 handed over" in text
    assert "No lead was refused in 90 days." in text
    assert "None" not in text
