"""What has come due is decided in batches: mails are written, times are set, nobody stops the others."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from nurture.app import App
from nurture.db import transaction
from nurture.flows import advance as advancing
from nurture.flows.advance import advance
from nurture.store import agenda, set_aside
from tests.flows.apps import add_lead, one, rows
from tests.rules.examples import NOW


def first_due(app: App) -> datetime:
    return one(app, "SELECT min(due_at) FROM enrollment")


def test_nothing_due_does_nothing(app: App) -> None:
    add_lead(app)
    assert advance(app, NOW).leads == 0


def test_a_due_lead_gets_its_mail_written_and_its_next_time_set(app: App) -> None:
    add_lead(app)
    due_at = first_due(app)
    done = advance(app, due_at)
    assert (done.leads, done.queued) == (1, 1)
    (mail,) = rows(app, "SELECT step, state, slot_at, local_on, zone, template FROM delivery")
    assert mail == ("one", "queued", due_at, due_at.date(), "America/Chicago", "t/one")
    assert first_due(app) >= due_at + timedelta(days=6)


def test_advancing_twice_at_once_writes_each_mail_once(app: App) -> None:
    for number in range(60):
        add_lead(app, f"lead{number}@buyer.example")
    late = NOW + timedelta(days=8)
    late = late.replace(hour=16)
    results: list[int] = []

    def work() -> None:
        while True:
            done = advance(app, late, most=7)
            results.append(done.queued)
            if not done.leads:
                return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not due_now(app, late)
    assert one(app, "SELECT count(*) FROM delivery") == sum(results)
    assert one(app, "SELECT count(DISTINCT lead_id) FROM delivery") == sum(results)


def due_now(app: App, now: datetime) -> bool:
    with transaction(app.engine) as db:
        return "advance" in agenda.waiting(db, now)


def test_a_lead_that_cannot_be_decided_is_set_aside_and_the_others_go_on(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = [add_lead(app, f"lead{number}@buyer.example") for number in range(5)]
    poisoned = leads[2]
    sound = advancing.decide

    def decide(db, app, happenings, now):
        if poisoned in happenings:
            raise RuntimeError("poison")
        return sound(db, app, happenings, now)

    monkeypatch.setattr(advancing, "decide", decide)
    late = one(app, "SELECT max(due_at) FROM enrollment")
    done = advance(app, late)
    assert (done.leads, done.set_aside) == (4, 1)
    assert one(app, "SELECT due_at FROM enrollment WHERE lead_id = :id", id=poisoned) == late + set_aside.WAITS[0]


def test_a_revived_step_is_the_same_row(app: App) -> None:
    add_lead(app)
    due_at = first_due(app)
    advance(app, due_at)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'cancelled', reason = 'window over'")
        db.exec_driver_sql("UPDATE enrollment SET due_at = %s", (due_at + timedelta(hours=20),))
    before = one(app, "SELECT id FROM delivery")
    advance(app, due_at + timedelta(hours=20))
    again = first_due(app)
    advance(app, again)
    (row,) = rows(app, "SELECT id, state, step, reason, local_on FROM delivery")
    assert (row.id, row.state, row.step, row.reason) == (before, "queued", "one", None)
    assert row.local_on > due_at.date()


@pytest.mark.parametrize(
    ("column", "constraint"),
    [("step", "delivery_one_a_local_day"), ("local_on", "delivery_step_once_a_cycle")],
)
def test_the_database_itself_refuses_what_must_never_be(app: App, column: str, constraint: str) -> None:
    add_lead(app)
    advance(app, first_due(app))
    other = {"step": "'another'", "local_on": "local_on + 1"}[column]
    columns = "lead_id, enrollment_id, campaign, step, cycle, template, slot_at, slot_until, local_on, zone, queued_at"
    values = columns.replace(column, other, 1) if column == "local_on" else columns.replace("step", other, 1)
    with pytest.raises(IntegrityError, match=constraint), transaction(app.engine) as db:
        db.exec_driver_sql(f"INSERT INTO delivery ({columns}) SELECT {values} FROM delivery")


def test_the_database_itself_refuses_a_second_live_enrollment(app: App) -> None:
    add_lead(app)
    columns = "lead_id, campaign, cycle, started_at"
    with pytest.raises(IntegrityError, match="enrollment_one_live"), transaction(app.engine) as db:
        db.exec_driver_sql(f"INSERT INTO enrollment ({columns}, n) SELECT {columns}, 2 FROM enrollment")


def test_a_late_tick_catches_up_without_a_burst(app: App) -> None:
    """The clock was away until half past ten: what was due at nine is spread over what is left of the window."""
    for number in range(40):
        add_lead(app, f"lead{number}@buyer.example")
    first = first_due(app)
    late = first.replace(hour=16, minute=0)  # 10:00 in Chicago, before the change of clocks
    advance(app, late)
    slots = [
        row.slot_at for row in rows(app, "SELECT slot_at, slot_until FROM delivery WHERE slot_at >= :late", late=late)
    ]
    assert len(slots) > 3
    assert max(slots) - min(slots) > timedelta(minutes=30)
    assert all(slot < late.replace(hour=17, minute=30) for slot in slots)
