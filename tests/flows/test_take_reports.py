from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from nurture.flows.merge_leads import merge_leads
from nurture.flows.take_reports import take_reports
from nurture.mail.links import bounce_address
from nurture.reports import came_back
from nurture.reports.came_back import in_words
from nurture.reports.lead import lead_report
from nurture.store.choices import become_address
from nurture.store.reports import RAW_KEPT_FOR, drop_before, drop_old, drop_tokens, use_token
from nurture.store.suppressions import address_hash
from tests.databases import empty
from tests.flows.apps import add_lead, one, rows
from tests.flows.reports import add_mail, report
from tests.rules.examples import NOW


def day(back):
    return NOW - timedelta(days=back)


def execute(app, query, **values):
    with app.engine.begin() as db:
        db.execute(text(query), values)


def is_suppressed(app, email):
    return bool(rows(app, "SELECT FROM suppression WHERE address_hash = :hash", hash=address_hash(email)))


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


# What becomes of the mail


@pytest.mark.parametrize(
    "type_", ["queued", "sent", "delivered", "deferred", "opened", "clicked", "bounced", "complained"]
)
@pytest.mark.parametrize("before", ["unknown", "sending"])
def test_a_mail_of_which_nobody_knew_was_sent_if_anything_came_back(app, mail, before, type_):
    execute(app, "UPDATE delivery SET state = :state, batch_id = 1, sent_at = NULL", state=before)
    assert take_reports(app, [report(app, type_, mail, severity="soft")], NOW).settled == 1
    (row,) = rows(app, "SELECT state, sent_at, sending_at, reason FROM delivery WHERE id = :id", id=mail)
    assert (row.state, row.sent_at, row.reason) == ("sent", row.sending_at, "settled by postmark")


@pytest.mark.parametrize("before", ["unknown", "sending", "sent"])
def test_a_mail_that_the_provider_did_not_send_has_failed_for_good(app, mail, before):
    execute(app, "UPDATE delivery SET state = :state, batch_id = 1", state=before)
    take_reports(app, [report(app, "rejected", mail, reject_reason="blocked")], NOW)
    (row,) = rows(app, "SELECT state, for_good, sent_at, reason FROM delivery WHERE id = :id", id=mail)
    assert row == ("failed", True, None, "postmark: rejected (blocked)")
    assert one(app, "SELECT status FROM enrollment") == "active"


def test_a_mail_that_would_be_tried_again_is_not_if_it_left_after_all(app, mail):
    """Its server said *later*, and took it."""
    execute(app, "UPDATE delivery SET state = 'queued', sent_at = NULL")
    take_reports(app, [report(app, "delivered", mail)], NOW)
    assert state(app, mail) == "sent"


@pytest.mark.parametrize("before", ["queued", "leased", "failed", "cancelled"])
@pytest.mark.parametrize("begun", ["sending_at = queued_at, message_id = '<d.x@y>'", "message_id = '<d.x@y>'"])
def test_a_mail_that_left_is_never_sent_again_whatever_we_were_told(app, mail, before, begun):
    """Also where a proxy said *not now* for a provider that had it already, so that no try was counted."""
    execute(app, "UPDATE delivery SET sent_at = NULL, sending_at = NULL")
    execute(app, f"UPDATE delivery SET state = :state, batch_id = 1, {begun}", state=before)
    take_reports(app, [report(app, "delivered", mail)], NOW)
    assert state(app, mail) == "sent"


@pytest.mark.parametrize("before", ["queued", "cancelled"])
def test_a_report_does_not_make_a_mail_that_never_began(app, mail, before):
    execute(app, "UPDATE delivery SET state = :state, batch_id = 1, sent_at = NULL, sending_at = NULL", state=before)
    take_reports(app, [report(app, "delivered", mail)], NOW)
    assert state(app, mail) == before


