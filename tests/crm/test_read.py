"""What reps do in a CRM happens here: once, and to that handoff alone; what nobody understands is kept."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.flows import follow_up
from nurture.flows.ingest import ingest
from nurture.flows.push_to_crm import push
from nurture.flows.read_crm import Read, read_crm
from nurture.store import crm_answers, leases
from tests.crm.hubspot_stub import HubSpotStub, too_many
from tests.crm.stub import Reply
from tests.crm.test_push import JO, handed_over, pushed
from tests.flows.apps import add_lead, one, rows, track
from tests.rules.examples import NOW

REP = "rep.one@acme.example"


def told(sold: App, hubspot: HubSpotStub) -> str:
    """A lead that sales was offered, and HubSpot told of; gives the contact."""
    handed_over(sold)
    push(sold, "hubspot", NOW)
    hubspot.contacts[hubspot.id_of(JO)]["hubspot_owner_id"] = "52"
    return hubspot.id_of(JO)


def looked(app: App, now: Any = NOW) -> Read:
    return read_crm(app, "hubspot", now)


def handoff(app: App) -> tuple[str, str | None, str | None]:
    (row,) = rows(app, "SELECT state, reason, answered_by FROM handoff ORDER BY id DESC LIMIT 1")
    return row[0], row[1], row[2]


@pytest.mark.parametrize(
    ("properties", "state"),
    [
        ({"hs_lead_status": "OPEN"}, "accepted"),
        ({"hs_lead_status": "IN_PROGRESS"}, "accepted"),
        ({"hs_lead_status": "CONNECTED"}, "contacted"),
        ({"hs_lead_status": "OPEN_DEAL"}, "qualified"),
        ({"lifecyclestage": "customer"}, "won"),
        ({"hs_lead_status": "OPEN_DEAL", "lifecyclestage": "customer"}, "won"),
    ],
    ids=lambda value: "+".join(value.values()) if isinstance(value, dict) else "",
)
def test_what_a_rep_sets_moves_the_handoff_once(
    sold: App, hubspot: HubSpotStub, properties: dict[str, str], state: str
) -> None:
    contact = told(sold, hubspot)
    hubspot.rep_sets(contact, **properties)
    assert looked(sold).applied == 1
    assert handoff(sold) == (state, None, f"hubspot: {REP}")
    assert looked(sold).applied == 0
    assert [row[0] for row in rows(sold, "SELECT outcome FROM crm_answer")] == ["applied"]


def test_an_attempt_is_logged_and_takes_the_lead(sold: App, hubspot: HubSpotStub) -> None:
    hubspot.rep_sets(told(sold, hubspot), hs_lead_status="ATTEMPTED_TO_CONTACT")
    assert looked(sold).applied == 1
    assert rows(sold, "SELECT kind, outcome, by FROM attempt") == [("call", "not_reached", f"hubspot: {REP}")]
    assert handoff(sold)[0] == "accepted"


@pytest.mark.parametrize("reason", ["not_ready", "Not ready to buy", "NOT_READY", " not ready TO buy"])
def test_a_rejection_carries_its_reason_by_code_or_label(sold: App, hubspot: HubSpotStub, reason: str) -> None:
    hubspot.rep_sets(told(sold, hubspot), hs_lead_status="UNQUALIFIED", nurture_reason=reason)
    assert looked(sold).applied == 1
    assert handoff(sold)[:2] == ("rejected", "not_ready")
    assert one(sold, "SELECT cycle FROM lead") == 2


def test_a_rejection_without_a_reason_waits_for_one_and_is_shown(sold: App, hubspot: HubSpotStub) -> None:
    contact = told(sold, hubspot)
    hubspot.rep_sets(contact, hs_lead_status="UNQUALIFIED")
    assert looked(sold) == Read(records=1)
    assert handoff(sold)[0] == "offered"
    (unclear,) = rows(sold, "SELECT outcome, said FROM crm_answer")
    assert unclear == ("unclear", "rejected, but nurture_reason is empty: nobody can tell why")
    hubspot.rep_sets(contact, nurture_reason="not_ready")
    assert looked(sold).applied == 1
    assert handoff(sold)[:2] == ("rejected", "not_ready")


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"hs_lead_status": "GHOSTED"}, "hs_lead_status is 'GHOSTED', of which `statuses` does not say what it means"),
        (
            {"hs_lead_status": "UNQUALIFIED", "nurture_reason": "not_redy"},
            "nurture_reason is 'not_redy', which is no reject reason of the agreement (did you mean `not_ready`?)",
        ),
    ],
    ids=["a status", "a reason"],
)
def test_what_nobody_understands_is_kept_and_changes_nothing(
    sold: App, hubspot: HubSpotStub, properties: dict[str, str], said: str
) -> None:
    hubspot.rep_sets(told(sold, hubspot), **properties)
    looked(sold)
    assert rows(sold, "SELECT outcome, said FROM crm_answer") == [("unclear", said)]
    assert handoff(sold)[0] == "offered"


def test_who_is_refused_in_the_crm_without_a_handoff_is_refused_here(sold: App, hubspot: HubSpotStub) -> None:
    contact = hubspot.person(JO)
    add_lead(sold)
    pushed(sold)
    looked(sold)
    hubspot.rep_sets(contact, hs_lead_status="UNQUALIFIED", nurture_reason="competitor")
    assert looked(sold).applied == 1
    assert rows(sold, "SELECT stage, reason FROM lead") == [("disqualified", "competitor")]
    assert looked(sold).applied == 0


def test_what_stood_there_before_we_came_is_no_answer(sold: App, hubspot: HubSpotStub) -> None:
    contact = hubspot.person(JO, hs_lead_status="UNQUALIFIED", nurture_reason="competitor")
    add_lead(sold)
    pushed(sold)
    hubspot.rep_sets(contact, jobtitle="Queen")
    assert looked(sold) == Read(records=1)
    assert rows(sold, "SELECT * FROM crm_answer") == []


def test_what_we_write_ourselves_is_no_answer(sold: App, hubspot: HubSpotStub) -> None:
    told(sold, hubspot)
    number = one(sold, "SELECT id FROM handoff")
    follow_up.reject(sold, number, reason="not_ready", note="", by=REP, now=NOW)
    pushed(sold)
    assert (hubspot.of(JO)["hs_lead_status"], hubspot.of(JO)["nurture_reason"]) == ("UNQUALIFIED", "not_ready")
    assert looked(sold).applied == 0
    assert rows(sold, "SELECT * FROM crm_answer") == []
    assert one(sold, "SELECT cycle FROM lead") == 2


def test_what_we_wrote_and_could_not_note_before_we_died_is_no_answer_either(
    sold: App, hubspot: HubSpotStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(sold, hubspot)
    follow_up.reject(sold, one(sold, "SELECT id FROM handoff"), reason="not_ready", note="", by=REP, now=NOW)

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("nurture.flows.push_to_crm.crm.save_links", killed)
        with pytest.raises(Killed):
            pushed(sold)
    assert hubspot.of(JO)["hs_lead_status"] == "UNQUALIFIED"
    looked(sold)
    assert rows(sold, "SELECT * FROM crm_answer") == []
    assert one(sold, "SELECT cycle FROM lead") == 2


def test_a_search_that_lags_behind_what_we_wrote_is_no_answer(sold: App, hubspot: HubSpotStub) -> None:
    contact = hubspot.person(JO, hs_lead_status="CONNECTED", nurture_stage="nurture")
    stale = dict(hubspot.contacts[contact])
    handed_over(sold)
    pushed(sold)
    fresh = dict(hubspot.contacts[contact])
    assert fresh["hs_lead_status"] == "NEW"
    hubspot.contacts[contact] = stale | {"lastmodifieddate": "2026-03-03T14:59:59.000Z"}
    with transaction(sold.engine) as db:
        db.execute(text("UPDATE crm_state SET read_to = read_to - interval '1 day'"))
    looked(sold)
    assert rows(sold, "SELECT * FROM crm_answer") == []
    assert handoff(sold)[0] == "offered"


def test_a_rep_who_was_faster_on_our_page_is_no_error_and_hubspot_hears_of_it(sold: App, hubspot: HubSpotStub) -> None:
    contact = told(sold, hubspot)
    hubspot.rep_sets(contact, hs_lead_status="OPEN_DEAL")
    follow_up.reject(sold, one(sold, "SELECT id FROM handoff"), reason="not_ready", note="", by="ann", now=NOW)
    pushed(sold)
    assert hubspot.of(JO)["hs_lead_status"] == "OPEN_DEAL"  # the rep's word is not written over before it is heard
    done = looked(sold)
    assert (done.applied, done.conflict, done.unclear) == (0, 0, 1)
    pushed(sold)
    assert hubspot.of(JO)["nurture_handoff"] == "rejected"


def test_the_second_of_two_answers_is_a_conflict(sold: App, hubspot: HubSpotStub) -> None:
    contact = told(sold, hubspot)
    hubspot.rep_sets(contact, hs_lead_status="UNQUALIFIED", nurture_reason="not_ready")
    with transaction(sold.engine) as db:
        db.execute(
            text(
                "INSERT INTO crm_answer (channel, change_id, lead_id, handoff_id, cycle, record_id, at, taken_at, by, "
                "words, meaning) "
                "SELECT 'hubspot', 'x', lead_id, id, cycle, :record, :now, :now, 'hubspot: x', 'w', 'won' FROM handoff"
            ),
            {"now": NOW + timedelta(days=1), "record": contact},
        )
        db.execute(text("UPDATE crm_answer SET at = :later"), {"later": NOW + timedelta(days=9)})
    number = one(sold, "SELECT id FROM handoff")
    follow_up.reject(sold, number, reason="not_ready", note="", by="ann", now=NOW)
    assert looked(sold).conflict == 1
    (said,) = rows(sold, "SELECT said FROM crm_answer WHERE outcome = 'conflict'")
    assert "was rejected by ann" in said[0]


def test_after_a_crash_between_taking_down_and_doing_it_is_done_once(
    sold: App, hubspot: HubSpotStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubspot.rep_sets(told(sold, hubspot), hs_lead_status="UNQUALIFIED", nurture_reason="not_ready")

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    for place in ("follow_up.reject", "crm_answers.settle"):  # before it is done, and after
        with monkeypatch.context() as patched:
            patched.setattr(f"nurture.flows.read_crm.{place}", killed)
            with pytest.raises(Killed):
                looked(sold)
    looked(sold)
    assert one(sold, "SELECT cycle FROM lead") == 2
    assert one(sold, "SELECT count(*) FROM crm_answer") == 1
    assert one(sold, "SELECT outcome FROM crm_answer") == "applied"


def test_the_next_round_begins_with_a_clean_status(sold: App, hubspot: HubSpotStub) -> None:
    contact = told(sold, hubspot)
    hubspot.rep_sets(contact, hs_lead_status="BAD_TIMING", nurture_reason="not_ready")
    looked(sold)
    pushed(sold)
    assert hubspot.contacts[contact]["hs_lead_status"] == "BAD_TIMING"  # it says the same in the rep's own word
    later = NOW + timedelta(days=1)
    ingest(sold, [track("Demo Requested", later)], later)
    pushed(sold, later)
    assert hubspot.contacts[contact]["hs_lead_status"] == "NEW"
    assert hubspot.contacts[contact]["nurture_reason"] == ""
    hubspot.rep_sets(contact, hs_lead_status="BAD_TIMING", nurture_reason="not_ready")
    assert looked(sold).applied == 1
    assert one(sold, "SELECT cycle FROM lead") == 3


def test_many_changes_are_read_page_by_page(sold: App, hubspot: HubSpotStub) -> None:
    hubspot.page = 3
    emails = [f"lead{n}@buyer.example" for n in range(10)]
    for email in emails:
        handed_over(sold, email)
    pushed(sold)
    for email in emails:
        hubspot.rep_sets(hubspot.id_of(email), hs_lead_status="OPEN")
    assert looked(sold).applied == 10
    assert {row[0] for row in rows(sold, "SELECT state FROM handoff")} == {"accepted"}


@pytest.mark.parametrize("reply", [too_many(), Reply(500), Reply(401)], ids=["429", "500", "401"])
def test_a_crm_that_is_away_while_it_is_read_rests_and_nothing_is_missed(
    sold: App, hubspot: HubSpotStub, reply: Reply
) -> None:
    hubspot.rep_sets(told(sold, hubspot), hs_lead_status="OPEN")
    hubspot.accidents = [reply]
    assert looked(sold).away
    asked = len(hubspot.asked)
    assert looked(sold).away
    assert len(hubspot.asked) == asked
    assert looked(sold, NOW + timedelta(minutes=16)).applied == 1


def test_one_process_reads_at_a_time(sold: App, hubspot: HubSpotStub) -> None:
    hubspot.rep_sets(told(sold, hubspot), hs_lead_status="OPEN")
    with transaction(sold.engine) as db:
        assert leases.take(db, "crm/hubspot", "another", 60)
    assert looked(sold) == Read()
    with transaction(sold.engine) as db:
        leases.give_up(db, "crm/hubspot", "another")
    assert looked(sold).applied == 1


@pytest.mark.parametrize("noted", [1, 2])
def test_a_refusal_without_a_handoff_is_done_once_also_after_a_crash(
    sold: App, hubspot: HubSpotStub, monkeypatch: pytest.MonkeyPatch, noted: int
) -> None:
    """The first refusal of who was never handed over begins no other round: by its number nobody can tell it was."""
    contact = hubspot.person(JO)
    add_lead(sold)
    pushed(sold)
    looked(sold)
    hubspot.rep_sets(contact, hs_lead_status="UNQUALIFIED", nurture_reason="not_ready")

    class Killed(BaseException):
        pass

    settle, times = crm_answers.settle, []

    def killed_after(*said: Any) -> None:
        settle(*said)
        times.append(said)
        if len(times) == noted:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("nurture.flows.read_crm.crm_answers.settle", killed_after)
        with pytest.raises(Killed):
            looked(sold)
    looked(sold)
    assert one(sold, "SELECT outcome FROM crm_answer") == "applied"
    assert one(sold, "SELECT cycle FROM lead") == 1
    assert one(sold, "SELECT count(*) FROM cycle WHERE reason IS NOT NULL") == 1


def test_what_was_said_before_sales_was_offered_the_lead_is_no_answer_to_the_offer(
    sold: App, hubspot: HubSpotStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = hubspot.person(JO)
    add_lead(sold)
    pushed(sold)
    looked(sold)
    hubspot.rep_sets(contact, hs_lead_status="UNQUALIFIED", nurture_reason="not_ready")
    take = crm_answers.taking

    def offered_meanwhile(db: Any, channel: str) -> Any:
        waiting = take(db, channel)
        if waiting:
            ingest(sold, [track("Demo Requested")], NOW)
        return waiting

    monkeypatch.setattr("nurture.flows.read_crm.crm_answers.taking", offered_meanwhile)
    assert looked(sold).nothing == 1
    assert handoff(sold)[0] == "offered"


def test_whoever_stood_still_until_another_had_the_lease_reads_no_further(sold: App, hubspot: HubSpotStub) -> None:
    contact = told(sold, hubspot)
    hubspot.rep_sets(contact, hs_lead_status="UNQUALIFIED", nurture_reason="not_ready")
    before = one(sold, "SELECT read_to FROM crm_state")

    def stand_still(_: object) -> None:
        hubspot.before = lambda _: None
        with transaction(sold.engine) as db:
            db.execute(text("UPDATE lease SET holder = 'another', until = clock_timestamp() + interval '1 hour'"))

    hubspot.before = stand_still
    assert looked(sold) == Read()
    assert handoff(sold)[0] == "offered"
    assert one(sold, "SELECT read_to FROM crm_state") == before
    assert one(sold, "SELECT holder FROM lease") == "another", "and is left to it"
