"""What a CRM is told of leads, by the outbox."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.flows import follow_up, push_to_crm
from nurture.flows.erase import erase
from nurture.flows.ingest import ingest
from nurture.flows.merge_leads import merge_leads
from nurture.flows.push_to_crm import Pushed, push
from nurture.flows.read_crm import read_crm
from nurture.flows.reassign import reassign
from nurture.store import crm, crm_outbox
from tests.crm.hubspot_stub import HubSpotStub, too_many
from tests.crm.stub import LOST, Reply
from tests.flows.apps import add_lead, one, page, rows, track
from tests.flows.test_statements import asked
from tests.rules.examples import NOW

JO = "jo@buyer.example"


def pushed(app: App, now: Any = NOW) -> Pushed:
    return push(app, "hubspot", now)


def states(app: App) -> dict[str, int]:
    with transaction(app.engine) as db:
        return crm_outbox.counts(db, "hubspot")


def handed_over(app: App, email: str = JO) -> int:
    """A lead that raised its hand; gives the handoff."""
    add_lead(app, email)
    ingest(app, [track("Demo Requested", email=email)], NOW)
    return one(app, "SELECT h.id FROM handoff h JOIN lead l ON l.id = h.lead_id WHERE l.email = :email", email=email)


def test_who_is_handed_over_stands_there_with_all_that_a_rep_needs(sold: App, hubspot: HubSpotStub) -> None:
    handed_over(sold)
    assert pushed(sold).written == 1
    contact = hubspot.of(JO)
    owner = one(sold, "SELECT owner FROM handoff")
    told = {name: contact[f"nurture_{name}"] for name in ("stage", "grade", "handoff", "owner", "cycle", "campaign")}
    assert told == {"stage": "mql", "grade": "A", "handoff": "offered", "owner": owner, "cycle": "1", "campaign": ""}
    assert float(contact["nurture_score"]) >= 0
    assert contact["nurture_because"]
    assert contact["nurture_url"].startswith("https://nurture.example/h/")
    assert contact["hs_lead_status"] == "NEW"
    assert contact["jobtitle"] == "VP Operations"
    assert states(sold) == {"sent": 1}


def test_who_is_not_with_sales_gets_no_record_but_one_that_is_there_is_kept_up_to_date(
    sold: App, hubspot: HubSpotStub
) -> None:
    known = hubspot.person("known@buyer.example", jobtitle="Queen", hs_lead_status="UNQUALIFIED")
    add_lead(sold)
    add_lead(sold, "known@buyer.example")
    assert pushed(sold) == Pushed(written=1, cancelled=1, more=True)
    assert list(hubspot.contacts) == [known]
    assert hubspot.contacts[known]["nurture_stage"] == "nurture"
    assert hubspot.contacts[known]["jobtitle"] == "Queen"
    assert hubspot.contacts[known]["hs_lead_status"] == "UNQUALIFIED"
    (said,) = rows(sold, "SELECT last_error FROM notice WHERE state = 'cancelled'")
    assert "HubSpot has no record" in said[0]


def test_a_click_alone_is_told_once_a_day(sold: App, hubspot: HubSpotStub) -> None:
    hubspot.person(JO)
    add_lead(sold)
    pushed(sold)
    assert hubspot.of(JO)["nurture_score"] == "0.0"
    ingest(sold, [page("/pricing")], NOW)
    assert pushed(sold) == Pushed()
    later = NOW + timedelta(hours=25)
    read_crm(sold, "hubspot", later)
    assert pushed(sold, later).written == 1
    assert float(hubspot.of(JO)["nurture_score"]) > 0


def test_what_has_not_changed_is_not_written_again(sold: App, hubspot: HubSpotStub) -> None:
    lead_id = _lead_of(sold, handed_over(sold))
    pushed(sold)
    with transaction(sold.engine) as db:
        crm_outbox.queue(db, [lead_id], ["hubspot"], NOW)
    before = len(hubspot.asked)
    assert pushed(sold) == Pushed(unchanged=1, more=True)
    assert len(hubspot.asked) == before


def test_a_late_one_never_puts_old_data_over_new(sold: App, hubspot: HubSpotStub) -> None:
    handoff = handed_over(sold)
    hubspot.accidents = [Reply(503)]
    assert pushed(sold).away
    follow_up.accept(sold, handoff, by="rep.one@acme.example", now=NOW)
    assert pushed(sold, NOW + timedelta(minutes=5)).written == 1
    assert hubspot.of(JO)["nurture_handoff"] == "accepted"


def test_a_lead_that_changes_while_it_is_told_is_told_again(sold: App, hubspot: HubSpotStub) -> None:
    handoff = handed_over(sold)

    def meanwhile(asked: Any) -> None:
        if asked.path.endswith("upsert"):
            hubspot.before = lambda _: None
            follow_up.accept(sold, handoff, by="rep.one@acme.example", now=NOW)

    hubspot.before = meanwhile
    assert pushed(sold).written == 1
    assert hubspot.of(JO)["nurture_handoff"] == "offered"
    assert states(sold) == {"queued": 1}
    assert pushed(sold).written == 1
    assert hubspot.of(JO)["nurture_handoff"] == "accepted"
    assert states(sold) == {"sent": 1}


def test_an_answer_that_was_lost_is_asked_for_again_and_makes_no_double(sold: App, hubspot: HubSpotStub) -> None:
    handed_over(sold)
    hubspot.accidents = [None, None, LOST]  # it is looked up, so are the owners, and it is written
    assert "cannot be reached" in (pushed(sold).away or "")
    assert len(hubspot.contacts) == 1
    first = dict(hubspot.of(JO))
    assert pushed(sold, NOW + timedelta(minutes=5)).written == 1
    assert len(hubspot.contacts) == 1
    same = hubspot.of(JO).keys() - {"lastmodifieddate", "nurture_url"}
    assert {name: hubspot.of(JO)[name] for name in same} == {name: first[name] for name in same}


def test_a_worker_that_died_after_writing_is_followed_by_one_that_writes_the_same(
    sold: App, hubspot: HubSpotStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over(sold)

    class Killed(BaseException):
        """As SIGKILL: nothing of the process happens after it."""

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("nurture.flows.push_to_crm.crm.save_links", killed)
        with pytest.raises(Killed):
            pushed(sold)
    assert states(sold) == {"leased": 1}
    assert pushed(sold) == Pushed()
    with transaction(sold.engine) as db:
        db.execute(text("UPDATE notice SET leased_until = clock_timestamp() - interval '1 second'"))
    assert pushed(sold).written == 1
    assert len(hubspot.contacts) == 1
    read_crm(sold, "hubspot", NOW)
    assert rows(sold, "SELECT * FROM crm_answer") == []


@pytest.mark.parametrize("multi_status", [True, False], ids=["207", "400 for all of them"])
def test_half_a_batch_that_is_bad_holds_up_nobody_else(sold: App, hubspot: HubSpotStub, multi_status: bool) -> None:
    hubspot.multi_status = multi_status
    emails = [f"lead{n}@buyer.example" for n in range(9)]
    for email in emails:
        handed_over(sold, email)
    hubspot.refuses = set(emails[::2])
    done = pushed(sold)
    assert (done.written, done.failed) == (4, 5)
    assert sorted(contact["email"] for contact in hubspot.contacts.values()) == emails[1::2]
    errors = {
        row[0] for row in rows(sold, "SELECT last_error FROM notice WHERE state = 'failed' AND channel = 'hubspot'")
    }
    assert errors == {"Email address (an address) is invalid; Email address (an address) is invalid"}


def poisoned(monkeypatch: pytest.MonkeyPatch, app: App, where: str) -> None:
    """An error that nobody expects, at this point, wherever the third of nine leads is among those concerned."""
    bad = "lead3@buyer.example"
    hubspot: Any = app.crm["hubspot"]
    telling, find, write, save = push_to_crm.telling, hubspot.find, hubspot.write, crm.save_links
    lead_id = one(app, "SELECT id FROM lead WHERE email = :email", email=bad)

    def fail_where(is_bad: bool) -> None:
        if is_bad:
            raise ZeroDivisionError("of ours")

    def tells(app: App, terms: Any, row: Any, now: Any) -> Any:
        fail_where(row.email == bad)
        return telling(app, terms, row, now)

    def finds(whom: Any) -> Any:
        fail_where(any(who.email == bad for who in whom))
        return find(whom)

    def writes(batch: Any) -> Any:
        fail_where(any(one_.who.email == bad for one_ in batch))
        return write(batch)

    def saves(db: Any, channel: str, links: Any, now: Any) -> None:
        fail_where(any(link.lead_id == lead_id for link in links))
        save(db, channel, links, now)

    match where:
        case "telling":
            monkeypatch.setattr(push_to_crm, "telling", tells)
        case "finding":
            monkeypatch.setattr(hubspot, "find", finds)
        case "writing":
            monkeypatch.setattr(hubspot, "write", writes)
        case "remembering":
            monkeypatch.setattr(crm, "save_links", saves)
        case "answering":
            monkeypatch.setattr(hubspot, "write", lambda batch: [a for a in write(batch) if a.lead_id != lead_id])


@pytest.mark.parametrize("where", ["telling", "finding", "writing", "remembering", "answering"])
def test_one_lead_that_fails_as_nobody_expects_holds_up_no_other(
    sold: App, hubspot: HubSpotStub, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    emails = [f"lead{n}@buyer.example" for n in range(9)]
    for email in emails:
        handed_over(sold, email)
    with monkeypatch.context() as patch:
        poisoned(patch, sold, where)
        done = pushed(sold)
    assert (done.written, done.put_off, done.away) == (8, 1, None)
    told = {contact["email"] for contact in hubspot.contacts.values()}
    assert told >= {*emails} - {"lead3@buyer.example"}
    ((reason, tries, is_later),) = rows(
        sold, "SELECT last_error, tries, next_at > :now FROM notice WHERE state = 'queued' AND kind = 'lead.changed'",
        now=NOW,
    )  # fmt: skip
    assert reason.startswith("KeyError" if where == "answering" else "ZeroDivisionError: of ours")
    assert (tries, is_later) == (1, True)
    assert pushed(sold, NOW + timedelta(hours=1)).written == 1
    assert len(hubspot.contacts) == 9


def test_one_lead_that_always_fails_is_given_up_in_the_end_and_shown(
    sold: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        handed_over(sold, f"lead{number}@buyer.example")
    poisoned(monkeypatch, sold, "writing")
    for days in range(40):
        pushed(sold, NOW + timedelta(days=days))
    assert states(sold) == {"sent": 3, "failed": 1}
    assert one(sold, "SELECT last_error FROM notice WHERE state = 'failed'") == "ZeroDivisionError: of ours"


def test_no_request_is_longer_than_hubspot_takes(sold: App, hubspot: HubSpotStub) -> None:
    with transaction(sold.engine) as db:
        db.execute(
            text(
                "INSERT INTO lead (email, key, stage, cycle_started_at, created_at, updated_at, handed_over) "
                "SELECT 'l' || n || '@buyer.example', 'l' || n, 'sal', :now, :now, :now, true "
                "FROM generate_series(1, 230) n"
            ),
            {"now": NOW},
        )
    assert [pushed(sold).written for _ in range(4)] == [100, 100, 30, 0]
    assert len(hubspot.contacts) == 230


@pytest.mark.parametrize(
    ("reply", "waits"),
    [
        (too_many(**{"Retry-After": "42"}), 42),
        (too_many(), 10),
        (too_many("DAILY"), 3600),
        (Reply(502), 60),
        (Reply(503, None, {"Retry-After": "7"}), 7),
        (Reply(503, None, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}), 24 * 3600),
        (Reply(401, {"category": "INVALID_AUTHENTICATION"}), 900),
    ],
    ids=[
        "Retry-After",
        "ten seconds",
        "the day's limit",
        "an outage",
        "an outage that says how long",
        "an outage until a date, for a day at most",
        "no login",
    ],
)
def test_trouble_that_is_nobodys_holds_all_and_counts_as_no_try(
    sold: App, hubspot: HubSpotStub, reply: Reply, waits: int
) -> None:
    handed_over(sold)
    hubspot.accidents = [reply]
    assert pushed(sold).away
    assert one(sold, "SELECT tries FROM notice WHERE channel = 'hubspot'") == 0
    asked = len(hubspot.asked)
    assert pushed(sold, NOW + timedelta(seconds=waits - 1)).written == 0
    assert len(hubspot.asked) == asked
    assert pushed(sold, NOW + timedelta(seconds=waits)).written == 1
    assert one(sold, "SELECT error FROM crm_state") is None


def test_a_revoked_token_is_said_once_in_words_and_nothing_is_given_up(sold: App, hubspot: HubSpotStub) -> None:
    handed_over(sold)
    hubspot.token = "pat-na1-another"
    for n in range(30):
        pushed(sold, NOW + timedelta(hours=n))
    assert states(sold) == {"queued": 1}
    assert "HUBSPOT_TOKEN is wrong or revoked" in one(sold, "SELECT error FROM crm_state")


def test_a_property_that_is_missing_holds_all_and_says_which(sold: App, hubspot: HubSpotStub) -> None:
    handed_over(sold)
    del hubspot.properties["nurture_grade"]
    assert "nurture_grade" in (pushed(sold).away or "")
    assert states(sold) == {"queued": 1}


def test_whose_address_nobody_confirmed_or_is_none_is_not_told_of(sold: App, hubspot: HubSpotStub) -> None:
    hubspot.person(JO)
    hubspot.person("row-7@import.invalid")
    lead_id = add_lead(sold)
    add_lead(sold, "row-7@import.invalid")
    with transaction(sold.engine) as db:
        db.execute(text("UPDATE lead SET unconfirmed_at = :now WHERE id = :id"), {"now": NOW, "id": lead_id})
    assert pushed(sold).cancelled == 2
    assert "nurture_stage" not in hubspot.of(JO)


def test_two_contacts_of_one_address_and_two_leads_of_one_contact_are_for_a_person(
    sold: App, hubspot: HubSpotStub
) -> None:
    hubspot.person("a@buyer.example", hs_additional_emails="b@buyer.example")
    add_lead(sold, "a@buyer.example")
    add_lead(sold, "b@buyer.example")
    done = pushed(sold)
    assert (done.written, done.failed) == (1, 1)
    assert "another lead is this record" in one(sold, "SELECT last_error FROM notice WHERE state = 'failed'")


def test_without_a_crm_nothing_is_queued(app: App) -> None:
    handed_over(app)
    assert one(app, "SELECT count(*) FROM notice WHERE kind = 'lead.changed'") == 0


def test_the_owner_is_written_where_hubspot_has_that_user_and_a_rep_s_change_there_stays(
    sold: App, hubspot: HubSpotStub
) -> None:
    handed_over(sold)
    owner = one(sold, "SELECT owner FROM handoff")
    pushed(sold)
    key = {address: key for key, address in hubspot.owners.items()}[owner]
    assert hubspot.of(JO)["hubspot_owner_id"] == key
    hubspot.rep_sets(hubspot.id_of(JO), hubspot_owner_id="99")
    follow_up.accept(sold, one(sold, "SELECT id FROM handoff"), by=owner, now=NOW)
    assert pushed(sold).written == 1
    assert hubspot.of(JO)["hubspot_owner_id"] == "99"


def _lead_of(app: App, handoff: int) -> int:
    return int(one(app, "SELECT lead_id FROM handoff WHERE id = :id", id=handoff))


def test_many_changes_are_queued_in_one_statement(sold: App) -> None:
    emails = [f"lead{n}@buyer.example" for n in range(12)]
    for email in emails:
        add_lead(sold, email)

    def queued(of: list[str]) -> list[str]:
        with asked(sold) as statements:
            ingest(sold, [track("Demo Requested", email=email) for email in of], NOW)
        return [statement for statement in statements if "lead.changed" in statement and "INSERT" in statement]

    assert len(queued(emails[:1])) == len(queued(emails[1:])) == 1
    with asked(sold) as statements:
        ingest(sold, [page("/blog", email=emails[0])], NOW)
    assert not [statement for statement in statements if "lead.changed" in statement]


def test_a_handoff_that_is_given_to_somebody_else_is_told_at_the_next_look(sold: App, hubspot: HubSpotStub) -> None:
    number = handed_over(sold)
    pushed(sold)
    reassign(sold, number, to="rep.one@acme.example", by="ann", now=NOW)
    read_crm(sold, "hubspot", NOW)
    assert pushed(sold).written == 1
    assert hubspot.of(JO)["nurture_owner"] == "rep.one@acme.example"
    assert hubspot.of(JO)["hubspot_owner_id"] == "52"
    read_crm(sold, "hubspot", NOW)
    assert pushed(sold) == Pushed()


def test_two_leads_made_one_keep_the_record_and_what_was_said_there(sold: App, hubspot: HubSpotStub) -> None:
    contact = hubspot.person("old@buyer.example")
    kept = add_lead(sold)
    add_lead(sold, "old@buyer.example")
    pushed(sold)
    hubspot.rep_sets(contact, hs_lead_status="GHOSTED")
    read_crm(sold, "hubspot", NOW)
    merge_leads(sold, JO, "old@buyer.example", by="ann", now=NOW)
    assert rows(sold, "SELECT lead_id, record_id FROM crm_link") == [(kept, contact)]
    assert rows(sold, "SELECT lead_id, words FROM crm_answer") == [(kept, "hs_lead_status: GHOSTED")]


def test_who_was_erased_is_not_told_of(sold: App, hubspot: HubSpotStub) -> None:
    handed_over(sold)
    erase(sold, JO, by="ann", now=NOW)
    assert pushed(sold) == Pushed()
    assert hubspot.contacts == {}


def test_who_was_erased_while_it_was_told_leaves_nothing_here(sold: App, hubspot: HubSpotStub) -> None:
    handed_over(sold)

    def meanwhile(asked: Any) -> None:
        if asked.path.endswith("upsert"):
            hubspot.before = lambda _: None
            erase(sold, JO, by="ann", now=NOW)

    hubspot.before = meanwhile
    assert pushed(sold).written == 1
    assert rows(sold, "SELECT * FROM crm_link") == []


def test_two_workers_tell_of_each_lead_once(sold: App, hubspot: HubSpotStub) -> None:
    emails = [f"lead{n}@buyer.example" for n in range(20)]
    for email in emails:
        handed_over(sold, email)
    sold.crm["hubspot"].batch = 4
    with ThreadPoolExecutor(3) as threads:
        done = [told.result() for told in [threads.submit(pushed, sold) for _ in range(7)]]
    assert sum(one_.written for one_ in done) == 20
    told = [item["id"] for asked in hubspot.asked if asked.path.endswith("upsert") for item in asked.body["inputs"]]
    assert sorted(told) == sorted(emails)


def test_no_log_names_a_person(sold: App, hubspot: HubSpotStub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    handed_over(sold)
    hubspot.refuses = {JO}
    pushed(sold)
    hubspot.accidents = [Reply(500)]
    read_crm(sold, "hubspot", NOW)
    ours = [str(record.__dict__) for record in caplog.records if record.name.startswith("nurture")]
    assert not [line for line in ours if JO in line]


@pytest.mark.parametrize("asked_for", ["9" * 6, "9" * 30, "9" * 400])
def test_no_answer_has_us_wait_for_more_than_a_day(sold: App, hubspot: HubSpotStub, asked_for: str) -> None:
    handed_over(sold)
    hubspot.accidents = [Reply(503, None, {"Retry-After": asked_for})]
    assert pushed(sold).away
    assert states(sold) == {"queued": 1}
    assert pushed(sold, NOW + timedelta(days=1)).written == 1


def test_settling_waits_for_whoever_queues_the_same_leads_and_stops_nobody(sold: App, hubspot: HubSpotStub) -> None:
    """Both write rows of the outbox, many at once: in one order, or the database ends one of them."""
    first, second = add_lead(sold, "a@buyer.example"), add_lead(sold, "b@buyer.example")
    token = uuid4()
    with transaction(sold.engine) as db:
        crm_outbox.queue(db, [first, second], ["hubspot"], NOW)
        leased = {row.lead_id: row.id for row in crm_outbox.lease(db, "hubspot", token=token, now=NOW, most=9)}
    settled = [crm_outbox.Settled(leased[second], "sent"), crm_outbox.Settled(leased[first], "sent")]

    def settle() -> None:
        with transaction(sold.engine) as db:
            for plan in ("seqscan", "hashjoin", "mergejoin"):  # as with very many rows: one after the other, as given
                db.execute(text(f"SET LOCAL enable_{plan} = off"))
            crm_outbox.settle(db, settled, token, NOW)

    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with ThreadPoolExecutor(1) as pool, transaction(sold.engine) as db:
        crm_outbox.queue(db, [first], ["hubspot"], NOW)
        done = pool.submit(settle)
        until = time.monotonic() + 10
        while not one(sold, waits) and time.monotonic() < until:
            time.sleep(0.01)
        crm_outbox.queue(db, [second], ["hubspot"], NOW)
        db.commit()
        done.result(10)
    assert states(sold) == {"queued": 2}