def test_a_failed_mail_stays_failed_where_another_took_its_day(app, mail):
    lead_id = one(app, "SELECT lead_id FROM delivery")
    execute(app, "UPDATE delivery SET state = 'failed'")
    add_mail(app, lead_id)
    take_reports(app, [report(app, "delivered", mail)], NOW)
    assert state(app, mail) == "failed"


# Whose address it is


def test_a_late_bounce_is_about_the_address_that_it_was_sent_to(app, mail):
    execute(app, "UPDATE lead SET email = 'new@buyer.example'")
    take_reports(app, [report(app, "bounced", mail, severity="hard")], NOW)
    assert is_suppressed(app, "jo@buyer.example")
    assert not is_suppressed(app, "new@buyer.example")
    assert one(app, "SELECT status FROM enrollment") == "active"


def test_a_late_complaint_is_about_the_person(app, mail):
    execute(app, "UPDATE lead SET email = 'new@buyer.example'")
    take_reports(app, [report(app, "complained", mail)], NOW)
    assert is_suppressed(app, "jo@buyer.example")
    assert is_suppressed(app, "new@buyer.example")


def test_a_bounce_by_mail_may_name_the_address_that_mail_is_forwarded_to(app, mail):
    forwarded = report(app, "bounced", mail, severity="hard", provider="smtp", recipient="far@elsewhere.example")
    take_reports(app, [forwarded], NOW)
    assert is_suppressed(app, "jo@buyer.example")
    assert not is_suppressed(app, "far@elsewhere.example")


@pytest.mark.parametrize("type_", ["bounced", "complained"])
@pytest.mark.parametrize("recipient", ["somebody@else.example", None])
def test_a_report_by_mail_gives_up_nobody_elses_address(app, mail, type_, recipient):
    """Whoever has had a mail can write one, also a lead that has another address by now."""
    lead_id = one(app, "SELECT id FROM lead")
    with app.engine.begin() as db:
        become_address(db, lead_id, "jo@buyer.example", "new@buyer.example", NOW - timedelta(minutes=1))
    told = report(app, type_, mail, severity="hard", provider="smtp", recipient=recipient)
    take_reports(app, [told], NOW)
    assert is_suppressed(app, "jo@buyer.example")
    assert is_suppressed(app, "new@buyer.example") == (type_ == "complained")
    assert not is_suppressed(app, "somebody@else.example")


def test_a_bounce_that_names_nobody_is_about_the_mails_address(app, mail):
    take_reports(app, [report(app, "bounced", mail, severity="hard", provider="smtp", recipient=None)], NOW)
    assert is_suppressed(app, "jo@buyer.example")


def test_a_mail_is_found_by_the_address_for_what_comes_back(app, mail):
    event = replace(
        report(app, "bounced", severity="hard", provider="smtp", recipient=None),
        delivery=bounce_address(app.settings.secret_key, mail, "in@news.acme.example"),
    )
    take_reports(app, [event], NOW)
    assert one(app, "SELECT delivery_id FROM mail_report") == mail


def test_a_report_on_a_merged_leads_mail_is_the_living_ones(app, mail):
    other = add_lead(app, "jo@private.example")
    merge_leads(app, "jo@private.example", "jo@buyer.example", by="test", now=NOW)
    take_reports(app, [report(app, "bounced", mail, severity="hard", recipient=None)], NOW)
    assert is_suppressed(app, "jo@buyer.example")
    assert not is_suppressed(app, "jo@private.example")
    take_reports(app, [report(app, "complained", mail)], NOW)
    assert is_suppressed(app, "jo@private.example")
    assert one(app, "SELECT DISTINCT lead_id FROM mail_report") == other


def test_reports_move_with_a_merged_lead(app, mail):
    take_reports(app, [report(app, "delivered", mail)], NOW)
    other = add_lead(app, "jo@private.example")
    merge_leads(app, "jo@private.example", "jo@buyer.example", by="test", now=NOW)
    assert one(app, "SELECT lead_id FROM mail_report") == other


