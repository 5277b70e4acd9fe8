
import pytest

from nurture.flows.take_reports import take_reports
from tests.flows.apps import add_lead, one, rows
from tests.flows.reports import add_mail, report
from tests.rules.examples import NOW


@pytest.fixture
def mail(app):
    lead_id = add_lead(app)
    return add_mail(app, lead_id)


def suppressed(app):
    return [tuple(row) for row in rows(app, "SELECT reason, topic FROM suppression ORDER BY reason")]


def state(app, delivery):
    return one(app, "SELECT state FROM delivery WHERE id = :id", id=delivery)


@pytest.mark.parametrize(
    ("type_", "more", "word"),
    [
        ("bounced", {"severity": "hard"}, "bounced"),
        ("bounced", {"reject_reason": "invalid"}, "bounced"),
        ("complained", {}, "complained"),
        ("unsubscribed", {}, "unsubscribed"),
        ("rejected", {"reject_reason": "bounced"}, "bounced"),
        ("rejected", {"reject_reason": "invalid"}, "bounced"),
        ("rejected", {"reject_reason": "spam"}, "complained"),
        ("rejected", {"reject_reason": "unsubscribed"}, "unsubscribed"),
    ],
)
def test_what_says_never_again_suppresses_and_ends_the_campaign(app, mail, type_, more, word):
    taken = take_reports(app, [report(app, type_, mail, **more)], NOW)
    assert (taken.new, taken.suppressed) == (1, 1)
    assert suppressed(app) == [(word, "")]
    assert one(app, "SELECT left_as FROM enrollment") == word


@pytest.mark.parametrize(
    ("type_", "more"),
    [
        ("bounced", {"severity": "soft"}),
        ("bounced", {"severity": "policy"}),
        ("bounced", {"reject_reason": "blocked"}),
        ("rejected", {"reject_reason": "blocked"}),
        ("rejected", {"reject_reason": "other"}),
        ("rejected", {}),
        ("failed", {}),
        ("deferred", {}),
        ("subscribed", {}),
        ("opened", {}),
        ("clicked", {"automatic": True}),
        ("unknown", {}),
    ],
)
def test_whatever_else_is_reported_suppresses_nobody(app, mail, type_, more):
    take_reports(app, [report(app, type_, mail, **more)], NOW)
    assert suppressed(app) == []
    assert one(app, "SELECT status FROM enrollment") == "active"


def test_an_event_seen_before_changes_nothing(app, mail):
    event = report(app, "bounced", mail, severity="hard")
    assert take_reports(app, [event, event], NOW).known == 1
    with app.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM suppression")
    taken = take_reports(app, [event], NOW)
    assert (taken.new, taken.known, taken.suppressed) == (0, 1, 0)
    assert suppressed(app) == []


def test_one_event_about_two_recipients_is_two(app, mail):
    for_two = [report(app, "delivered", mail, event_id="one", recipient=f"{name}@buyer.example") for name in "ab"]
    assert take_reports(app, for_two, NOW).new == 2
