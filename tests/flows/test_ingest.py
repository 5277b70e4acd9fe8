"""Events come in: stored once, on the right lead, counted, decided, all or nothing."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from nurture.app import App
from nurture.db import transaction
from nurture.flows.ingest import ingest
from nurture.mail.links import visitor_token
from nurture.segment.visitor import VISITOR
from nurture.store.partitions import make_months
from tests.flows.apps import add_lead, incoming, one, page, rows, track
from tests.rules.examples import NOW


def test_an_event_of_a_known_lead_is_stored_and_counted(app: App) -> None:
    lead_id = add_lead(app)
    done = ingest(app, [page("/pricing")], NOW)
    assert (done.stored, done.duplicates) == (1, 0)
    assert rows(app, "SELECT lead_id, cycle, count FROM signal_day") == [(lead_id, 1, 1)]


def test_the_same_message_again_changes_nothing(app: App) -> None:
    add_lead(app)
    event = page("/pricing")
    ingest(app, [event, event], NOW)
    done = ingest(app, [event], NOW + timedelta(days=40))
    assert (done.stored, done.duplicates) == (0, 1)
    assert one(app, "SELECT sum(count) FROM signal_day") == 1
    assert one(app, "SELECT count(*) FROM event") == 1


def test_the_same_message_id_from_another_source_is_another_event(app: App) -> None:
    add_lead(app)
    event = page("/pricing", message_id="same")
    ingest(app, [event, page("/pricing", message_id="same", source="other")], NOW)
    assert one(app, "SELECT count(*) FROM event") == 2


def test_crossing_the_threshold_opens_a_handoff_with_its_evidence_and_a_notice_a_channel(app: App) -> None:
    lead_id = add_lead(app)
    done = ingest(app, [page("/pricing"), page("/pricing"), track("Whitepaper Downloaded")], NOW)
    assert done.offered == 1
    assert app.nudged == ["notices"]  # type: ignore[attr-defined]
    (handoff,) = rows(app, "SELECT lead_id, state, cycle, grade, score_micro, owner, evidence FROM handoff")
    assert handoff[:5] == (lead_id, "offered", 1, "A", 55_000_000)
    assert handoff.owner == "sales-manager@acme.example"
    assert {row["signal"] for row in handoff.evidence["rows"]} == {"pricing_page", "whitepaper"}
    assert rows(app, "SELECT channel, state FROM notice ORDER BY channel") == [
        ("email", "queued"),
        ("webhook", "queued"),
    ]
    assert one(app, "SELECT stage FROM lead") == "mql"
    assert one(app, "SELECT left_as FROM enrollment") == "qualified"


def test_deadlines_run_in_working_hours_from_the_offer(app: App) -> None:
    add_lead(app)
    ingest(app, [page("/pricing"), page("/pricing"), track("Whitepaper Downloaded")], NOW)
    (due,) = rows(app, "SELECT accept_due_at, attempt_due_at FROM handoff")
    assert due.accept_due_at == NOW + timedelta(hours=7)  # Monday 12:00 UTC is 06:00 in Chicago; 09:00 and 4 hours
    assert due.attempt_due_at == NOW + timedelta(hours=11)


def test_an_unknown_address_becomes_an_inquiry(app: App) -> None:
    done = ingest(
        app, [incoming("identify", traits={"firstName": "Jo", "company": {"name": "Buyer", "employees": 900}})], NOW
    )
    assert done.created == 1
    (lead,) = rows(app, "SELECT email, first_name, company, employees, stage FROM lead")
    assert lead == ("jo@buyer.example", "Jo", "Buyer", 900, "nurture")
    assert one(app, "SELECT campaign FROM enrollment") == "not-ready"


def test_traits_nobody_knows_become_attributes(app: App) -> None:
    ingest(app, [incoming("identify", traits={"favourite": "robots", "email": "jo@buyer.example"})], NOW)
    assert one(app, "SELECT attributes FROM lead") == {"favourite": "robots"}


def test_no_sender_makes_a_lead_larger_than_a_lead_may_be(app: App, caplog: pytest.LogCaptureFixture) -> None:
    add_lead(app)
    caplog.set_level("INFO", "nurture")
    for n in range(3):
        ingest(app, [incoming("identify", NOW, traits={f"t{n}_{m}": "x" * 1000 for m in range(90)})], NOW)
    assert one(app, "SELECT count(*) FROM lead, jsonb_object_keys(attributes)") == 200
    assert one(app, "SELECT max(length(changes::text)) FROM lead_change") < 100_000
    assert [(record.message, record.count) for record in caplog.records if hasattr(record, "count")] == [
        ("attributes beyond the limits were left out", 70)
    ]


def test_a_changed_profile_is_kept_with_before_and_after(app: App) -> None:
    add_lead(app, title="Clerk")
    ingest(app, [incoming("identify", traits={"title": "VP"})], NOW)
    assert one(app, "SELECT changes FROM lead_change") == {"title": ["Clerk", "VP"]}


def test_a_message_that_comes_again_teaches_nothing(app: App) -> None:
    add_lead(app)
    first, second = (incoming("identify", NOW, traits={"title": title}) for title in ("CTO", "CEO"))
    ingest(app, [first], NOW)
    ingest(app, [second], NOW)
    ingest(app, [first], NOW)
    assert one(app, "SELECT title FROM lead") == "CEO"
    ingest(app, [first, incoming("identify", NOW, traits={"plan": "pro"})], NOW)
    assert rows(app, "SELECT title, attributes FROM lead") == [("CEO", {"plan": "pro"})]


def test_of_two_messages_with_one_id_in_a_batch_the_first_teaches(app: App) -> None:
    add_lead(app)
    said = [incoming("identify", NOW, traits={"title": title}, message_id="same") for title in ("CTO", "CEO")]
    ingest(app, said, NOW)
    assert one(app, "SELECT title FROM lead") == "CTO"


def test_the_same_id_of_another_month_or_source_is_another_message_and_teaches(app: App) -> None:
    add_lead(app)
    earlier = NOW - timedelta(days=40)
    ingest(app, [incoming("identify", NOW, message_id="same", client_at=earlier, traits={"title": "CTO"})], NOW)
    ingest(app, [incoming("identify", NOW, message_id="same", traits={"title": "CEO"})], NOW)
    assert one(app, "SELECT title FROM lead") == "CEO"
    ingest(app, [incoming("identify", NOW, message_id="same", source="other", traits={"title": "COO"})], NOW)
    assert one(app, "SELECT title FROM lead") == "COO"


def test_what_an_anonymous_visitor_did_is_attributed_once_it_is_known(app: App) -> None:
    ingest(app, [page("/pricing", anonymous_id="browser"), page("/pricing", anonymous_id="browser")], NOW)
    assert one(app, "SELECT count(*) FROM signal_day") == 0
    lead_id = add_lead(app)
    ingest(app, [incoming("identify", anonymous_id="browser", email="jo@buyer.example")], NOW + timedelta(hours=1))
    assert rows(app, "SELECT DISTINCT lead_id FROM event") == [(lead_id,)]
    assert one(app, "SELECT count FROM signal_day") == 2
    ingest(app, [page("/pricing", anonymous_id="browser")], NOW + timedelta(hours=2))
    assert one(app, "SELECT count FROM signal_day") == 3


def test_an_identify_moves_a_browser_from_then_on_and_leaves_the_past_where_it_is(app: App) -> None:
    jo, al = add_lead(app), add_lead(app, "al@buyer.example")
    ingest(app, [incoming("identify", anonymous_id="shared", email="jo@buyer.example")], NOW)
    ingest(app, [page("/pricing", anonymous_id="shared")], NOW)
    ingest(app, [incoming("identify", anonymous_id="shared", email="al@buyer.example")], NOW)
    ingest(app, [page("/docs", anonymous_id="shared")], NOW)
    assert rows(app, "SELECT path, lead_id FROM event WHERE kind = 'page' ORDER BY id") == [
        ("/pricing", jo),
        ("/docs", al),
    ]


def test_a_tracked_link_ties_a_browser_that_belongs_to_nobody_and_never_moves_one(app: App) -> None:
    jo, al = add_lead(app), add_lead(app, "al@buyer.example")
    token = visitor_token(app.settings.secret_key, jo)
    tagged = f"https://acme.example/pricing?{VISITOR}={token}"
    ingest(app, [incoming("page", anonymous_id="fresh", path="/pricing", url=tagged)], NOW)
    ingest(app, [page("/docs", anonymous_id="fresh")], NOW)
    assert rows(app, "SELECT DISTINCT lead_id FROM event") == [(jo,)]
    ingest(app, [incoming("identify", anonymous_id="als", email="al@buyer.example")], NOW)
    ingest(app, [incoming("page", anonymous_id="als", path="/pricing", url=tagged)], NOW)
    assert one(app, "SELECT lead_id FROM event ORDER BY id DESC LIMIT 1") == al


def test_a_forged_visitor_token_ties_nobody(app: App) -> None:
    add_lead(app)
    url = f"https://acme.example/?{VISITOR}=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    ingest(app, [incoming("page", anonymous_id="fresh", path="/", url=url)], NOW)
    assert one(app, "SELECT count(*) FROM identity") == 0


def test_a_user_id_seen_with_an_address_names_the_lead_later(app: App) -> None:
    lead_id = add_lead(app)
    ingest(app, [incoming("identify", user_id="u-7", email="jo@buyer.example")], NOW)
    ingest(app, [track("Webinar Attended", user_id="u-7", properties={"minutes": 45})], NOW)
    assert rows(app, "SELECT DISTINCT lead_id FROM event") == [(lead_id,)]
    assert one(app, "SELECT count FROM signal_day") == 1


def test_crawlers_are_kept_with_their_verdict_and_earn_nothing(app: App) -> None:
    add_lead(app)
    ingest(
        app, [page("/pricing", agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")], NOW
    )
    assert one(app, "SELECT verdict FROM event") == "automated"
    assert one(app, "SELECT count(*) FROM signal_day") == 0


def test_an_event_that_names_nobody_is_said_to_be_unusable(app: App) -> None:
    done = ingest(app, [page("/", email=None, anonymous_id=None, message_id="lost")], NOW)
    assert done.unusable == ("lost",)
    assert one(app, "SELECT count(*) FROM event") == 0


def test_what_happened_before_all_that_is_kept_is_neither_stored_nor_counted(app: App) -> None:
    lead_id = add_lead(app, now=NOW - timedelta(days=400))
    with transaction(app.engine) as db:
        since = (NOW - timedelta(days=70)).date()
        db.execute(text("INSERT INTO housekeeping (kept_since) VALUES (:day)"), {"day": since})
    old, kept = page("/pricing", NOW - timedelta(days=80)), page("/pricing", NOW - timedelta(days=60))
    done = ingest(app, [old, kept, page("/pricing", user_id="u-1", email="jo@buyer.example")], NOW)
    assert (done.stored, done.duplicates) == (2, 0)
    assert rows(app, "SELECT lead_id, sum(count) FROM signal_day GROUP BY 1") == [(lead_id, 2)]
    assert one(app, "SELECT count(*) FROM event WHERE occurred_at < :since", since=since) == 0


def test_events_far_from_now_go_to_the_default_partition_and_move_when_theirs_is_made(app: App) -> None:
    add_lead(app)
    later = NOW.replace(year=2031)
    ingest(app, [page("/pricing", later, received_at=NOW)], NOW)
    assert one(app, "SELECT tableoid::regclass::text FROM event") == "event_other"
    try:
        assert make_months(app.engine, [later.date().replace(day=1)]) == []
        assert one(app, "SELECT tableoid::regclass::text FROM event") == "event_2031_03"
        again = page("/pricing", later, received_at=NOW)
        ingest(app, [again], NOW)
        ingest(app, [again], NOW)
        assert one(app, "SELECT count(*) FROM event") == 2
    finally:
        with transaction(app.engine) as db:
            db.exec_driver_sql("DROP TABLE IF EXISTS event_2031_03")


def test_sixteen_writers_lose_no_count_and_make_one_handoff(app: App) -> None:
    """Sixteen connections post visits of the same leads at once, in different orders."""
    emails = [f"lead{n}@buyer.example" for n in range(8)]
    for email in emails:
        add_lead(app, email)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        order = emails if number % 2 else emails[::-1]
        try:
            for _ in range(3):
                ingest(app, [track("Whitepaper Downloaded", email=email) for email in order], NOW)
                ingest(app, [page("/pricing", email=email) for email in order], NOW)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert one(app, "SELECT count(*) FROM event") == 16 * 3 * 2 * 8
    assert {row.count for row in rows(app, "SELECT count AS n, count FROM signal_day")} == {48}
    assert one(app, "SELECT count(*) FROM handoff") == 8
    assert one(app, "SELECT count(DISTINCT lead_id) FROM handoff WHERE state = 'offered'") == 8


def test_the_database_itself_refuses_a_second_open_handoff(app: App) -> None:
    lead_id = add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    copied = "INSERT INTO handoff (lead_id, cycle, state, grade, score_micro, because, offered_at) "
    with pytest.raises(IntegrityError, match="handoff_one_open"), transaction(app.engine) as db:
        db.exec_driver_sql(copied + f"VALUES ({lead_id}, 2, 'accepted', 'A', 1, 'x', now())")
