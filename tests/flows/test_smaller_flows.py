"""Suppressing, refusing, settling hits, surveys, telling sales, adopting files, settling unknown mails."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, NotifierError, UsageError
from nurture.flows.adopt import adopt
from nurture.flows.advance import advance
from nurture.flows.answer import answer
from nurture.flows.enroll import enroll, qualify
from nurture.flows.hit import record_hit
from nurture.flows.ingest import ingest
from nurture.flows.refuse import refuse
from nurture.flows.resolve import resolve
from nurture.flows.settle import settle
from nurture.flows.suppress import suppress, unsubscribe
from nurture.flows.tell import tell
from nurture.notifiers.schedule import DELAYS
from tests.flows.apps import add_lead, one, page, rows, track
from tests.rules.examples import NOW
from tests.rules.lives import campaign_of

HUMAN = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


@pytest.fixture
def sent(app: App) -> int:
    """A mail that was sent an hour after NOW's due time; gives its delivery."""
    add_lead(app)
    due_at = one(app, "SELECT due_at FROM enrollment")
    advance(app, due_at)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'sent', sent_at = slot_at")
    return one(app, "SELECT id FROM delivery")


def hit(app: App, delivery: int, *, after: timedelta, link: int | None = 1, **more: object) -> None:
    at = one(app, "SELECT sent_at FROM delivery") + after
    seen = {"kind": "click", "url": "https://acme.example", "method": "GET", "agent": HUMAN, "address": "192.0.2.1"}
    assert record_hit(app, delivery_id=delivery, link=link, prefetch=False, now=at, **(seen | more))  # type: ignore[arg-type]


def settled(app: App, after: timedelta) -> tuple[int, int]:
    done = settle(app, one(app, "SELECT sent_at FROM delivery") + after)
    return done.human, done.automated


def test_a_click_waits_and_then_counts(app: App, sent: int) -> None:
    hit(app, sent, after=timedelta(minutes=30))
    assert settled(app, timedelta(minutes=30)) == (0, 0)
    assert settled(app, timedelta(minutes=31)) == (1, 0)
    assert settled(app, timedelta(minutes=32)) == (0, 0)
    assert one(app, "SELECT count FROM signal_day") == 1
    assert one(app, "SELECT engaged_at IS NOT NULL FROM lead")


def test_a_scanner_that_poses_as_chrome_is_caught_by_what_it_does_and_scores_nothing(app: App, sent: int) -> None:
    for number in (1, 2, 3):
        hit(app, sent, after=timedelta(minutes=30, seconds=number / 2), link=number)
    assert settled(app, timedelta(minutes=32)) == (0, 3)
    assert one(app, "SELECT count(*) FROM signal_day") == 0
    assert one(app, "SELECT engaged_at FROM lead") is None


@pytest.mark.parametrize(
    "how",
    [{"method": "HEAD"}, {"link": 0}, {"agent": "Barracuda Sentinel (EE)"}, {"prefetch": True}],
    ids=["HEAD", "hidden link", "known gateway", "prefetch"],
)
def test_programs_score_nothing(app: App, sent: int, how: dict[str, object]) -> None:
    at = one(app, "SELECT sent_at FROM delivery") + timedelta(minutes=30)
    seen = {"kind": "click", "link": 1, "url": "u", "method": "GET", "agent": HUMAN, "address": None, "prefetch": False}
    record_hit(app, delivery_id=sent, now=at, **(seen | how))  # type: ignore[arg-type]
    assert settled(app, timedelta(minutes=32)) == (0, 1)


def test_a_hit_on_no_delivery_is_no_hit(app: App) -> None:
    seen = {"kind": "click", "link": 1, "url": "u", "method": "GET", "agent": None, "address": None, "prefetch": False}
    assert record_hit(app, delivery_id=99, now=NOW, **seen) is None  # type: ignore[arg-type]


def test_unsubscribing_twice_is_fine_and_ends_the_enrollment(app: App, sent: int) -> None:
    lead_id = one(app, "SELECT id FROM lead")
    for _ in range(2):
        assert unsubscribe(app, lead_id=lead_id, delivery_id=sent, how="one-click", now=NOW)
    assert rows(app, "SELECT reason, topic FROM suppression") == [("unsubscribed", "")]
    assert one(app, "SELECT left_as FROM enrollment") == "unsubscribed"
    assert not unsubscribe(app, lead_id=4711, delivery_id=None, how="page", now=NOW)


def test_a_suppression_outlives_the_lead(app: App) -> None:
    suppress(app, lead_id=add_lead(app), word="complained", how="test", now=NOW)
    with transaction(app.engine) as db:
        db.exec_driver_sql("DELETE FROM lead")
    add_lead(app)
    assert one(app, "SELECT count(*) FROM enrollment") == 0


def test_a_survey_answer_counts_once_and_may_raise_the_hand(app: App, sent: int) -> None:
    for _ in range(2):
        assert answer(app, delivery_id=sent, question="timing", answer="now", now=NOW)
    assert one(app, "SELECT count(*) FROM event WHERE kind = 'answer'") == 1
    assert one(app, "SELECT attributes FROM lead") == {"timing": "now"}
    assert one(app, "SELECT hand_raise FROM handoff")
    assert not answer(app, delivery_id=4711, question="timing", answer="now", now=NOW)


def test_refusing_by_hand(app: App) -> None:
    add_lead(app)
    refuse(app, "JO@buyer.example", reason="not_ready", by="crm", note="", now=NOW)
    assert rows(app, "SELECT cycle, reason, stage FROM lead") == [(1, "not_ready", "nurture")]
    assert [row.n for row in rows(app, "SELECT n FROM cycle ORDER BY n")] == [0, 1]
    with pytest.raises(NotFound):
        refuse(app, "who@buyer.example", reason="not_ready", by="crm", note="", now=NOW)
    with pytest.raises(UsageError, match="did you mean `no_budget`"):
        refuse(app, "jo@buyer.example", reason="no_budgt", by="crm", note="", now=NOW)


