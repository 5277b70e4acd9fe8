"""Two leads that turn out to be one: nothing is lost, and what follows is decided again."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.flows.advance import advance
from nurture.flows.follow_up import accept
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import foresee, merge_leads
from nurture.flows.refuse import refuse
from nurture.flows.suppress import suppress, unsubscribe
from nurture.reports.lead import lead_report
from nurture.reports.score import score_report
from nurture.store import handoffs, leads
from nurture.store.merging import living
from nurture.store.suppressions import suppressions_of
from tests.flows.apps import add_lead, incoming, one, page, rows, track
from tests.rules.examples import NOW

JO, AL = "jo@buyer.example", "al@buyer.example"


def merge(app: App, keep: str = JO, other: str = AL, now=NOW):
    return merge_leads(app, keep, other, by="operator", now=now)


@pytest.fixture
def two(app: App) -> tuple[int, int]:
    """Two leads, each with a visit, in a campaign."""
    ids = add_lead(app), add_lead(app, AL)
    ingest(app, [page("/pricing"), page("/pricing", email=AL), page("/careers", email=AL)], NOW)
    return ids


def test_what_both_did_is_one_leads_and_counts_together(app: App, two: tuple[int, int]) -> None:
    done = merge(app)
    assert (done.kept, done.lost, done.one_already) == (JO, AL, False)
    assert rows(app, "SELECT id, email FROM lead") == [(two[0], JO)]
    assert one(app, "SELECT count(*) FROM event WHERE lead_id = :id", id=two[0]) == 3
    assert one(app, "SELECT count FROM signal_day ORDER BY count DESC LIMIT 1") == 2
    assert one(app, "SELECT micro FROM lead_score") == 30_000_000


def test_the_lost_address_finds_the_kept_lead_from_now_on(app: App, two: tuple[int, int]) -> None:
    merge(app)
    ingest(app, [page("/pricing", email=AL, anonymous_id="als")], NOW)
    ingest(app, [page("/docs", anonymous_id="als")], NOW)
    assert one(app, "SELECT count(*) FROM lead") == 1
    assert one(app, "SELECT count(*) FROM event WHERE lead_id = :id", id=two[0]) == 5
    with transaction(app.engine) as db:
        assert leads.id_of(db, AL) == two[0]
        assert living(db, [*two, 99]) == {two[0]: two[0], two[1]: two[0]}


def test_who_was_lost_is_remembered_with_its_row(app: App, two: tuple[int, int]) -> None:
    merge(app)
    (row,) = rows(app, "SELECT lost_id, kept_id, at, by, lost FROM merged_lead")
    assert row[:4] == (two[1], two[0], NOW, "operator")
    assert row.lost["email"] == AL
    assert row.lost["title"] == "VP Operations"


def test_merged_twice_they_are_one_already(app: App, two: tuple[int, int]) -> None:
    merge(app)
    before = rows(app, "SELECT * FROM lead")
    again = merge(app)
    assert again.one_already
    assert rows(app, "SELECT * FROM lead") == before
    assert merge(app, AL, JO).one_already


def test_chains_of_merges_lead_to_who_lives(app: App, two: tuple[int, int]) -> None:
    third = add_lead(app, "third@buyer.example")
    merge(app)
    merge(app, "third@buyer.example", AL)
    with transaction(app.engine) as db:
        assert set(living(db, [*two, third]).values()) == {third}
        assert {leads.id_of(db, email) for email in (JO, AL, "third@buyer.example")} == {third}


def test_a_lead_that_is_not_there_is_said(app: App, two: tuple[int, int]) -> None:
    with pytest.raises(NotFound, match=r"nobody@buyer\.example"):
        merge(app, JO, "nobody@buyer.example")


def test_foreseeing_says_what_merging_does_and_changes_nothing(app: App, two: tuple[int, int]) -> None:
    before = rows(app, "SELECT * FROM lead")
    told = foresee(app, JO, AL)
    assert rows(app, "SELECT * FROM lead") == before
    assert told.moved["events"] == 2
    assert told == merge(app)


def test_the_kept_leads_fields_win_and_its_empty_ones_are_filled(app: App) -> None:
    add_lead(app, title="VP", company=None, attributes={"plan": "pro"})
    add_lead(app, AL, title="Clerk", company="Buyer", attributes={"plan": "free", "seats": 4})
    merge(app)
    (lead,) = rows(app, "SELECT title, company, attributes FROM lead")
    assert lead == ("VP", "Buyer", {"plan": "pro", "seats": 4})
    assert one(app, "SELECT changes FROM lead_change WHERE source = 'merge'") == {
        "company": [None, "Buyer"],
        "seats": [None, 4],
    }


def test_mails_on_the_way_do_not_go_and_what_comes_next_is_planned_from_both_histories(app: App) -> None:
    add_lead(app)
    add_lead(app, AL)
    due = one(app, "SELECT max(due_at) FROM enrollment")
    advance(app, due)
    assert one(app, "SELECT count(*) FROM delivery WHERE state = 'queued'") == 2
    with transaction(app.engine) as db:
        db.exec_driver_sql(
            "UPDATE delivery SET state = 'sent', sent_at = slot_at, lease_token = NULL FROM lead"
            " WHERE lead.id = lead_id AND email = %s",
            (AL,),
        )
    merge(app, now=due)
    jo = one(app, "SELECT id FROM lead")
    assert rows(app, "SELECT lead_id, state, reason FROM delivery ORDER BY state") == [
        (jo, "cancelled", "merged"),
        (jo, "sent", None),
    ]
    (live,) = rows(app, "SELECT n, status, left_as, due_at FROM enrollment WHERE status <> 'ended'")
    assert live.due_at >= due + timedelta(days=6), "the week runs from the last mail of either"
    advance(app, live.due_at)
    assert rows(app, "SELECT step FROM delivery WHERE state = 'queued'") == [("two",)], "step one was received"


def test_the_lost_leads_enrollment_ends_or_goes_on_where_the_kept_one_has_none(app: App) -> None:
    add_lead(app)
    add_lead(app, AL)
    merge(app)
    assert rows(app, "SELECT n, status, left_as FROM enrollment ORDER BY n") == [
        (1, "active", None),
        (2, "ended", "merged"),
    ]
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE enrollment SET status = 'ended', left_as = 'moved', ended_at = now() WHERE n = 1")
    add_lead(app, "third@buyer.example")
    merge(app, JO, "third@buyer.example")
    assert rows(app, "SELECT n, status FROM enrollment ORDER BY n")[-1] == (3, "active")


def test_who_waits_is_asked_for_again_later_unless_a_campaign_has_the_other_half(app: App) -> None:
    """Else the lead would come due for ever."""
    add_lead(app)
    add_lead(app, AL)
    refuse(app, AL, reason="no_budget", by="rep", note="", now=NOW)
    until = one(app, "SELECT ask_at FROM lead WHERE email = :email", email=AL)
    assert until is not None
    merge(app)
    (lead,) = rows(app, "SELECT ask_at, mail_from FROM lead")
    assert (lead.ask_at, lead.mail_from) == (None, until)
    assert one(app, "SELECT due_at FROM enrollment WHERE status <> 'ended'") >= until


def test_a_lead_that_was_out_of_the_question_leaves_its_campaign(app: App) -> None:
    add_lead(app)
    add_lead(app, AL)
    refuse(app, AL, reason="student", by="rep", note="", now=NOW)
    merge(app)
    assert one(app, "SELECT stage FROM lead") == "disqualified"
    assert rows(app, "SELECT left_as FROM enrollment ORDER BY n") == [("disqualified",), ("moved",)]


def test_a_mail_that_is_just_being_sent_moves_along(app: App) -> None:
    add_lead(app)
    other = add_lead(app, AL)
    advance(app, one(app, "SELECT max(due_at) FROM enrollment"))
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET state = 'sending', batch_id = 1 WHERE lead_id = %s", (other,))
    merge(app)
    assert rows(app, "SELECT state, merged_from FROM delivery WHERE state = 'sending'") == [("sending", other)]


def test_of_two_open_handoffs_the_one_that_is_further_stays(app: App) -> None:
    jo = add_lead(app)
    add_lead(app, AL)
    ingest(app, [track("Demo Requested"), track("Demo Requested", email=AL)], NOW)
    with transaction(app.engine) as db:
        db.exec_driver_sql(
            "UPDATE handoff SET state = 'accepted', owner = 'rep@acme.example' FROM lead l"
            " WHERE l.id = lead_id AND email = %s",
            (AL,),
        )
        db.exec_driver_sql("UPDATE lead SET stage = 'sal' WHERE email = %s", (AL,))
    told = foresee(app, JO, AL)
    assert told.stage == ("mql", "sal")
    assert told.notes == ("handoff 2 (accepted) goes on, handoff 1 (offered) is closed",)
    merge(app)
    assert rows(app, "SELECT id, lead_id, state, reason, note FROM handoff ORDER BY id") == [
        (1, jo, "merged", None, "the same person as in handoff 2, which rep@acme.example has"),
        (2, jo, "accepted", None, None),
    ]
    assert one(app, "SELECT stage FROM lead") == "sal"
    assert set(rows(app, "SELECT handoff_id, state FROM notice")) == {(1, "cancelled"), (2, "queued")}


def test_a_lead_that_was_with_nurture_is_with_sales_when_its_other_half_is(app: App) -> None:
    add_lead(app)
    add_lead(app, AL)
    ingest(app, [track("Demo Requested", email=AL)], NOW)
    merge(app)
    assert one(app, "SELECT stage FROM lead") == "mql"
    assert rows(app, "SELECT left_as FROM enrollment ORDER BY n") == [("qualified",), ("hand_raise",)]
    assert rows(app, "SELECT before, after, because FROM stage_change ORDER BY id DESC LIMIT 1") == [
        ("nurture", "mql", "merged with lead 2")
    ]


def test_two_halves_of_a_threshold_hand_the_lead_over(app: App) -> None:
    add_lead(app)
    add_lead(app, AL)
    ingest(app, [page("/pricing"), page("/pricing", email=AL), track("Whitepaper Downloaded", email=AL)], NOW)
    assert one(app, "SELECT count(*) FROM handoff") == 0
    assert merge(app).offered
    assert rows(app, "SELECT state, score_micro FROM handoff") == [("offered", 55_000_000)]
    assert app.nudged == ["notices"]  # type: ignore[attr-defined]


def test_sales_hear_at_once_of_a_lead_that_an_event_makes_of_two(app: App) -> None:
    add_lead(app)
    add_lead(app, AL)
    ingest(app, [page("/pricing"), page("/pricing", email=AL), track("Whitepaper Downloaded", email=AL)], NOW)
    ingest(app, [incoming("identify", email=AL, user_id="u-1")], NOW)
    assert ingest(app, [incoming("identify", email=JO, user_id="u-1")], NOW).offered == 1
    assert app.nudged == ["notices"]  # type: ignore[attr-defined]


def test_refusals_of_both_are_cycles_of_one_in_the_order_of_time(app: App) -> None:
    add_lead(app)
    add_lead(app, AL)
    ingest(app, [page("/pricing"), page("/pricing", email=AL)], NOW)
    refuse(app, JO, reason="no_budget", by="rep", note="not now", now=NOW + timedelta(days=2))
    refuse(app, AL, reason="not_ready", by="rep", note="later", now=NOW + timedelta(days=1))
    later = NOW + timedelta(days=3)
    ingest(app, [page("/pricing", later)], later)
    merge(app, now=later)
    assert rows(app, "SELECT n, reason, note, refused_by FROM cycle ORDER BY n") == [
        (0, None, None, None),
        (1, "not_ready", "later", "rep"),
        (2, "no_budget", "not now", "rep"),
    ]
    (lead,) = rows(app, "SELECT cycle, reason, refused, mail_from FROM lead")
    assert lead[:3] == (2, "no_budget", True)
    assert lead.mail_from is not None, "the wait of the refusal holds"
    assert rows(app, "SELECT cycle, sum(count) FROM signal_day GROUP BY cycle ORDER BY cycle") == [(0, 2), (2, 1)]


@pytest.mark.parametrize("wishes", [JO, AL])
def test_who_wished_not_to_be_mailed_at_one_address_is_mailed_at_none(app: App, wishes: str) -> None:
    ids = {JO: add_lead(app), AL: add_lead(app, AL)}
    unsubscribe(app, lead_id=ids[wishes], delivery_id=None, how="page", now=NOW)
    merge(app)
    assert one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'") == 0
    with transaction(app.engine) as db:
        assert [row.reason for email in (JO, AL) for row in suppressions_of(db, email)] == ["unsubscribed"] * 2


def test_the_stricter_wish_wins(app: App) -> None:
    jo, al = add_lead(app), add_lead(app, AL)
    suppress(app, lead_id=jo, word="unsubscribed", how="page", now=NOW)
    suppress(app, lead_id=al, word="complained", how="hook", now=NOW)
    merge(app)
    with transaction(app.engine) as db:
        assert [row.reason for row in suppressions_of(db, JO)] == ["complained"]


def test_a_dead_mailbox_says_nothing_of_the_other_one(app: App) -> None:
    add_lead(app)
    al = add_lead(app, AL)
    suppress(app, lead_id=al, word="bounced", how="delivery 1", now=NOW)
    merge(app)
    assert one(app, "SELECT count(*) FROM enrollment WHERE status <> 'ended'") == 1
    suppress(app, lead_id=al, word="bounced", how="delivery 2", now=NOW)
    with transaction(app.engine) as db:
        assert suppressions_of(db, JO) == []


def test_an_old_mails_unsubscribe_link_is_the_kept_leads(app: App, two: tuple[int, int]) -> None:
    merge(app)
    assert unsubscribe(app, lead_id=two[1], delivery_id=7, how="page", now=NOW)
    with transaction(app.engine) as db:
        assert len(suppressions_of(db, JO)) == len(suppressions_of(db, AL)) == 1
    assert one(app, "SELECT left_as FROM enrollment WHERE n = 1") == "unsubscribed"


def test_a_customer_whose_other_half_is_offered_is_a_customer_again_when_refused(app: App) -> None:
    add_lead(app)
    add_lead(app, AL)
    ingest(app, [track("Demo Requested")], NOW)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE lead SET stage = 'customer' WHERE email = %s", (AL,))
    merge(app)
    refuse(app, JO, reason="not_ready", by="rep", note="", now=NOW)
    assert one(app, "SELECT stage FROM lead") == "customer"


def run_all(*jobs: Callable[[], object]) -> list[BaseException]:
    """Run these at once; gives what went wrong."""
    failures: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_two_merges_at_once_in_both_directions_leave_one_lead(app: App, two: tuple[int, int]) -> None:
    add_lead(app, "third@buyer.example")
    third = "third@buyer.example"
    assert not run_all(
        lambda: merge(app), lambda: merge(app, AL, JO), lambda: merge(app, third, AL), lambda: merge(app, JO, third)
    )
    assert one(app, "SELECT count(*) FROM lead") == 1
    assert one(app, "SELECT count(*) FROM event e JOIN lead l ON l.id = e.lead_id") == 3
    with transaction(app.engine) as db:
        assert len({leads.id_of(db, email) for email in (JO, AL, third)}) == 1


def test_a_merge_beside_ingests_loses_no_event_and_no_count(app: App, two: tuple[int, int]) -> None:
    def post(email: str) -> None:
        for n in range(10):
            ingest(app, [page("/pricing", email=email), page("/docs", anonymous_id=f"{email}{n}")], NOW)
            ingest(app, [incoming("identify", anonymous_id=f"{email}{n}", email=email)], NOW)

    assert not run_all(*(lambda email=email: post(email) for email in (JO, AL) * 3), lambda: merge(app))
    assert one(app, "SELECT count(*) FROM lead") == 1
    assert one(app, "SELECT count(*) FROM event WHERE lead_id IS NULL") == 0
    assert one(app, "SELECT count(*) FROM event") == 3 + 6 * 30
    pricing = one(app, "SELECT count(*) FROM event WHERE path = '/pricing'")
    assert pricing == 62
    assert one(app, "SELECT max(count) FROM signal_day") == pricing


def test_a_visit_that_comes_in_beside_the_sign_in_is_never_left_to_nobody(app: App) -> None:
    """Browsers send both at the same moment, each as a request of its own."""
    add_lead(app)
    for n in range(15):
        visit, form = page("/pricing", anonymous_id=f"b{n}"), incoming("identify", anonymous_id=f"b{n}", email=JO)
        more = page("/docs", anonymous_id=f"b{n}")
        assert not run_all(*(lambda event=event: ingest(app, [event], NOW) for event in (visit, form, more)))
    assert one(app, "SELECT count(*) FROM event WHERE lead_id IS NULL") == 0
    assert one(app, "SELECT max(count) FROM signal_day") == 15


def test_who_found_a_lead_that_is_merged_just_then_speaks_of_the_one_that_lives(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_lead(app)
    add_lead(app, AL)
    found = leads.id_of

    def meanwhile(db, email):
        lead_id = found(db, email)
        monkeypatch.setattr(leads, "id_of", found)
        merge(app)
        return lead_id

    monkeypatch.setattr(leads, "id_of", meanwhile)
    refuse(app, AL, reason="no_budget", by="rep", note="", now=NOW)
    assert rows(app, "SELECT l.email, c.reason FROM cycle c JOIN lead l ON l.id = c.lead_id WHERE n = 1") == [
        (JO, "no_budget")
    ]


@pytest.mark.parametrize(
    "report", [lambda app: lead_report(app, AL, NOW)["email"], lambda app: score_report(app, AL, NOW)["lead"]]
)
def test_a_report_of_a_lead_that_is_merged_just_then_is_of_the_one_that_lives(
    app: App, monkeypatch: pytest.MonkeyPatch, report: Callable[[App], str]
) -> None:
    add_lead(app)
    add_lead(app, AL)
    found = leads.id_of

    def meanwhile(db, email):
        lead_id = found(db, email)
        monkeypatch.setattr(leads, "id_of", found)
        merge(app)
        return lead_id

    monkeypatch.setattr(leads, "id_of", meanwhile)
    assert report(app) == JO


def test_a_rep_who_answers_while_the_lead_is_merged_is_heard_once_it_is(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_lead(app)
    add_lead(app, AL)
    ingest(app, [track("Demo Requested", email=AL)], NOW)
    seen, asked = handoffs.lead_of, []

    def meanwhile(db, handoff_id):
        lead_id = seen(db, handoff_id)
        asked.append(lead_id)
        if len(asked) == 1:
            merge(app)
        return lead_id

    monkeypatch.setattr(handoffs, "lead_of", meanwhile)
    accept(app, one(app, "SELECT id FROM handoff"), by="rep", now=NOW)
    assert asked == [2, 1]
    assert rows(app, "SELECT lead_id, state FROM handoff") == [(1, "accepted")]