@pytest.mark.parametrize("type_", ["delivered", "opened", "deferred"])
def test_a_report_on_no_mail_of_ours_belongs_to_nobody(app, mail, type_):
    take_reports(app, [report(app, type_)], NOW)
    assert rows(app, "SELECT lead_id, delivery_id FROM mail_report") == [(None, None)]


def test_soft_bounces_of_mails_that_are_not_ours_are_not_counted(app, mail):
    take_reports(app, [report(app, "bounced", at=day(n * 7), severity="soft") for n in range(9)], NOW)
    assert rows(app, "SELECT FROM soft_bounce") == []


def test_a_hard_bounce_of_no_mail_of_ours_is_known_by_its_recipient(app, mail):
    take_reports(app, [report(app, "bounced", severity="hard", recipient="JO@Buyer.Example")], NOW)
    assert is_suppressed(app, "jo@buyer.example")
    assert one(app, "SELECT left_as FROM enrollment") == "bounced"
    assert one(app, "SELECT lead_id FROM mail_report") == one(app, "SELECT id FROM lead")


def test_a_forged_token_names_no_mail(app, mail):
    event = replace(report(app, "bounced", mail, severity="soft"), delivery="d.AAAAAAAAAAAAAAAAAAAAAAE")
    take_reports(app, [event], NOW)
    assert one(app, "SELECT delivery_id FROM mail_report") is None


# Soft bounces


def soft_days(app, lead_id, days, **more):
    """A mail and its soft bounce on each of these days, counted back from now."""
    for n in days:
        mail = add_mail(app, lead_id, day(n) - timedelta(hours=1))
        take_reports(app, [report(app, "bounced", mail, at=day(n), severity="soft", **more)], NOW)


def test_enough_soft_bounces_in_a_row_give_an_address_up(app):
    lead_id = add_lead(app)
    soft_days(app, lead_id, (35, 28, 21, 14))
    assert suppressed(app) == []
    soft_days(app, lead_id, (7,))
    (kept,) = rows(app, "SELECT reason, how FROM suppression")
    assert kept.reason == "bounced"
    assert kept.how.startswith(f"soft bounces: 5 in a row since {day(35).date()}, delivery ")
    assert one(app, "SELECT left_as FROM enrollment ORDER BY n DESC LIMIT 1") == "bounced"


def test_many_soft_bounces_in_a_short_time_do_not(app):
    soft_days(app, add_lead(app), range(13, 0, -1))
    assert suppressed(app) == []


@pytest.mark.parametrize("type_", ["delivered", "opened", "clicked", "autoresponded"])
def test_a_sign_of_life_ends_the_row(app, type_):
    lead_id = add_lead(app)
    soft_days(app, lead_id, (35, 28))
    take_reports(app, [report(app, type_, add_mail(app, lead_id, day(25)), at=day(25))], NOW)
    soft_days(app, lead_id, (21, 14, 7, 0))
    assert suppressed(app) == []


def test_what_the_lead_did_ends_the_row(app):
    lead_id = add_lead(app)
    soft_days(app, lead_id, (35, 28, 21, 14))
    execute(app, "UPDATE lead SET engaged_at = :at", at=day(20))
    soft_days(app, lead_id, (7,))
    assert suppressed(app) == []


def test_where_nobody_reports_deliveries_a_mail_that_did_not_bounce_ends_the_row(app):
    lead_id = add_lead(app)
    soft_days(app, lead_id, (42, 35))
    add_mail(app, lead_id, day(28))
    soft_days(app, lead_id, (21, 14, 7))
    assert suppressed(app) == []
    soft_days(app, lead_id, (6, 0))
    assert suppressed(app) == [("bounced", "")]


def test_a_delivery_that_is_told_of_late_takes_the_address_off_the_list(app):
    lead_id = add_lead(app)
    soft_days(app, lead_id, (35, 28, 21, 14, 7))
    assert is_suppressed(app, "jo@buyer.example")
    take_reports(app, [report(app, "delivered", add_mail(app, lead_id, day(10)), at=day(10))], NOW)
    assert not is_suppressed(app, "jo@buyer.example")


