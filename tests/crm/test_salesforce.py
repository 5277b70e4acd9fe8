"""Salesforce: leads found by our key or their address, written by the hundred, read back; its troubles."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.agreement import SalesforceTerms
from nurture.app import App
from nurture.crm.protocol import Who
from nurture.crm.salesforce import Salesforce
from nurture.flows import follow_up
from nurture.flows.push_to_crm import Pushed, push
from nurture.flows.read_crm import Read, read_crm
from tests.crm.salesforce_stub import CLIENT, SECRET, SalesforceStub, error, too_many
from tests.crm.stub import LOST, Reply
from tests.crm.test_push import JO, handed_over
from tests.flows.apps import add_lead, one, rows
from tests.rules.examples import NOW


@pytest.fixture
def salesforce() -> Iterator[SalesforceStub]:
    with SalesforceStub() as stub:
        yield stub


def connected(app: App, stub: SalesforceStub, terms: SalesforceTerms | None = None, secret: str = SECRET) -> App:
    connector = Salesforce(stub.url, CLIENT, secret, terms or app.agreement.crm.salesforce)
    return replace(app, crm={"salesforce": connector})


@pytest.fixture
def sold(app_with: Callable[..., App], salesforce: SalesforceStub) -> Iterator[App]:
    app = connected(app_with(), salesforce)
    yield app
    app.crm["salesforce"].close()


def pushed(app: App, now: Any = NOW) -> Pushed:
    return push(app, "salesforce", now)


def looked(app: App, now: Any = NOW) -> Read:
    return read_crm(app, "salesforce", now)


def test_who_is_handed_over_becomes_a_lead_there(sold: App, salesforce: SalesforceStub) -> None:
    handed_over(sold)
    assert pushed(sold).written == 1
    lead = salesforce.of(JO)
    assert lead["LastName"] == lead["Company"] == "[not provided]"
    assert (lead["Title"], lead["Country"]) == ("VP Operations", "US")
    assert (lead["Nurture_Key__c"], lead["Nurture_Stage__c"], lead["Nurture_Cycle__c"]) == (JO, "mql", 1)
    assert isinstance(lead["Nurture_Score__c"], float)
    assert lead["Nurture_Campaign__c"] is None
    assert lead["OwnerId"] == "005A"
    assert lead["Status"] == "Open - Not Contacted"


def test_a_lead_that_is_there_is_found_by_its_address_and_gets_our_key(sold: App, salesforce: SalesforceStub) -> None:
    there = salesforce.person(JO.upper(), Title="Queen", Status="Closed - Not Converted")
    handed_over(sold)
    assert pushed(sold).written == 1
    assert list(salesforce.records) == [there]
    lead = salesforce.records[there]
    assert (lead["Title"], lead["Nurture_Key__c"], lead["Status"]) == ("Queen", JO, "Open - Not Contacted")
    salesforce.records[there]["Email"] = "new@buyer.example"  # a rep corrects it
    follow_up.accept(sold, one(sold, "SELECT id FROM handoff"), by="rep.one@acme.example", now=NOW)
    assert pushed(sold).written == 1
    assert salesforce.records[there]["Nurture_Handoff__c"] == "accepted"
    assert len(salesforce.records) == 1


def test_several_with_one_address_are_for_a_person(sold: App, salesforce: SalesforceStub) -> None:
    salesforce.person(JO)
    salesforce.person(JO)
    handed_over(sold)
    assert pushed(sold).failed == 1
    said = one(sold, "SELECT last_error FROM notice WHERE channel = 'salesforce'")
    assert said == "Salesforce has 2 records with this address; merge them"


def test_one_that_was_converted_is_left_alone(sold: App, salesforce: SalesforceStub) -> None:
    salesforce.person(JO, IsConverted=True, Status="Closed - Converted")
    handed_over(sold)
    assert pushed(sold).cancelled == 1


@pytest.mark.parametrize(
    ("fields", "state", "reason"),
    [
        ({"Status": "Working - Contacted"}, "contacted", None),
        ({"Status": "Closed - Converted", "IsConverted": True}, "qualified", None),
        ({"Status": "Closed - Not Converted", "Nurture_Reason__c": "Not ready to buy"}, "rejected", "not_ready"),
    ],
    ids=["contacted", "converted", "rejected"],
)
def test_what_a_rep_sets_moves_the_handoff(
    sold: App, salesforce: SalesforceStub, fields: dict[str, Any], state: str, reason: str | None
) -> None:
    handed_over(sold)
    pushed(sold)
    salesforce.rep_sets(salesforce.id_of(JO), **fields)
    assert looked(sold).applied == 1
    (found,) = rows(sold, "SELECT state, reason, answered_by FROM handoff")
    assert found == (state, reason, "salesforce: sales-manager@acme.example")
    assert looked(sold).applied == 0


def test_what_we_write_is_no_answer(sold: App, salesforce: SalesforceStub) -> None:
    number = handed_over(sold)
    pushed(sold)
    follow_up.reject(sold, number, reason="not_ready", note="", by="ann", now=NOW)
    pushed(sold)
    assert salesforce.of(JO)["Status"] == "Closed - Not Converted"
    looked(sold)
    assert rows(sold, "SELECT * FROM crm_answer") == []


def test_changes_are_read_over_pages(sold: App, salesforce: SalesforceStub) -> None:
    salesforce.page = 2
    emails = [f"lead{n}@buyer.example" for n in range(7)]
    for email in emails:
        handed_over(sold, email)
    assert pushed(sold).written == 7
    for email in emails:
        salesforce.rep_sets(salesforce.id_of(email), Status="Working - Contacted")
    assert looked(sold).applied == 7


def test_one_token_serves_until_it_runs_out_and_then_another_does(sold: App, salesforce: SalesforceStub) -> None:
    handed_over(sold)
    pushed(sold)
    assert salesforce.given == 1
    salesforce.revoke()
    handed_over(sold, "di@buyer.example")
    assert pushed(sold).written == 1
    assert salesforce.given == 2


def test_a_token_that_is_never_taken_is_not_asked_for_without_end(sold: App, salesforce: SalesforceStub) -> None:
    handed_over(sold)
    no = error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    salesforce.accidents = [None, no, None, no]
    assert "does not take the token" in (pushed(sold).away or "")
    assert salesforce.given == 2


def test_a_wrong_secret_says_so(app: App, salesforce: SalesforceStub) -> None:
    sold = connected(app, salesforce, secret="wrong-secret")
    handed_over(sold)
    said = pushed(sold).away or ""
    sold.crm["salesforce"].close()
    assert "invalid_client: invalid client credentials" in said
    assert "SALESFORCE_CLIENT_SECRET" in said
    assert "wrong-secret" not in said


@pytest.mark.parametrize(
    ("reply", "waits"),
    [(too_many(), 3600), (Reply(503), 60), (error(500, "UNKNOWN_EXCEPTION", "An unexpected error"), 60)],
    ids=["the day's limit", "an outage", "an error of theirs"],
)
def test_trouble_that_is_nobodys_holds_all(sold: App, salesforce: SalesforceStub, reply: Reply, waits: int) -> None:
    handed_over(sold)
    salesforce.accidents = [None, reply]
    assert pushed(sold).away
    assert one(sold, "SELECT tries FROM notice WHERE channel = 'salesforce'") == 0
    assert pushed(sold, NOW + timedelta(seconds=waits - 1)).written == 0
    assert pushed(sold, NOW + timedelta(seconds=waits)).written == 1


def test_an_answer_that_was_lost_makes_no_double(sold: App, salesforce: SalesforceStub) -> None:
    handed_over(sold)
    salesforce.accidents = [None, None, None, LOST]  # token, look-up, users, and the writing
    assert pushed(sold).away
    assert len(salesforce.records) == 1
    assert pushed(sold, NOW + timedelta(minutes=2)).written == 1
    assert len(salesforce.records) == 1


def test_a_record_that_is_locked_is_tried_again_and_one_that_breaks_a_rule_is_given_up(
    sold: App, salesforce: SalesforceStub
) -> None:
    for name in ("a", "b", "c"):
        handed_over(sold, f"{name}@buyer.example")
    salesforce.refuses = {
        "a@buyer.example": ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
        "b@buyer.example": ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "b@buyer.example is on our list"),
    }
    done = pushed(sold)
    assert (done.written, done.put_off, done.failed) == (1, 1, 1)
    said = one(sold, "SELECT last_error FROM notice WHERE state = 'failed'")
    assert said == "FIELD_CUSTOM_VALIDATION_EXCEPTION: (an address) is on our list"
    salesforce.refuses.pop("a@buyer.example")
    assert pushed(sold, NOW + timedelta(hours=1)).written == 1


def test_a_field_that_is_missing_holds_all_and_says_which(sold: App, salesforce: SalesforceStub) -> None:
    handed_over(sold)
    del salesforce.fields["Nurture_Reason__c"]
    assert "No such column 'Nurture_Reason__c'" in (pushed(sold).away or "")


def test_contacts_serve_as_well(app_with: Callable[..., App], salesforce: SalesforceStub) -> None:
    salesforce.object = "Contact"
    salesforce.fields = {
        name: said for name, said in salesforce.fields.items() if name not in ("Company", "Status", "IsConverted")
    } | {"MailingCountry": salesforce.fields["Title"]}
    terms = SalesforceTerms.model_validate({"object": "Contact"})
    app = app_with()
    agreement = app.agreement.model_copy(update={"crm": app.agreement.crm.model_copy(update={"salesforce": terms})})
    app = replace(app, workspace=replace(app.workspace, agreement=agreement))
    sold = connected(app, salesforce, terms)
    handed_over(sold)
    assert pushed(sold).written == 1
    assert salesforce.of(JO)["MailingCountry"] == "US"
    looked(sold)
    sold.crm["salesforce"].close()


def test_who_is_not_with_sales_gets_no_record(sold: App, salesforce: SalesforceStub) -> None:
    add_lead(sold)
    assert pushed(sold).cancelled == 1
    assert not salesforce.records


@pytest.fixture(scope="module")
def crowded() -> Iterator[tuple[SalesforceStub, Salesforce]]:
    """One for all examples."""
    with SalesforceStub() as stub:
        connector = Salesforce(stub.url, CLIENT, SECRET, SalesforceTerms())
        yield stub, connector
        connector.close()


@settings(max_examples=25)
@given(st.lists(st.emails() | st.text(min_size=1, max_size=200), min_size=1, max_size=40, unique_by=str.lower))
def test_whatever_an_address_holds_a_query_finds_just_that_one(
    crowded: tuple[SalesforceStub, Salesforce], addresses: list[str]
) -> None:
    stub, connector = crowded
    stub.records.clear()
    kept = [address.lower() for address in addresses]
    for n, address in enumerate(kept):
        stub.person(f"p{n}@buyer.example", Nurture_Key__c=address)
    found = connector.find([Who(n, f"other{n}@x.example", address) for n, address in enumerate(kept)])
    assert all(any(record.id.endswith(f"{n:012d}") for record in found[n]) for n in range(len(kept)))
