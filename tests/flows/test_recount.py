"""Counting again from stored events gives what counting one by one gave."""

from datetime import date, timedelta

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.decide import decide
from nurture.flows.ingest import ingest
from nurture.flows.recount import recount
from nurture.flows.refuse import refuse
from nurture.rules.happenings import Refused
from tests.flows.apps import add_lead, one, page, rows, track
from tests.rules.examples import NOW

DAY = timedelta(days=1)


def counted(app: App) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows(app, "SELECT * FROM signal_day ORDER BY lead_id, cycle, matcher, day")]


def again(app: App, *lead_ids: int, now=NOW) -> None:
    with transaction(app.engine) as db:
        recount(db, app, lead_ids, now)


def a_life(app: App) -> int:
    """A lead that did things in two cycles, and some of them twice a day."""
    lead_id = add_lead(app, now=NOW - 40 * DAY)
    ingest(app, [page("/careers", NOW - 30 * DAY), page("/careers/robots", NOW - 30 * DAY)], NOW - 30 * DAY)
    ingest(app, [track("Webinar Attended", NOW - 25 * DAY, properties={"minutes": 45})], NOW - 25 * DAY)
    ingest(app, [track("Webinar Attended", NOW - 25 * DAY, properties={"minutes": 5})], NOW - 25 * DAY)
    refuse(app, "jo@buyer.example", reason="not_ready", by="rep", note="", now=NOW - 20 * DAY)
    refuse(app, "jo@buyer.example", reason="not_ready", by="rep", note="", now=NOW - 15 * DAY)
    ingest(app, [page("/pricing", NOW - 18 * DAY), page("/pricing", NOW - 3 * DAY)], NOW - 2 * DAY)
    return lead_id


def test_counting_again_changes_nothing(app: App) -> None:
    lead_id = a_life(app)
    before = counted(app)
    assert {row[1] for row in before} == {0, 1, 2}
    again(app, lead_id, now=NOW - 2 * DAY)
    assert counted(app) == before


def test_what_was_done_after_a_refusal_that_is_told_late_counts_for_the_cycle_it_began(app: App) -> None:
    lead_id = add_lead(app, now=NOW - 30 * DAY)
    ingest(app, [page("/pricing", NOW - 20 * DAY)], NOW - 20 * DAY)
    ingest(app, [page("/pricing", NOW - 5 * DAY), page("/careers", NOW - 5 * DAY)], NOW - 5 * DAY)
    with transaction(app.engine) as db:
        decide(db, app, {lead_id: Refused("not_ready", NOW - 10 * DAY)}, NOW)
    assert [(row[1], row[3]) for row in counted(app)] == [
        (0, (NOW - 20 * DAY).date()),
        (1, (NOW - 5 * DAY).date()),
        (1, (NOW - 5 * DAY).date()),
    ]
    assert one(app, "SELECT micro FROM lead_score") > 0
    before = counted(app)
    again(app, lead_id)
    assert counted(app) == before


def test_lost_and_invented_counts_are_mended(app: App) -> None:
    lead_id = a_life(app)
    before = counted(app)
    micro = one(app, "SELECT micro FROM lead_score")
    with transaction(app.engine) as db:
        db.execute(text("UPDATE signal_day SET count = count + 7 WHERE cycle = 2"))
        db.execute(text("DELETE FROM signal_day WHERE cycle = 1"))
        db.execute(text("UPDATE signal_day SET day = day + 1 WHERE cycle = 0"))
    again(app, lead_id, now=NOW - 2 * DAY)
    assert counted(app) == before
    assert one(app, "SELECT micro FROM lead_score") == micro


def test_a_verdict_revised_and_back_leaves_all_as_it_was(app: App) -> None:
    lead_id = a_life(app)
    looked_at = "SELECT s.*, l.engaged_at FROM lead_score s JOIN lead l ON l.id = s.lead_id"
    before, scored = counted(app), rows(app, looked_at)
    for verdict in ("automated", "human"):
        with transaction(app.engine) as db:
            db.execute(text("UPDATE event SET verdict = :verdict WHERE path = '/pricing'"), {"verdict": verdict})
            recount(db, app, [lead_id], NOW - 2 * DAY)
        if verdict == "automated":
            assert one(app, "SELECT micro FROM lead_score") == 0
            assert one(app, "SELECT engaged_at FROM lead") == NOW - 25 * DAY
    assert counted(app) == before
    assert rows(app, looked_at) == scored


def test_nobody_is_handed_over_by_counting_again(app: App) -> None:
    lead_id = add_lead(app)
    ingest(app, [page("/pricing"), page("/about"), page("/about/us")], NOW)
    with transaction(app.engine) as db:
        db.execute(text("UPDATE event SET kind = 'track', name = 'Whitepaper Downloaded' WHERE path = '/about'"))
        db.execute(
            text(
                "UPDATE event SET kind = 'track', name = 'Webinar Attended', properties = '{\"minutes\": 60}'"
                " WHERE path = '/about/us'"
            )
        )
        recount(db, app, [lead_id], NOW)
    assert one(app, "SELECT micro FROM lead_score") == 65_000_000
    assert rows(app, "SELECT * FROM handoff") == []


def test_leads_that_are_not_there_are_passed_over(app: App) -> None:
    again(app, 4711)
    again(app)
    assert counted(app) == []


def test_days_of_which_events_are_gone_keep_their_counts(app: App, monkeypatch) -> None:
    lead_id = a_life(app)
    before = counted(app)
    since = (NOW - 20 * DAY).date()
    monkeypatch.setattr("nurture.store.partitions.kept_since", lambda _: since)
    with transaction(app.engine) as db:
        db.execute(text("DELETE FROM event WHERE occurred_at < :since"), {"since": since})
    again(app, lead_id, now=NOW - 2 * DAY)
    assert counted(app) == before
    assert isinstance(before[0][3], date)


def test_the_last_sign_of_life_is_no_older_because_events_are_gone_month_by_month(app: App) -> None:
    lead_id = add_lead(app, now=NOW - 400 * DAY)
    for days in (300, 200):
        ingest(app, [page("/x", NOW - days * DAY)], NOW - days * DAY)
    with transaction(app.engine) as db:
        db.execute(text("INSERT INTO housekeeping (kept_since) VALUES (:day)"), {"day": (NOW - 100 * DAY).date()})
        db.execute(text("DELETE FROM event WHERE occurred_at > :at"), {"at": NOW - 250 * DAY})
    again(app, lead_id)
    assert one(app, "SELECT engaged_at FROM lead") == NOW - 200 * DAY