def test_it_does_not_where_somebody_said_that_there_is_no_such_mailbox(app):
    lead_id = add_lead(app)
    soft_days(app, lead_id, (35, 28, 21, 14, 7))
    take_reports(app, [report(app, "bounced", add_mail(app, lead_id, day(3)), at=day(3), severity="hard")], NOW)
    take_reports(app, [report(app, "delivered", add_mail(app, lead_id, day(10)), at=day(10))], NOW)
    assert is_suppressed(app, "jo@buyer.example")


# Whatever the order, whoever else is at it

_DAYS = st.integers(0, 60)
_KINDS = st.one_of(
    st.tuples(st.just("bounced"), st.sampled_from(["soft", "policy"]), _DAYS),
    st.tuples(st.just("bounced"), st.just("soft"), _DAYS),
    st.tuples(st.sampled_from(["delivered", "deferred", "opened", "rejected"]), st.none(), _DAYS),
    st.tuples(st.just("bounced"), st.just("hard"), _DAYS),
    st.tuples(st.sampled_from(["complained", "unsubscribed"]), st.none(), _DAYS),
)


@settings(max_examples=8, phases=(Phase.generate,), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(_KINDS, max_size=9), data=st.data())
def test_any_order_and_any_duplicates_give_the_same_end(app, kinds, data):
    empty(app.engine)
    lead_id = add_lead(app)
    mails = [add_mail(app, lead_id, day(60 - n)) for n in range(3)]
    execute(app, "UPDATE delivery SET state = 'unknown', sent_at = NULL")
    events = [
        report(app, type_, mails[n % 3], at=day(at), severity=severity, event_id=f"e{n}")
        for n, (type_, severity, at) in enumerate(kinds)
    ]

    def end(parts):
        execute(app, "TRUNCATE mail_report, soft_bounce, suppression, suppression_change")
        execute(app, "UPDATE delivery SET state = 'unknown', sent_at = NULL, reason = NULL, for_good = false")
        for part in parts:
            take_reports(app, part, NOW)
        return (
            suppressed(app),
            rows(app, "SELECT id, state, sent_at, reason, for_good FROM delivery ORDER BY id"),
            rows(app, "SELECT bounced_at FROM soft_bounce"),
            rows(app, "SELECT event_id, type, at FROM mail_report ORDER BY event_id"),
        )

    shuffled = data.draw(
        st.permutations(events + data.draw(st.lists(st.sampled_from(events)) if events else st.just([])))
    )
    at_once, one_by_one = end([events]), end([[event] for event in shuffled])
    assert at_once == one_by_one


def test_the_same_event_at_once_is_taken_once(app, mail):
    events = [report(app, "bounced", mail, severity="soft", event_id=f"e{n}") for n in range(20)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda n: take_reports(app, events[n:] + events[:n], NOW), range(6)))
    assert sum(taken.new for taken in done) == 20
    assert one(app, "SELECT count(*) FROM mail_report") == 20


def test_reports_of_two_leads_at_once_do_not_stop_each_other(app):
    mails = [add_mail(app, add_lead(app, f"jo{n}@buyer.example")) for n in range(6)]
    events = [
        report(app, "bounced", mail, severity=severity, event_id=f"{severity}{mail}", recipient=f"jo{n}@buyer.example")
        for n, mail in enumerate(mails)
        for severity in ("soft", "hard")
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: take_reports(app, events[::-1] if n % 2 else events, NOW), range(8)))
    assert one(app, "SELECT count(*) FROM suppression") == 6
    assert one(app, "SELECT count(*) FROM mail_report") == 12