def test_what_came_before_a_first_refusal_is_cycle_zero_and_unscored(app: App) -> None:
    add_lead(app)
    ingest(app, [page("/pricing")], NOW)
    refuse(app, "jo@buyer.example", reason="not_ready", by="crm", note="", now=NOW + timedelta(days=1))
    assert rows(app, "SELECT cycle, count FROM signal_day") == [(0, 1)]
    late = page("/pricing", NOW - timedelta(days=1), received_at=NOW)
    ingest(app, [late], NOW + timedelta(days=2))
    assert {row.cycle for row in rows(app, "SELECT cycle FROM signal_day")} == {0}


def test_notices_go_out_once_with_the_packet_and_a_signed_link(app: App) -> None:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    assert tell(app, NOW).sent == 2
    assert tell(app, NOW).sent == 0
    (notice,) = app.channels["email"].told  # type: ignore[attr-defined]
    assert notice.recipient == "sales-manager@acme.example"
    assert notice.data["lead"]["email"] == "jo@buyer.example"
    assert notice.data["url"].startswith("https://nurture.example/h/")


def test_a_notice_that_is_not_taken_is_tried_again_with_backoff_then_shown_as_failed(app: App) -> None:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)

    class Down:
        def notify(self, notice: object) -> None:
            raise NotifierError("no answer within 10 s")

    app = replace(app, channels={"email": Down(), "webhook": Down()})
    assert tell(app, NOW).failed == 2
    (row,) = rows(app, "SELECT state, tries, last_error, next_at FROM notice WHERE channel = 'email'")
    assert (row.state, row.tries, row.last_error) == ("queued", 1, "no answer within 10 s")
    assert row.next_at > NOW
    at = NOW
    for _ in range(len(DELAYS)):
        at += timedelta(days=2)
        tell(app, at)
    assert {row.state for row in rows(app, "SELECT state FROM notice")} == {"failed"}
    assert tell(app, at + timedelta(days=9)).failed == 0


def test_one_channel_down_does_not_hold_up_another_and_a_permanent_no_is_final(app: App) -> None:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)

    class Gone:
        def notify(self, notice: object) -> None:
            raise NotifierError("410 Gone", permanent=True)

    app = replace(app, channels={"email": app.channels["email"], "webhook": Gone()})
    tell(app, NOW)
    assert dict(rows(app, "SELECT channel, state FROM notice")) == {"email": "sent", "webhook": "failed"}  # type: ignore[arg-type]


def test_adopting_wakes_the_enrollments_of_a_changed_campaign_only_when_it_changed(app: App) -> None:
    add_lead(app)
    first = replace(app.workspace, versions={"campaigns/not-ready.yaml": "1", "campaigns/agreement.yaml": "1"})
    assert adopt(replace(app, workspace=first), NOW).woken == 0
    assert adopt(replace(app, workspace=first), NOW).files == ()
    second = replace(first, versions={**first.versions, "campaigns/not-ready.yaml": "2"})
    assert adopt(replace(app, workspace=second), NOW).woken == 1
    assert one(app, "SELECT due_at FROM enrollment") == NOW
    advance(app, NOW)
    assert one(app, "SELECT due_at FROM enrollment") > NOW


def test_an_unknown_mail_is_settled_by_a_person(app: App, sent: int) -> None:
    with pytest.raises(Conflict, match="only an unknown one"):
        resolve(app, sent, as_state="sent", by="op", now=NOW)
    for _ in range(1):
        with transaction(app.engine) as db:
            db.exec_driver_sql("UPDATE delivery SET state = 'unknown', sent_at = NULL, sending_at = slot_at")
    resolve(app, sent, as_state="failed", by="op", now=NOW + timedelta(days=4))
    assert rows(app, "SELECT state, for_good FROM delivery") == [("failed", False)]
    advance(app, one(app, "SELECT due_at FROM enrollment"))
    assert rows(app, "SELECT id, state, step FROM delivery") == [(sent, "queued", "one")]


def test_enrolling_by_hand_and_why_not(app_with: Callable[..., App]) -> None:
    app = app_with(campaign_of(), campaign_of("gb", enroll={"when": "lead.country == 'GB'"}))
    add_lead(app)
    add_lead(app, "brit@buyer.example", country="GB")
    enroll(app, "brit@buyer.example", campaign="gb", now=NOW)
    assert one(app, "SELECT left_as FROM enrollment WHERE status = 'ended'") == "moved"
    with pytest.raises(Conflict, match=r"lead\.country"):
        enroll(app, "jo@buyer.example", campaign="gb", now=NOW)
    with pytest.raises(NotFound, match="did you mean `not-ready`"):
        enroll(app, "jo@buyer.example", campaign="not-redy", now=NOW)


def test_a_lower_threshold_hands_nobody_over_until_asked(app_with: Callable[..., App]) -> None:
    app = app_with()
    add_lead(app)
    ingest(app, [page("/pricing"), track("Whitepaper Downloaded")], NOW)
    assert one(app, "SELECT count(*) FROM handoff") == 0
    easier = replace(
        app.workspace,
        agreement=app.agreement.model_copy(
            update={"qualify": (app.agreement.qualify[0].model_copy(update={"score": 30}),)}
        ),
    )
    eased = replace(app, workspace=easier)
    assert qualify(eased, limit=10, now=NOW, count_only=True) == 1
    assert one(app, "SELECT count(*) FROM handoff") == 0
    assert qualify(eased, limit=10, now=NOW) == 1
    assert one(app, "SELECT count(*) FROM handoff") == 1