def test_what_postgresql_cannot_keep_is_kept_without_it(app, mail):
    hostile = report(
        app, "bounced", mail, severity="soft", said="a\x00b\ud800" * 900, event_id="x" * 5000, recipient="\x00"
    )
    assert take_reports(app, [replace(hostile, message_id="m\x00", raw=b"\x00" * 100_000)], NOW).new == 1
    (row,) = rows(app, "SELECT octet_length(raw) AS raw, length(said) AS said, length(event_id) AS id FROM mail_report")
    assert (row.raw, row.said, row.id) == (32768, 750, 64)


def test_a_time_that_has_not_come_is_now_and_none_too(app, mail):
    take_reports(
        app, [report(app, "delivered", mail, at=NOW + timedelta(days=900)), report(app, "opened", mail, at=None)], NOW
    )
    assert {row.at for row in rows(app, "SELECT at FROM mail_report")} == {NOW}


def test_nothing_personal_is_logged(app, mail, caplog):
    caplog.set_level("DEBUG", "nurture")
    take_reports(app, [report(app, "bounced", mail, severity="policy", said="550 jo@buyer.example no")], NOW)
    assert any("refused" in record.message for record in caplog.records)
    assert "buyer.example" not in "".join(str(vars(record)) for record in caplog.records)


def test_reports_are_emptied_and_in_the_end_dropped(app, mail):
    """With the address in them, and what belongs to nobody altogether."""
    stranger = report(app, "delivered", recipient="far@elsewhere.example")
    take_reports(app, [replace(report(app, "delivered", mail), raw=b"{}"), replace(stranger, raw=b"{}")], NOW)
    with app.engine.begin() as db:
        assert drop_old(db, NOW + RAW_KEPT_FOR) == 0
        assert drop_old(db, NOW + RAW_KEPT_FOR + timedelta(seconds=1)) == 2
        assert drop_before(db, NOW.date()) == 0
    assert rows(app, "SELECT delivery_id, recipient, raw FROM mail_report") == [(mail, None, None)]
    with app.engine.begin() as db:
        assert drop_before(db, NOW.date() + timedelta(days=1)) == 1


def test_a_token_says_one_thing_and_is_forgotten_in_time(app):
    with app.engine.begin() as db:
        assert [use_token(db, "t", content, NOW) for content in (b"1", b"2", b"1")] == [True, False, True]
        assert drop_tokens(db, NOW) == 0
        assert drop_tokens(db, NOW + timedelta(days=3)) == 1


def test_what_became_of_a_mail_is_what_says_most(app, mail):
    events = [
        report(app, "queued", mail, day(3)),
        report(app, "deferred", mail, day(2.5)),
        report(app, "bounced", mail, day(2), severity="soft", said="452 4.2.2\nmailbox full"),
    ]
    take_reports(app, events, NOW)
    (told,) = lead_report(app, "jo@buyer.example", NOW)["deliveries"]
    assert in_words(told["became"]) == "bounced (soft): 452 4.2.2 mailbox full"
    take_reports(app, [report(app, "opened", mail), report(app, "delivered", mail, day(1))], NOW)
    shown = lead_report(app, "jo@buyer.example", NOW)
    became = shown["deliveries"][0]["became"]
    assert (became["type"], became["at"], became["provider"]) == ("delivered", day(1), "postmark")
    assert [one["type"] for one in shown["reports"]] == ["opened", "delivered", "bounced", "deferred", "queued"]


def test_of_a_mail_that_nobody_reported_on_nothing_is_said():
    assert in_words(came_back.became([])) is None


def test_the_reports_of_a_day_are_counted_by_what_they_say(app, mail):
    events = [report(app, "bounced", mail, severity=severity) for severity in ("policy", "policy", "soft")]
    take_reports(app, [*events, report(app, "delivered", mail), report(app, "delivered")], NOW)
    assert came_back.lately(app, NOW + timedelta(hours=23)) == {
        "bounced, policy": 2,
        "bounced, soft": 1,
        "delivered": 1,
    }
    assert came_back.lately(app, NOW + timedelta(days=2)) == {}
